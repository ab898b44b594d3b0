using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace Strongroom.Conformance.Tests.Drivers;

/// <summary>Signed requests made by hand, for what no SDK would send and for arranging. Its signer shares no code with the server's.</summary>
internal sealed class RawClient(Uri endpoint, AccessKey key) : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler { AutomaticDecompression = System.Net.DecompressionMethods.None }) { BaseAddress = endpoint };

    public Uri Endpoint => endpoint;

    public AccessKey Key => key;

    /// <summary>Makes one call with a JSON body; a missing ClientRequestToken stays missing.</summary>
    public async Task<Answer> CallAsync(string operation, JsonObject parameters, string region = Answer.DefaultRegion) =>
        await SendAsync($"secretsmanager.{operation}", parameters.ToJsonString(), region);

    public async Task<Answer> SendAsync(string target, string body, string region = Answer.DefaultRegion)
    {
        using var request = Signed(target, Encoding.UTF8.GetBytes(body), region);
        using var response = await http.SendAsync(request);
        return await ReadAsync(response);
    }

    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) => await http.SendAsync(request);

    public static async Task<Answer> ReadAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        var json = text.Length == 0 ? [] : JsonNode.Parse(text)!.AsObject();
        return response.IsSuccessStatusCode
            ? new Answer(json, null, null, (int)response.StatusCode)
            : new Answer(null, json["__type"]?.GetValue<string>(), (json["Message"] ?? json["message"])?.GetValue<string>(), (int)response.StatusCode);
    }

    /// <summary>A request with its Authorization header. Source: AWS Signature Version 4, "Create a signed AWS API request".</summary>
    public HttpRequestMessage Signed(
        string target, byte[] body, string region = Answer.DefaultRegion, DateTimeOffset? at = null, string service = "secretsmanager", AccessKey? with = null)
    {
        with ??= key;
        var time = (at ?? DateTimeOffset.UtcNow).UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var scope = $"{time[..8]}/{region}/{service}/aws4_request";
        var host = endpoint.Authority;
        const string Names = "content-type;host;x-amz-date;x-amz-target";
        var canonical = $"POST\n/\n\ncontent-type:application/x-amz-json-1.1\nhost:{host}\nx-amz-date:{time}\nx-amz-target:{target}\n\n{Names}\n{Hash(body)}";
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(
            SigningKey(with.Secret, time[..8], region, service), Encoding.UTF8.GetBytes($"AWS4-HMAC-SHA256\n{time}\n{scope}\n{Hash(Encoding.UTF8.GetBytes(canonical))}")));

        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(endpoint, "/")) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/x-amz-json-1.1");
        request.Headers.Host = host;
        request.Headers.Add("X-Amz-Date", time);
        request.Headers.Add("X-Amz-Target", target);
        request.Headers.TryAddWithoutValidation(
            "Authorization", $"AWS4-HMAC-SHA256 Credential={with.Id}/{scope}, SignedHeaders={Names}, Signature={signature}");
        return request;
    }

    /// <summary>A presigned GET, as aws-iam-authenticator and Vault make for STS GetCallerIdentity.</summary>
    public Uri Presigned(string query, string service, string region = Answer.DefaultRegion)
    {
        var time = DateTimeOffset.UtcNow.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var scope = $"{time[..8]}/{region}/{service}/aws4_request";
        var all = $"{query}&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={Uri.EscapeDataString($"{key.Id}/{scope}")}&X-Amz-Date={time}&X-Amz-Expires=60&X-Amz-SignedHeaders=host";
        var sorted = string.Join('&', all.Split('&').Order(StringComparer.Ordinal));
        var canonical = $"GET\n/\n{sorted}\nhost:{endpoint.Authority}\n\nhost\n{Hash([])}";
        var signature = Convert.ToHexStringLower(HMACSHA256.HashData(
            SigningKey(key.Secret, time[..8], region, service), Encoding.UTF8.GetBytes($"AWS4-HMAC-SHA256\n{time}\n{scope}\n{Hash(Encoding.UTF8.GetBytes(canonical))}")));
        return new Uri(endpoint, $"/?{sorted}&X-Amz-Signature={signature}");
    }

    public void Dispose() => http.Dispose();

    private static byte[] SigningKey(string secret, string date, string region, string service)
    {
        var current = Encoding.UTF8.GetBytes("AWS4" + secret);
        foreach (var part in new[] { date, region, service, "aws4_request" })
            current = HMACSHA256.HashData(current, Encoding.UTF8.GetBytes(part));
        return current;
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
