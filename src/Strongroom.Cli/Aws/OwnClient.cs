using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Strongroom.Protocol.SigV4;
using Strongroom.Server.Hosting;

namespace Strongroom.Cli.Aws;

/// <summary>Calls Strongroom's own operations on a running server, signed as any AWS client signs.</summary>
internal sealed class OwnClient : IDisposable
{
    private const string Service = "strongroom";
    private const string ContentType = "application/x-amz-json-1.1";

    private readonly HttpClient http;
    private readonly Uri endpoint;
    private readonly string region;
    private readonly SigV4Credentials credentials;

    private OwnClient(Uri endpoint, string region, string? caBundle, SigV4Credentials credentials)
    {
        (this.endpoint, this.region, this.credentials) = (endpoint, region, credentials);
        http = new HttpClient(NewHandler(caBundle)) { Timeout = TimeSpan.FromMinutes(5) };
    }

    /// <summary>
    /// With the AWS variables of the environment, as the AWS CLI would read them, when it has credentials and no data directory was named; else as root with
    /// what the data directory says.
    /// </summary>
    /// <exception cref="CommandException">There are neither.</exception>
    public static OwnClient Open(Terminal terminal, string? data)
    {
        if (data is null && Variable("AWS_ACCESS_KEY_ID") is { } id && Variable("AWS_SECRET_ACCESS_KEY") is { } secret)
        {
            var server = FindEndpoint(terminal);
            var url = Variable("AWS_ENDPOINT_URL_STRONGROOM") ?? Variable("AWS_ENDPOINT_URL") ?? server?.Url
                ?? throw new CommandException("Which server? AWS_ACCESS_KEY_ID is set, but AWS_ENDPOINT_URL is not. Set it, or name the data directory with --data.");
            return Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https"
                ? new OwnClient(
                    uri, Variable("AWS_REGION") ?? Variable("AWS_DEFAULT_REGION") ?? server?.Region ?? "us-east-1", Variable("AWS_CA_BUNDLE") ?? server?.CaBundle,
                    new SigV4Credentials(id, secret, Variable("AWS_SESSION_TOKEN")))
                : throw new CommandException($"AWS_ENDPOINT_URL is no address: '{url}'. Write it like http://127.0.0.1:4584.");
        }

        var root = ClientConfiguration.Read(Settings.DataDirectory(data, terminal.Environment));
        return new OwnClient(new Uri(root.Endpoint), root.Region, root.CaBundle, new SigV4Credentials(root.AccessKeyId, root.SecretAccessKey));

        string? Variable(string name) => terminal.Environment.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;
    }

    /// <param name="operation">Without the prefix, such as <c>CreateAccount</c>.</param>
    /// <exception cref="CommandException">The server refused, with its reason; or it can't be reached.</exception>
    public async Task<JsonObject> CallAsync(string operation, JsonObject parameters, CancellationToken ct)
    {
        var body = Encoding.UTF8.GetBytes(parameters.ToJsonString());
        using var request = Sign("Strongroom." + operation, body);
        var (status, text) = await SendAsync(request, ct);
        if (status == 200)
            return Parse(text) ?? throw new CommandException($"What answers at {endpoint} is no Strongroom server.");
        var error = Parse(text);
        throw new CommandException(error?["__type"] is { } code
            ? $"{code}: {error["Message"] ?? error["message"]}"
            : $"The server at {endpoint} answered {status}. Its log says more.");
    }

    public void Dispose() => http.Dispose();

    private static EndpointFile? FindEndpoint(Terminal terminal)
    {
        try
        {
            return EndpointFile.Read(Settings.DataDirectory(null, terminal.Environment));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or IOException or UnauthorizedAccessException or SettingsException)
        {
            return null; // the environment may say all that is needed
        }
    }

    private HttpRequestMessage Sign(string target, byte[] body)
    {
        var now = TimeProvider.System.GetUtcNow();
        List<KeyValuePair<string, string>> headers =
        [
            new("content-type", ContentType), new("host", endpoint.Authority), new(SigV4Date, SigV4Timestamp.Format(now)), new("x-amz-target", target),
        ];
        if (credentials.SessionToken is { } token)
            headers.Add(new("x-amz-security-token", token));
        var authorization = SigV4Signer.Sign("POST", "/", headers, body, credentials, region, Service, now);
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(endpoint, "/")) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(ContentType);
        foreach (var (name, value) in headers.Skip(2))
            request.Headers.TryAddWithoutValidation(name, value);
        request.Headers.TryAddWithoutValidation("Authorization", authorization);
        return request;
    }

    private async Task<(int Status, string Text)> SendAsync(HttpRequestMessage request, CancellationToken ct)
    {
        try
        {
            using var response = await http.SendAsync(request, ct);
            return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(ct));
        }
        catch (HttpRequestException e)
        {
            throw new CommandException($"The server at {endpoint} can't be reached: {e.InnerException?.Message ?? e.Message} Is it running? Start it with: strongroom serve");
        }
    }

    private static JsonObject? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            return null; // somebody else's server
        }
    }

    private static SocketsHttpHandler NewHandler(string? caBundle)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false };
        if (caBundle is null)
            return handler;
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(caBundle);
        }
        catch (CryptographicException e)
        {
            handler.Dispose();
            throw new CommandException($"The CA certificates in {caBundle} can't be read: {e.Message}");
        }

        handler.SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = policy };
        return handler;
    }

    private const string SigV4Date = "x-amz-date";
}
