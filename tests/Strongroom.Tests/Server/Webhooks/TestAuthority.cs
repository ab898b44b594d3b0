using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;

namespace Strongroom.Tests.Server.Webhooks;

/// <summary>A certificate authority of a test, and certificates of it for 127.0.0.1, as files and in memory.</summary>
internal sealed class TestAuthority : IDisposable
{
    // Valid whatever the tests' clock says.
    private static readonly DateTimeOffset Begin = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset End = new(2044, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly X509Certificate2 authority;

    public TestAuthority()
    {
        Folder = Directory.CreateTempSubdirectory("strongroom-test-").FullName;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Test authority", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        authority = request.CreateSelfSigned(Begin, End);
        AuthorityFile = Path.Combine(Folder, "ca.pem");
        File.WriteAllText(AuthorityFile, authority.ExportCertificatePem());
    }

    public string Folder { get; }

    public string AuthorityFile { get; }

    public X509Certificate2 Issue(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        if (IPAddress.TryParse(name, out var address))
            names.AddIpAddress(address);
        else
            names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        using var issued = request.Create(authority, Begin, End, Guid.NewGuid().ToByteArray());
        using var withKey = issued.CopyWithPrivateKey(key);
        return X509CertificateLoader.LoadPkcs12(withKey.Export(X509ContentType.Pfx), null);
    }

    /// <summary>As two PEM files.</summary>
    public (string Certificate, string Key) Write(X509Certificate2 certificate)
    {
        var (first, second) = (Path.Combine(Folder, certificate.Thumbprint + ".pem"), Path.Combine(Folder, certificate.Thumbprint + ".key"));
        File.WriteAllText(first, certificate.ExportCertificatePem());
        using var key = certificate.GetECDsaPrivateKey()!;
        File.WriteAllText(second, key.ExportPkcs8PrivateKeyPem());
        return (first, second);
    }

    /// <summary>A file with one line a secret, mode 0600.</summary>
    public string Secret(params string[] secrets)
    {
        var path = Path.Combine(Folder, Guid.NewGuid().ToString("N"));
        File.WriteAllText(path, string.Join('\n', secrets) + "\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return path;
    }

    /// <summary>A file for notifications with the one destination <c>ops</c>.</summary>
    public string Destination(Uri address)
    {
        var path = Path.Combine(Folder, Guid.NewGuid() + ".json");
        var destination = new JsonObject { ["name"] = "ops", ["url"] = address.ToString(), ["secretFile"] = Secret("0123456789abcdef0123456789abcdef") };
        File.WriteAllText(path, new JsonObject { ["destinations"] = new JsonArray(destination) }.ToJsonString());
        return path;
    }

    public void Dispose()
    {
        authority.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
