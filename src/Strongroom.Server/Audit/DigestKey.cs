using System.Security.Cryptography;
using System.Text;
using Strongroom.Crypto;
using Strongroom.Server.Hosting;
using Strongroom.Storage;

namespace Strongroom.Server.Audit;

/// <summary>The key that signs digests: ECDSA on P-256 with SHA-256. Its private half is kept in the store, sealed under the root key.</summary>
internal sealed class DigestKey : IDisposable
{
    /// <summary>The private key, sealed, as a setting of the installation.</summary>
    public const string SealedSetting = "audit.digest-key";

    /// <summary>The public key, PEM, as a setting of the installation.</summary>
    public const string PublicSetting = "audit.digest-public-key";

    private const string Purpose = "audit digest key";

    private readonly ECDsa key;

    private DigestKey(ECDsa key)
    {
        this.key = key;
        PublicPem = key.ExportSubjectPublicKeyInfoPem();
        Id = DigestVerifier.IdOf(key);
    }

    public string Id { get; }

    public string PublicPem { get; }

    /// <summary>The installation's key, which the first call makes.</summary>
    /// <exception cref="StoreRefusedException">What is stored does not open under this root key.</exception>
    public static async ValueTask<DigestKey> OpenAsync(ISettingStore store, Keyring keyring, CancellationToken ct)
    {
        if (await store.FindSettingAsync(SealedSetting, ct) is { } stored)
            return new DigestKey(Unseal(keyring, stored));

        var made = new DigestKey(ECDsa.Create(ECCurve.NamedCurves.nistP256));
        var secret = made.key.ExportPkcs8PrivateKey();
        try
        {
            await store.WriteSettingAsync(PublicSetting, Encoding.ASCII.GetBytes(made.PublicPem), ct);
            await store.WriteSettingAsync(SealedSetting, keyring.ProtectToken(Purpose, secret), ct);
            return made;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    /// <summary>Puts the public key where whoever checks the log from outside finds it.</summary>
    public void Publish(string directory) => DataDirectory.WritePrivate(DigestVerifier.PathOf(directory), Encoding.ASCII.GetBytes(PublicPem + "\n"));

    /// <returns>DER, as openssl expects it.</returns>
    public byte[] Sign(ReadOnlySpan<byte> text) => key.SignData(text, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    public void Dispose() => key.Dispose();

    private static ECDsa Unseal(Keyring keyring, byte[] stored)
    {
        if (!keyring.TryOpenToken(Purpose, stored, out var secret))
            throw new StoreRefusedException("The key that signs the audit log's digests does not open: the database was changed from outside. Restore a backup.");
        try
        {
            var key = ECDsa.Create();
            key.ImportPkcs8PrivateKey(secret, out _);
            return key;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }
}

/// <summary>The public half of a <see cref="DigestKey"/>.</summary>
internal sealed class DigestVerifier : IDisposable
{
    private readonly ECDsa key;

    private DigestVerifier(ECDsa key) => this.key = key;

    public static string PathOf(string directory) => Path.Combine(directory, "digest-key.pem");

    /// <exception cref="ArgumentException">No PEM public key.</exception>
    /// <exception cref="CryptographicException">No key on P-256.</exception>
    public static DigestVerifier FromPem(string pem)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            return new DigestVerifier(key);
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    /// <summary>The first 16 hexadecimal digits of the SHA-256 of the public key in its DER form.</summary>
    public static string IdOf(ECDsa key) => Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()))[..16];

    public string Id => IdOf(key);

    public bool Verify(ReadOnlySpan<byte> text, ReadOnlySpan<byte> signature) =>
        key.VerifyData(text, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    public void Dispose() => key.Dispose();
}
