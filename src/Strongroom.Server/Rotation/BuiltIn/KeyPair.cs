using System.Security.Cryptography;

namespace Strongroom.Server.Rotation.BuiltIn;

/// <summary>A key pair that a rotator made, or reads back: ECDSA or RSA, because .NET has no Ed25519.</summary>
internal sealed class KeyPair : IDisposable
{
    private KeyPair(ECDsa? ecdsa, RSA? rsa) => (Ecdsa, Rsa) = (ecdsa, rsa);

    public ECDsa? Ecdsa { get; }

    public RSA? Rsa { get; }

    /// <param name="type">One of those that the message names; null for the usual.</param>
    /// <exception cref="RotationException">It is none of them.</exception>
    public static KeyPair New(string? type) => type switch
    {
        null or "ecdsa-p256" => new KeyPair(ECDsa.Create(ECCurve.NamedCurves.nistP256), null),
        "ecdsa-p384" => new KeyPair(ECDsa.Create(ECCurve.NamedCurves.nistP384), null),
        "rsa-3072" => new KeyPair(null, RSA.Create(3072)),
        "rsa-4096" => new KeyPair(null, RSA.Create(4096)),
        _ => throw new RotationException("The type of the key must be ecdsa-p256, ecdsa-p384, rsa-3072 or rsa-4096."),
    };

    /// <summary>Reads a private key in PEM: PKCS#8, SEC1 or PKCS#1, not encrypted.</summary>
    /// <param name="what">For the message.</param>
    /// <exception cref="RotationException">It is none.</exception>
    public static KeyPair Read(string pem, string what)
    {
        var ecdsa = ECDsa.Create();
        try
        {
            ecdsa.ImportFromPem(pem);
            return new KeyPair(ecdsa, null);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            // Another kind of key, or none.
            ecdsa.Dispose();
        }

        var rsa = RSA.Create();
        try
        {
            rsa.ImportFromPem(pem);
            return new KeyPair(null, rsa);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            rsa.Dispose();
            throw new RotationException($"{what} is no ECDSA or RSA key in PEM, or it is encrypted.");
        }
    }

    /// <summary>PKCS#8 in PEM. The caller zeroes it.</summary>
    public byte[] PrivatePem()
    {
        var der = Ecdsa?.ExportPkcs8PrivateKey() ?? Rsa!.ExportPkcs8PrivateKey();
        try
        {
            return PemEncoding.WriteUtf8("PRIVATE KEY"u8, der);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(der);
        }
    }

    /// <summary>SubjectPublicKeyInfo, DER: two keys with the same are the same.</summary>
    public byte[] PublicInfo() => Ecdsa?.ExportSubjectPublicKeyInfo() ?? Rsa!.ExportSubjectPublicKeyInfo();

    public void Dispose()
    {
        Ecdsa?.Dispose();
        Rsa?.Dispose();
    }
}
