using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml.Linq;
using Strongroom.Protocol.SigV4;

namespace Strongroom.Tests.Server;

/// <summary>Somebody who calls a <see cref="RunningServer"/>: an access key, or a session, that signs for any service.</summary>
internal sealed class TestClient(RunningServer server, string accessKeyId, string secretAccessKey, string? sessionToken = null)
{
    public string AccessKeyId => accessKeyId;

    public string SecretAccessKey => secretAccessKey;

    /// <summary>The id that the last answer carried in its header.</summary>
    public string? LastRequestId { get; private set; }

    /// <summary>Calls a JSON operation and expects it to succeed.</summary>
    /// <param name="target"><c>secretsmanager.GetSecretValue</c>, <c>TrentService.Encrypt</c> …</param>
    public async Task<JsonObject> JsonAsync(string target, object? parameters = null, string region = "us-east-1")
    {
        var (status, body) = await SendJsonAsync(target, parameters, region);
        Assert.True(status == 200, $"{target}: {status} {body}");
        return body.Length == 0 ? [] : JsonNode.Parse(body)!.AsObject();
    }

    /// <summary>Calls a JSON operation and expects AWS's error.</summary>
    /// <returns>Its message.</returns>
    public async Task<string> JsonFailsAsync(string target, object? parameters, string code, string region = "us-east-1", int status = 400)
    {
        var (actual, body) = await SendJsonAsync(target, parameters, region);
        Assert.True(actual == status, $"{target}: {actual} {body}");
        var error = JsonNode.Parse(body)!.AsObject();
        Assert.Equal(code, (string?)error["__type"]);
        return (string?)(error["Message"] ?? error["message"]) ?? "";
    }

    /// <summary>Calls an IAM operation and expects it to succeed.</summary>
    /// <returns>Its result element with names free of the namespace; empty when the operation has none.</returns>
    public Task<XElement> IamAsync(string action, params (string Name, string Value)[] parameters) => QueryAsync("iam", "2010-05-08", action, parameters);

    public Task<XElement> StsAsync(string action, params (string Name, string Value)[] parameters) => QueryAsync("sts", "2011-06-15", action, parameters);

    /// <summary>Calls an IAM operation and expects AWS's error.</summary>
    /// <returns>Its message.</returns>
    public Task<string> IamFailsAsync(string code, int status, string action, params (string Name, string Value)[] parameters) =>
        QueryFailsAsync("iam", "2010-05-08", code, status, action, parameters);

    public Task<string> StsFailsAsync(string code, int status, string action, params (string Name, string Value)[] parameters) =>
        QueryFailsAsync("sts", "2011-06-15", code, status, action, parameters);

    public async Task<(int Status, string Body)> SendQueryAsync(string service, string version, string action, params (string Name, string Value)[] parameters)
    {
        List<KeyValuePair<string, string>> form = [new("Action", action), new("Version", version), .. parameters.Select(p => KeyValuePair.Create(p.Name, p.Value))];
        using var encoded = new FormUrlEncodedContent(form);
        return await SendAsync(await encoded.ReadAsByteArrayAsync(), "application/x-www-form-urlencoded; charset=utf-8", null, service, "us-east-1");
    }

    private async Task<XElement> QueryAsync(string service, string version, string action, (string Name, string Value)[] parameters)
    {
        var (status, body) = await SendQueryAsync(service, version, action, parameters);
        Assert.True(status == 200, $"{action}: {status} {body}");
        var root = Bare(XElement.Parse(body));
        Assert.Equal(action + "Response", root.Name.LocalName);
        Assert.True(Guid.TryParse(root.Element("ResponseMetadata")?.Element("RequestId")?.Value, out _));
        return root.Element(action + "Result") ?? new XElement("None");
    }

    private async Task<string> QueryFailsAsync(string service, string version, string code, int status, string action, (string Name, string Value)[] parameters)
    {
        var (actual, body) = await SendQueryAsync(service, version, action, parameters);
        Assert.True(actual == status, $"{action}: {actual} {body}");
        var error = Bare(XElement.Parse(body)).Element("Error")!;
        Assert.Equal(code, error.Element("Code")!.Value);
        return error.Element("Message")!.Value;
    }

