using System.Buffers.Text;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;

namespace Strongroom.Tests.Server.Sts;

/// <summary>An OpenID Connect issuer on loopback with a certificate authority of its own, as good or as bad as a test wants it.</summary>
internal sealed class LoopbackIssuer : IAsyncDisposable
{
    // Making one takes longer than most tests.
    private static readonly SigningKey First = SigningKey.NewRsa("k1");

    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stopping = new();
    private readonly X509Certificate2 authority;
    private readonly X509Certificate2 certificate;
    private readonly Task serving;
    private int requests;

    public LoopbackIssuer()
    {
        listener.Start();
        Url = $"127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
        (authority, certificate) = NewCertificates();
        Keys.Add(First);
        serving = ServeAsync();
    }

    /// <summary>Without scheme, as a provider has it.</summary>
    public string Url { get; }

    public string Issuer => "https://" + Url;

    public string Authorities => authority.ExportCertificatePem();

    /// <summary>What the key set shows.</summary>
    public List<SigningKey> Keys { get; } = [];

    /// <summary>The members of the discovery document.</summary>
    public Func<LoopbackIssuer, JsonObject> Discovery { get; set; } =
        issuer => new JsonObject { ["issuer"] = issuer.Issuer, ["jwks_uri"] = issuer.Issuer + "/keys" };

    /// <summary>Answers in place of a document; the path comes along.</summary>
    public Func<string, Stream, CancellationToken, Task>? Misbehave { get; set; }

    /// <summary>How many documents were asked for.</summary>
    public int Requests => Volatile.Read(ref requests);

    /// <summary>A token of the first key.</summary>
    public string Token(DateTimeOffset now, Action<JsonObject>? claims = null, Action<JsonObject>? header = null, SigningKey? key = null)
    {
        var body = new JsonObject
        {
            ["iss"] = Issuer,
            ["sub"] = "system:serviceaccount:shop:web",
            ["aud"] = "sts.amazonaws.com",
            ["iat"] = now.ToUnixTimeSeconds(),
            ["exp"] = now.AddHours(1).ToUnixTimeSeconds(),
        };
        claims?.Invoke(body);
        return (key ?? Keys[0]).Sign(body, header);
    }

    public static async Task AnswerAsync(Stream stream, string status, string headers, string body, CancellationToken ct) =>
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 {status}\r\nContent-Length: {body.Length}\r\n{headers}Connection: close\r\n\r\n{body}"), ct);

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        listener.Stop();
        await serving;
        foreach (var key in Keys.Where(key => key != First))
            key.Dispose();
        authority.Dispose();
        certificate.Dispose();
        stopping.Dispose();
    }

    private async Task ServeAsync()
    {
        var open = new List<Task>();
        try
        {
            while (true)
                open.Add(ServeAsync(await listener.AcceptTcpClientAsync(stopping.Token)));
        }
        catch (OperationCanceledException)
        {
            // The end of the test.
        }

        await Task.WhenAll(open);
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var connection = client;
        try
        {
            await using var stream = new SslStream(client.GetStream());
            await stream.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, stopping.Token);
            using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
            while (await reader.ReadLineAsync(stopping.Token) is { Length: > 0 } first)
            {
                while (await reader.ReadLineAsync(stopping.Token) is { Length: > 0 })
                {
                }

                Interlocked.Increment(ref requests);
                var path = first.Split(' ')[1];
                if (Misbehave is not null)
                {
                    await Misbehave(path, stream, stopping.Token);
                    return;
                }

                var body = path == "/keys" ? new JsonObject { ["keys"] = new JsonArray([.. Keys.Select(k => k.Public())]) } : Discovery(this);
                await AnswerAsync(stream, "200 OK", "", body.ToJsonString(), stopping.Token);
                return;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
        {
            // The caller has gone, or does not trust this issuer; or the test has ended.
        }
    }

    private static (X509Certificate2 Authority, X509Certificate2 Certificate) NewCertificates()
    {
        // Valid whatever the tests' clock says.
        var (begin, end) = (new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2044, 1, 1, 0, 0, 0, TimeSpan.Zero));
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=test authority", authorityKey, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        var authority = request.CreateSelfSigned(begin, end);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var leaf = new CertificateRequest("CN=issuer", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        leaf.CertificateExtensions.Add(names.Build());
        using var bare = leaf.Create(authority, begin, end, [1, 2, 3, 4]);
        using var whole = bare.CopyWithPrivateKey(key);
        return (authority, X509CertificateLoader.LoadPkcs12(whole.Export(X509ContentType.Pkcs12), null));
    }
}

/// <summary>A key that signs tokens, and how a key set shows it. Source: RFC 7517, RFC 7518.</summary>
internal sealed class SigningKey : IDisposable
{
    private readonly RSA? rsa;
    private readonly ECDsa? ecdsa;

    private SigningKey(string kid, string algorithm, RSA? rsa, ECDsa? ecdsa) => (Kid, Algorithm, this.rsa, this.ecdsa) = (kid, algorithm, rsa, ecdsa);

    public string Kid { get; }

    public string Algorithm { get; }

    public static SigningKey NewRsa(string kid, string algorithm = "RS256", int bits = 2048) => new(kid, algorithm, RSA.Create(bits), null);

    public static SigningKey NewEc(string kid, string algorithm) => new(kid, algorithm, null, ECDsa.Create(algorithm switch
    {
        "ES256" => ECCurve.NamedCurves.nistP256,
        "ES384" => ECCurve.NamedCurves.nistP384,
        _ => ECCurve.NamedCurves.nistP521,
    }));

    public byte[] PublicBytes() => rsa!.ExportSubjectPublicKeyInfo();

    public string PublicPem() => rsa!.ExportSubjectPublicKeyInfoPem();

    public JsonObject Public()
    {
        if (rsa is not null)
        {
            var key = rsa.ExportParameters(false);
            return new JsonObject { ["kty"] = "RSA", ["use"] = "sig", ["kid"] = Kid, ["n"] = Base64Url.EncodeToString(key.Modulus), ["e"] = Base64Url.EncodeToString(key.Exponent) };
        }

        var point = ecdsa!.ExportParameters(false);
        return new JsonObject
        {
            ["kty"] = "EC",
            ["kid"] = Kid,
            ["crv"] = Algorithm switch { "ES256" => "P-256", "ES384" => "P-384", _ => "P-521" },
            ["x"] = Base64Url.EncodeToString(point.Q.X),
            ["y"] = Base64Url.EncodeToString(point.Q.Y),
        };
    }

    public string Sign(JsonObject claims, Action<JsonObject>? header = null)
    {
        var head = new JsonObject { ["alg"] = Algorithm, ["typ"] = "JWT", ["kid"] = Kid };
        header?.Invoke(head);
        return Sign(head.ToJsonString(), claims.ToJsonString());
    }

    public string Sign(string header, string claims)
    {
        var text = Encode(header) + "." + Encode(claims);
        var bytes = Encoding.ASCII.GetBytes(text);
        var hash = Algorithm[2..] switch { "256" => HashAlgorithmName.SHA256, "384" => HashAlgorithmName.SHA384, _ => HashAlgorithmName.SHA512 };
        return text + "." + Base64Url.EncodeToString(rsa is not null ? rsa.SignData(bytes, hash, RSASignaturePadding.Pkcs1) : ecdsa!.SignData(bytes, hash));
    }

    public static string Encode(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));

    public void Dispose()
    {
        rsa?.Dispose();
        ecdsa?.Dispose();
    }
}
