using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Logging;
using Strongroom.Crypto;
using Strongroom.Storage;

namespace Strongroom.Server.Hosting;

/// <summary>A CA of this server's own in its data directory, and the server certificate that it signs and renews.</summary>
/// <remarks>ECDSA P-256. Clients need <c>ca.pem</c> only, and keep it when the server certificate is renewed.</remarks>
internal sealed class TlsAuthority(string directory, TlsNames names, TimeProvider time, Entropy entropy, ILogger log)
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly TimeSpan LeafLife = TimeSpan.FromDays(90);
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);

    // For clients whose clock is behind.
    private static readonly TimeSpan Backdated = TimeSpan.FromHours(1);

    public string Certificate => Path.Combine(directory, "ca.pem");

    public string ServerCertificate => Path.Combine(directory, "server.pem");

    public string ServerKey => Path.Combine(directory, "server-key.pem");

    private string Key => Path.Combine(directory, "ca-key.pem");

    /// <summary>Makes what is missing and renews what ends soon or names other hosts.</summary>
    /// <exception cref="StoreRefusedException">The CA is there without its key.</exception>
    public void Refresh()
    {
        Directory.CreateDirectory(directory, Owner | UnixFileMode.UserExecute);
        var now = time.GetUtcNow();
        using var authority = OpenAuthority(now);
        if (!IsCurrent(authority, now))
            IssueLeaf(authority, now);
    }

    private bool IsCurrent(X509Certificate2 authority, DateTimeOffset now)
    {
        if (!File.Exists(ServerCertificate) || !File.Exists(ServerKey))
            return false;
        try
        {
            // With its key, so that a crash between the two writes heals itself.
            using var leaf = X509Certificate2.CreateFromPemFile(ServerCertificate, ServerKey);
            return End(leaf) - now >= RenewBefore && new DateTimeOffset(leaf.NotBefore) <= now && names.AreIn(leaf)
                && leaf.Extensions.OfType<X509AuthorityKeyIdentifierExtension>().Single().KeyIdentifier!.Value.Span.SequenceEqual(KeyIdentifier(authority));
        }
        catch (Exception e) when (e is CryptographicException or InvalidOperationException)
        {
            return false;
        }
    }

    private X509Certificate2 OpenAuthority(DateTimeOffset now)
    {
        if (File.Exists(Certificate) && !File.Exists(Key))
        {
            throw new StoreRefusedException(
                $"{Key} is missing, without which {Certificate} can sign nothing. Put it back, or delete {Certificate} to get a new CA, which clients must then trust.");
        }

        if (File.Exists(Certificate))
        {
            var authority = X509Certificate2.CreateFromPemFile(Certificate, Key);
            if (End(authority) - now >= LeafLife)
                return authority;
            using (authority)
            {
                log.LogWarning("The CA {Path} ends soon and was renewed. Give the new file to clients.", Certificate);
                return IssueAuthority(authority.SubjectName, now);
            }
        }

        // The date tells two installations of one machine apart in a trust store.
        var name = new X500DistinguishedNameBuilder();
        name.AddCommonName($"Strongroom CA {now:yyyy-MM-dd}");
        name.AddOrganizationName(Environment.MachineName);
        return IssueAuthority(name.Build(), now);
    }

    private X509Certificate2 IssueAuthority(X500DistinguishedName name, DateTimeOffset now)
    {
        // Key and name outlive their certificate, so that clients which trust the older one still accept the server until it ends.
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        if (File.Exists(Key))
            key.ImportFromPem(File.ReadAllText(Key));
        else
            WriteKey(Key, key);

        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(X509BasicConstraintsExtension.CreateForCertificateAuthority(pathLengthConstraint: 0));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        var certificate = request.Create(
            name, X509SignatureGenerator.CreateForECDsa(key), now - Backdated, now.AddYears(10), Serial());
        DataDirectory.WritePrivate(Certificate, Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n"));
        File.SetUnixFileMode(Certificate, Owner | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        using (certificate)
            return certificate.CopyWithPrivateKey(key);
    }

    private void IssueLeaf(X509Certificate2 authority, DateTimeOffset now)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(new X500DistinguishedName("CN=Strongroom"), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(X509BasicConstraintsExtension.CreateForEndEntity(critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false)); // serverAuth
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        request.CertificateExtensions.Add(names.ToExtension());
        using var signer = authority.GetECDsaPrivateKey()!;
        using var certificate = request.Create(
            authority.SubjectName, X509SignatureGenerator.CreateForECDsa(signer), now - Backdated, now + LeafLife, Serial());
        WriteKey(ServerKey, key);
        DataDirectory.WritePrivate(ServerCertificate, Encoding.ASCII.GetBytes(certificate.ExportCertificatePem() + "\n"));
    }

    private static void WriteKey(string path, ECDsa key)
    {
        var pem = Encoding.ASCII.GetBytes(key.ExportPkcs8PrivateKeyPem() + "\n");
        DataDirectory.WritePrivate(path, pem);
        CryptographicOperations.ZeroMemory(pem);
    }

    private byte[] Serial()
    {
        // RFC 5280, 4.1.2.2: positive, at most 20 octets.
        var serial = new byte[16];
        entropy.Fill(serial);
        serial[0] = (byte)((serial[0] & 0x7f) | 0x40);
        return serial;
    }

    private static ReadOnlySpan<byte> KeyIdentifier(X509Certificate2 certificate) =>
        certificate.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Single().SubjectKeyIdentifierBytes.Span;

    private static DateTimeOffset End(X509Certificate2 certificate) => new(certificate.NotAfter);
}
