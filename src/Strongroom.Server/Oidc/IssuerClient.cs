using System.Diagnostics;
using System.Net;
using System.Net.Http;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Strongroom.Server.Observability;
using Strongroom.Server.Webhooks;

namespace Strongroom.Server.Oidc;

/// <summary>Fetches an issuer's keys: its discovery document, then the key set that this names. Bounded in time and size; follows no redirect.</summary>
/// <param name="allowPrivate">Whether issuers may be on loopback and private networks.</param>
/// <remarks>One connection a fetch and none kept: fetches are rare, and each may have authorities of its own.</remarks>
internal sealed class IssuerClient(IssuerFiles files, bool allowPrivate, TimeProvider time)
{
    /// <summary>The largest document that is read.</summary>
    public const int MaxBytes = 256 << 10;

    /// <summary>For both documents together.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 16, AllowDuplicateProperties = false };

    /// <param name="url">The provider's URL, without scheme.</param>
    /// <exception cref="IssuerException">They could not be had; the message says why, for the operator.</exception>
    public async Task<IssuerKeys> FetchAsync(string url)
    {
        using var span = Spans.Begin("OIDC key fetch", ActivityKind.Client);
        using var limit = new CancellationTokenSource(Limit, time);
        try
        {
            using var http = NewClient(files.FindAuthorities(url));
            var keySet = ReadDiscovery(await GetAsync(http, new Uri($"https://{url.TrimEnd('/')}/.well-known/openid-configuration"), limit.Token), url);
            return IssuerKeys.TryParse(await GetAsync(http, keySet, limit.Token)) ?? throw new IssuerException("its key set is not valid");
        }
        catch (OperationCanceledException)
        {
            throw new IssuerException($"it did not answer within {Limit.TotalSeconds} s") { IsUnreachable = true };
        }
        catch (HttpRequestException e)
        {
            // A connection that ConnectAsync refused, or whose certificate is no good, will be no better next time.
            throw e.InnerException is IssuerException refused ? refused
                : new IssuerException(e.Message) { IsUnreachable = e.HttpRequestError != HttpRequestError.SecureConnectionError };
        }
        catch (Exception e) when (e is IOException or CryptographicException or UriFormatException or JsonException)
        {
            throw new IssuerException(e is JsonException ? "its discovery document is not valid" : e.Message);
        }
    }

    private static Uri ReadDiscovery(byte[] json, string url)
    {
        using var document = JsonDocument.Parse(json, Strict);
        var root = document.RootElement;
        // Both spellings of one issuer; any other one would be somebody else's document. Source: OpenID Connect Discovery 1.0, 4.3.
        if (root.ValueKind != JsonValueKind.Object || Text(root, "issuer")?.TrimEnd('/') != "https://" + url.TrimEnd('/'))
            throw new IssuerException("its discovery document is of another issuer");
        return Uri.TryCreate(Text(root, "jwks_uri"), UriKind.Absolute, out var uri) && uri is { Scheme: "https", UserInfo: "" }
            ? uri
            : throw new IssuerException("its discovery document names no key set under https");
    }

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static async Task<byte[]> GetAsync(HttpClient http, Uri uri, CancellationToken ct)
    {
        using var answer = await http.GetAsync(uri, HttpCompletionOption.ResponseHeadersRead, ct);
        if (answer.StatusCode != HttpStatusCode.OK)
            throw new IssuerException($"{uri} answered {(int)answer.StatusCode}") { IsUnreachable = (int)answer.StatusCode >= 500 };
        await using var stream = await answer.Content.ReadAsStreamAsync(ct);
        var buffer = new byte[MaxBytes + 1];
        var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct);
        return length <= MaxBytes ? buffer[..length] : throw new IssuerException($"{uri} answered more than {MaxBytes >> 10} KiB");
    }

    private HttpClient NewClient(X509Certificate2Collection? authorities)
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = Limit,
            MaxResponseHeadersLength = 16,
            ConnectCallback = ConnectAsync,
        };
        if (authorities is not null)
            handler.SslOptions.CertificateChainPolicy = PeerTrust.Of(authorities);
        return new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    // Looked at here, where the connection is made: a name that was looked up before could have another address by now.
    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken ct)
    {
        var addresses = await Dns.GetHostAddressesAsync(context.DnsEndPoint.Host, ct);
        var allowed = Array.FindAll(addresses, a => IssuerAddress.KindOf(a) is var kind && (kind == AddressKind.Public || (kind == AddressKind.Private && allowPrivate)));
        if (allowed.Length == 0)
            throw new IssuerException($"{context.DnsEndPoint.Host} has no address that issuers may have (see the setting allow-private-oidc-issuers)");
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(allowed, context.DnsEndPoint.Port, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

/// <summary>An issuer's keys could not be had. The message is for the operator's log, not for the caller.</summary>
internal sealed class IssuerException(string message) : Exception(message)
{
    /// <summary>Whether trying again may help.</summary>
    public bool IsUnreachable { get; init; }
}
