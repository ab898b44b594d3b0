using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Strongroom.Server.SecretsManager;

namespace Strongroom.Server.Rotation.BuiltIn;

/// <summary>
/// A certificate from an authority whose own certificate and key are another secret, <c>caarn</c>: JSON with <c>subject</c>, <c>subjectAltNames</c>,
/// <c>days</c> and <c>keyType</c>, which are the owner's, and <c>certificate</c>, <c>chain</c> and <c>privateKey</c>, which are made. PEM.
/// </summary>
internal sealed class TlsCertificateRotator : IRotator
{
    private const int DefaultDays = 90;
    private const int MaxDays = 825;
    private const int SerialBytes = 16;
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    // Clocks of those who look at it may be behind.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    public async Task CreateSecretAsync(RotatedSecret secret, CancellationToken ct)
    {
        using var existing = await secret.FindPendingAsync(ct);
        if (existing is not null)
            return;
        using var current = JsonSecret.Read(await secret.FindAsync(StagingLabels.Current, ct), secret.Arn);
        using var authority = await ReadAuthorityAsync(secret, current, ct);
        using var pair = KeyPair.New(current.Find("keyType") ?? secret.Environment.GetValueOrDefault(SshKeyRotator.TypeSetting));
        using var certificate = Issue(secret, current, authority, pair);
        var pem = pair.PrivatePem();
        try
        {
            using var value = current.With(
                ("privateKey", pem), ("certificate", Ascii(certificate.ExportCertificatePem())), ("chain", Ascii(authority.ChainPem())));
            await secret.StorePendingAsync(value, ct);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pem);
        }
    }

    // Whoever serves with it reads the secret.
    public Task SetSecretAsync(RotatedSecret secret, CancellationToken ct) => Task.CompletedTask;

    public async Task TestSecretAsync(RotatedSecret secret, CancellationToken ct)
    {
        using var pending = JsonSecret.Read(await secret.FindPendingAsync(ct), $"version {secret.Token}");
        using var authority = await ReadAuthorityAsync(secret, pending, ct);
        using var pair = KeyPair.Read(pending.Require("privateKey"), "The member privateKey");
        using var certificate = ReadCertificate(pending.Require("certificate"), "The member certificate");
        if (!certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(pair.PublicInfo()))
            throw new RotationException("The members certificate and privateKey do not belong together.");
        authority.Verify(certificate, secret.Time.GetUtcNow());
    }

    private static async Task<Authority> ReadAuthorityAsync(RotatedSecret secret, JsonSecret value, CancellationToken ct)
    {
        var arn = value.Require("caarn");
        using var content = JsonSecret.Read(await secret.ReadOtherAsync(arn, ct), arn);
        return Authority.Read(content.Require("certificate"), content.Require("privateKey"), arn);
    }

    private static X509Certificate2 Issue(RotatedSecret secret, JsonSecret wanted, Authority authority, KeyPair pair)
    {
        var days = wanted.FindNumber("days") ?? DefaultDays;
        if (days is < 1 or > MaxDays)
            throw new RotationException($"The member days must be from 1 to {MaxDays}.");
        var names = wanted.FindTexts("subjectAltNames");
        var subject = wanted.Find("subject") is { Length: > 0 } text ? Subject(text)
            : names.Count > 0 ? new X500DistinguishedName("")
            : throw new RotationException("The secret has neither a subject nor subjectAltNames.");
        var request = pair.Ecdsa is { } ecdsa
            ? new CertificateRequest(subject, ecdsa, HashAlgorithmName.SHA256)
            : new CertificateRequest(subject, pair.Rsa!, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(
            X509KeyUsageFlags.DigitalSignature | (pair.Rsa is null ? 0 : X509KeyUsageFlags.KeyEncipherment), critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(ServerAuthentication), new Oid(ClientAuthentication)], critical: false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        if (names.Count > 0)
            request.CertificateExtensions.Add(AlternativeNames(names, isCritical: subject.Name.Length == 0));
        return authority.Sign(request, secret.Time.GetUtcNow() - ClockSkew, days, Serial(secret));
    }

    private static X500DistinguishedName Subject(string text)
    {
        try
        {
            return new X500DistinguishedName(text);
        }
        catch (CryptographicException)
        {
            throw new RotationException("The member subject must be a distinguished name such as CN=www.example.com, O=Example.");
        }
    }

    private static X509Extension AlternativeNames(IReadOnlyList<string> names, bool isCritical)
    {
        var builder = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address))
                builder.AddIpAddress(address);
            else if (IsHostName(name))
                builder.AddDnsName(name);
            else
                throw new RotationException("A member of subjectAltNames is neither a host name nor an IP address.");
        }

        return builder.Build(isCritical);
    }

    // Letters, digits and hyphens between dots, and a star for the first label: what a client compares host names with.
    private static bool IsHostName(string name)
    {
        var labels = (name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name).Split('.');
        return name.Length <= 253
            && labels.All(label => label.Length is > 0 and <= 63 && label[0] != '-' && label[^1] != '-' && label.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'));
    }

    // Positive, not zero. Source: RFC 5280 section 4.1.2.2.
    private static byte[] Serial(RotatedSecret secret)
    {
        var serial = new byte[SerialBytes];
        secret.Entropy.Fill(serial);
        serial[0] = (byte)((serial[0] & 0x7F) | 0x40);
        return serial;
    }

    private static X509Certificate2 ReadCertificate(string pem, string what)
    {
        try
        {
            return X509Certificate2.CreateFromPem(pem);
        }
        catch (CryptographicException)
        {
            throw new RotationException($"{what} is no certificate in PEM.");
        }
    }

    private static byte[] Ascii(string pem) => Encoding.ASCII.GetBytes(pem);

    /// <summary>Who signs: a certificate with its key, and those above it.</summary>
    private sealed class Authority : IDisposable
    {
        private readonly string arn;
        private readonly X509Certificate2Collection certificates = [];
        private readonly KeyPair key;

        private Authority(string arn, KeyPair key) => (this.arn, this.key) = (arn, key);

        private X509Certificate2 Issuer => certificates[0];

        public static Authority Read(string certificatePem, string keyPem, string arn)
        {
            var authority = new Authority(arn, KeyPair.Read(keyPem, $"The member privateKey of {arn}"));
            try
            {
                authority.certificates.ImportFromPem(certificatePem);
                authority.Check();
                return authority;
            }
            catch (CryptographicException)
            {
                authority.Dispose();
                throw new RotationException($"The member certificate of {arn} is no certificate in PEM.");
            }
            catch
            {
                authority.Dispose();
                throw;
            }
        }

        public string ChainPem() => string.Concat(certificates.Select(certificate => certificate.ExportCertificatePem() + "\n"));

        public X509Certificate2 Sign(CertificateRequest request, DateTimeOffset from, int days, byte[] serial)
        {
            var (first, last) = (new DateTimeOffset(Issuer.NotBefore), new DateTimeOffset(Issuer.NotAfter));
            var until = from.AddDays(days);
            if (until > last)
                throw new RotationException(string.Create(CultureInfo.InvariantCulture, $"The certificate of {arn} ends on {last.UtcDateTime:yyyy-MM-dd}, before one for {days} days would."));
            if (from < first)
                from = first;
            request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(
                Issuer, includeKeyIdentifier: Issuer.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Any(), includeIssuerAndSerial: false));
            var signer = key.Ecdsa is { } ecdsa ? X509SignatureGenerator.CreateForECDsa(ecdsa) : X509SignatureGenerator.CreateForRSA(key.Rsa!, RSASignaturePadding.Pkcs1);
            return request.Create(Issuer.SubjectName, signer, from, until, serial);
        }

        /// <exception cref="RotationException">It is not from this authority, or not good now.</exception>
        public void Verify(X509Certificate2 certificate, DateTimeOffset now)
        {
            using var chain = new X509Chain();
            chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            chain.ChainPolicy.CustomTrustStore.AddRange(certificates);
            chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
            chain.ChainPolicy.DisableCertificateDownloads = true;
            // The authority may itself be below another that is not given; who signed is looked at here.
            chain.ChainPolicy.VerificationFlags = X509VerificationFlags.AllowUnknownCertificateAuthority;
            chain.ChainPolicy.VerificationTimeIgnored = false;
            chain.ChainPolicy.VerificationTime = now.UtcDateTime;
            if (!chain.Build(certificate) || chain.ChainElements.Count < 2 || !chain.ChainElements[1].Certificate.RawDataMemory.Span.SequenceEqual(Issuer.RawDataMemory.Span))
                throw new RotationException($"The certificate is not from the authority in {arn}, or one of them is not valid now.");
        }

        public void Dispose()
        {
            key.Dispose();
            foreach (var certificate in certificates)
                certificate.Dispose();
        }

        private void Check()
        {
            if (certificates.Count == 0)
                throw new RotationException($"The member certificate of {arn} is no certificate in PEM.");
            if (!Issuer.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.PublicInfo()))
                throw new RotationException($"The certificate and the key in {arn} do not belong together.");
            if (!Issuer.Extensions.OfType<X509BasicConstraintsExtension>().Any(constraints => constraints.CertificateAuthority)
                || Issuer.Extensions.OfType<X509KeyUsageExtension>().Any(usage => !usage.KeyUsages.HasFlag(X509KeyUsageFlags.KeyCertSign)))
                throw new RotationException($"The certificate in {arn} is not that of an authority.");
        }
    }
}