    public Task<(int Status, string Body)> SendJsonAsync(string target, object? parameters, string region = "us-east-1") => SendAsync(
        Encoding.UTF8.GetBytes(parameters is null ? "{}" : JsonSerializer.Serialize(parameters)), "application/x-amz-json-1.1", target, ServiceOf(target), region);

    /// <summary>Sends a body as it is.</summary>
    public Task<(int Status, string Body)> SendJsonTextAsync(string target, string body, string region = "us-east-1") =>
        SendAsync(Encoding.UTF8.GetBytes(body), "application/x-amz-json-1.1", target, ServiceOf(target), region);

    /// <summary>Calls an operation of a REST service.</summary>
    /// <param name="target">Path and query as they are to be on the wire.</param>
    public async Task<RestAnswer> SendRestAsync(
        string method, string target, ReadOnlyMemory<byte> body, string service = "lambda", string region = "us-east-1", params (string Name, string Value)[] more)
    {
        var when = server.Time.GetUtcNow();
        List<KeyValuePair<string, string>> headers = [new("host", server.Url().Authority), new("x-amz-date", SigV4Timestamp.Format(when))];
        if (sessionToken is not null)
            headers.Add(new("x-amz-security-token", sessionToken));
        headers.AddRange(more.Select(header => KeyValuePair.Create(header.Name, header.Value)));
        var authorization = SigV4Signer.Sign(method, target, headers, body.Span, new SigV4Credentials(accessKeyId, secretAccessKey), region, service, when);
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(server.Url().GetLeftPart(UriPartial.Authority) + target));
        if (body.Length > 0)
            request.Content = new ReadOnlyMemoryContent(body);
        foreach (var (name, value) in headers.Skip(1))
            request.Headers.TryAddWithoutValidation(name, value);
        request.Headers.TryAddWithoutValidation("Authorization", authorization);
        using var response = await server.SendAsync(request);
        LastRequestId = response.Headers.GetValues("x-amzn-RequestId").Single();
        return new RestAnswer(
            (int)response.StatusCode, await response.Content.ReadAsStringAsync(),
            response.Headers.ToDictionary(header => header.Key, header => string.Join(',', header.Value), StringComparer.OrdinalIgnoreCase));
    }

    private async Task<(int Status, string Body)> SendAsync(byte[] body, string contentType, string? target, string service, string region)
    {
        var when = server.Time.GetUtcNow();
        List<KeyValuePair<string, string>> headers =
            [new("content-type", contentType), new("host", server.Url().Authority), new("x-amz-date", SigV4Timestamp.Format(when))];
        if (sessionToken is not null)
            headers.Add(new("x-amz-security-token", sessionToken));
        if (target is not null)
            headers.Add(new("x-amz-target", target));
        var authorization = SigV4Signer.Sign("POST", "/", headers, body, new SigV4Credentials(accessKeyId, secretAccessKey), region, service, when);
        using var request = new HttpRequestMessage(HttpMethod.Post, server.Url()) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        foreach (var (name, value) in headers.Skip(2))
            request.Headers.TryAddWithoutValidation(name, value);
        request.Headers.TryAddWithoutValidation("Authorization", authorization);
        using var response = await server.SendAsync(request);
        LastRequestId = response.Headers.GetValues("x-amzn-RequestId").Single();
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private static string ServiceOf(string target) => target.Split('.')[0] switch
    {
        "TrentService" => "kms",
        "Strongroom" => "strongroom",
        "CloudTrail_20131101" or "com" => "cloudtrail",
        var service => service,
    };

    private static XElement Bare(XElement element) => new(
        element.Name.LocalName, element.HasElements ? element.Elements().Select(Bare) : element.Value);
}

/// <summary>What a REST service answered.</summary>
internal sealed record RestAnswer(int Status, string Body, IReadOnlyDictionary<string, string> Headers)
{
    /// <summary>Of an error.</summary>
    public string? Code => Headers.GetValueOrDefault("x-amzn-ErrorType");

    public JsonObject Json => Body.Length == 0 ? [] : JsonNode.Parse(Body)!.AsObject();

    public string Message => (string?)(Json["Message"] ?? Json["message"]) ?? "";
}
