using System.Globalization;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Strongroom.Server.Authentication;
using Strongroom.Server.Rotation;
using Strongroom.Tests.Server.Rotation.Databases;

namespace Strongroom.Tests.Server.Rotation.BuiltIn;

/// <summary>Looked at by OpenSSL.</summary>
public sealed class TlsCertificateRotatorTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Begin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly TemporaryFiles files = new();
    private RunningServer server = null!;

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        files.Dispose();
    }

    [Theory]
    [InlineData(false, null)]
    [InlineData(false, "rsa-3072")]
    [InlineData(true, "ecdsa-p384")]
    public async Task OpenSSL_verifies_what_the_authority_issued(bool withRsa, string? type)
    {
        var secret = await BeginAsync(await NewAuthorityAsync("ca", withRsa), new JsonObject
        {
            ["subject"] = "CN=www.example.com, O=Example", ["subjectAltNames"] = new JsonArray("www.example.com", "*.example.org", "10.0.0.7", "::1"), ["days"] = 30,
            ["keyType"] = type, ["owner"] = "web",
        });
        await secret.FinishAsync();

        var value = await secret.ReadAsync("AWSCURRENT");
        var certificate = files.Write("leaf.pem", (string)value["certificate"]!);
        var now = server.Time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        foreach (var (option, name) in new[] { ("-verify_hostname", "www.example.com"), ("-verify_hostname", "a.example.org"), ("-verify_ip", "10.0.0.7"), ("-verify_ip", "::1") })
        {
            var (code, output) = await Tool.RunAsync(
                "openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-attime", now, "-CAfile", files.Write("ca.pem", (string)value["chain"]!), option, name, certificate);
            Assert.True(code == 0, output);
        }

        var (_, ofKey) = await Tool.RunAsync("openssl", "pkey", "-pubout", "-in", files.Write("key.pem", (string)value["privateKey"]!));
        var (_, ofCertificate) = await Tool.RunAsync("openssl", "x509", "-noout", "-pubkey", "-in", certificate);
        Assert.Equal(ofKey, ofCertificate);
        var (_, text) = await Tool.RunAsync("openssl", "x509", "-noout", "-text", "-in", certificate);
        Assert.Contains("CA:FALSE", text, StringComparison.Ordinal);
        Assert.Contains("CN = www.example.com", text.Replace("CN=", "CN = ", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("Not After : Mar  5 10:15:30 2026 GMT", text, StringComparison.Ordinal);
        Assert.Equal("web", (string?)value["owner"]);
    }

    [Fact]
    public async Task An_authority_that_was_not_shared_signs_nothing()
    {
        var secret = await BeginAsync(await NewAuthorityAsync("ca", withRsa: false, sharedWith: "another"), Wanted());

        Assert.Contains("AccessDenied", await secret.StepAsync(RotationStep.CreateSecret), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_that_may_not_sign_is_no_authority()
    {
        var secret = await BeginAsync(await NewAuthorityAsync("ca", withRsa: false, isAuthority: false), Wanted());

        Assert.EndsWith("is not that of an authority.", await secret.StepAsync(RotationStep.CreateSecret), StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_does_not_outlive_the_authority()
    {
        var secret = await BeginAsync(await NewAuthorityAsync("ca", withRsa: false, days: 60), Wanted());

        Assert.Contains("ends on 2026-03-02, before one for 90 days would.", await secret.StepAsync(RotationStep.CreateSecret), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"subject":"no name"}""", "The member subject must be")]
    [InlineData("""{}""", "neither a subject nor subjectAltNames")]
    [InlineData("""{"subjectAltNames":"www.example.com"}""", "must be an array of texts")]
    [InlineData("""{"subjectAltNames":["a b"]}""", "neither a host name nor an IP address")]
    [InlineData("""{"subjectAltNames":["a.*.example.com"]}""", "neither a host name nor an IP address")]
    [InlineData("""{"subjectAltNames":["evil.com\u0000.example.com"]}""", "neither a host name nor an IP address")]
    [InlineData("""{"subjectAltNames":["a.example.com"],"days":0}""", "The member days must be from 1 to 825.")]
    [InlineData("""{"subjectAltNames":["a.example.com"],"days":"30"}""", "The member days of the secret must be a whole number.")]
    public async Task What_cannot_be_issued_is_told(string wanted, string why)
    {
        var secret = await BeginAsync(await NewAuthorityAsync("ca", withRsa: false), JsonNode.Parse(wanted)!.AsObject());

        Assert.Contains(why, await secret.StepAsync(RotationStep.CreateSecret), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_of_somebody_else_or_with_another_key_fails_the_test()
    {
        var authority = await NewAuthorityAsync("ca", withRsa: false);
        var secret = await BeginAsync(authority, Wanted());
        await secret.FinishAsync();
        var first = await secret.ReadAsync("AWSCURRENT");
        await secret.BeginAsync();
        await secret.FinishAsync();
        await secret.BeginAsync();
        var mixed = await secret.ReadAsync("AWSCURRENT");
        mixed["certificate"] = (string?)first["certificate"];
        await secret.StageAsync(mixed);
        Assert.Equal("The members certificate and privateKey do not belong together.", await secret.StepAsync(RotationStep.TestSecret));

        // The same name, another key.
        var other = await BeginAsync(await NewAuthorityAsync("other", withRsa: false), Wanted(), "tls2");
        await other.FinishAsync();
        var forged = await other.ReadAsync("AWSCURRENT");
        await secret.PutAsync((await secret.ReadAsync("AWSCURRENT")).ToJsonString());
        await secret.BeginAsync();
        forged["caarn"] = authority;
        await secret.StageAsync(forged);
        Assert.StartsWith("The certificate is not from the authority in", await secret.StepAsync(RotationStep.TestSecret), StringComparison.Ordinal);
    }

    private static JsonObject Wanted() => new() { ["subjectAltNames"] = new JsonArray("www.example.com") };

    private Task<RotatedDatabase> BeginAsync(string authority, JsonObject wanted, string name = "tls")
    {
        wanted["caarn"] = authority;
        return RotatedDatabase.BeginAsync(server, name, wanted, "StrongroomTlsCertificateRotation");
    }

    private async Task<string> NewAuthorityAsync(string name, bool withRsa, string sharedWith = "true", bool isAuthority = true, int days = 3650)
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var rsa = RSA.Create(2048);
        var request = withRsa
            ? new CertificateRequest("CN=Test authority", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest("CN=Test authority", ecdsa, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(isAuthority ? X509KeyUsageFlags.KeyCertSign : X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        using var certificate = request.CreateSelfSigned(Begin, Begin.AddDays(days));
        var value = new JsonObject
        {
            ["certificate"] = certificate.ExportCertificatePem(), ["privateKey"] = withRsa ? rsa.ExportPkcs8PrivateKeyPem() : ecdsa.ExportECPrivateKeyPem(),
        };
        var created = await server.CallAsync("CreateSecret", new
        {
            Name = name, ClientRequestToken = Guid.NewGuid(), SecretString = value.ToJsonString(),
            Tags = new[] { new { Key = ServiceRole.SharingTag, Value = sharedWith } },
        });
        return (string)created["ARN"]!;
    }
}
