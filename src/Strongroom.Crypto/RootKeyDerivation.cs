using System.Security.Cryptography;

namespace Strongroom.Crypto;

/// <summary>Keys for single purposes, from the root key: HKDF-SHA256 (RFC 5869), no salt, the purpose as info.</summary>
internal static class RootKeyDerivation
{
    public const string WrapKeys = "strongroom/v1/key-wrapping";
    public const string ContentMac = "strongroom/v1/content-mac";
    public const string Token = "strongroom/v1/token";
    public const string Fingerprint = "strongroom/v1/fingerprint";
    public const string BackupMac = "strongroom/v1/backup-mac";
    public const string BackupFile = "strongroom/v1/backup-file";

    /// <param name="context">What divides the purpose further: an account, a kind of token.</param>
    /// <returns>32 bytes; the caller owns them.</returns>
    public static SecretBytes Derive(SecretBytes rootKey, string purpose, params ReadOnlySpan<string> context)
    {
        using var info = new FieldWriter(stackalloc byte[256]);
        info.Text(purpose);
        foreach (var part in context)
            info.Text(part);

        // Extract and expand apart, because the key between them is then ours to zero.
        Span<byte> extracted = stackalloc byte[HMACSHA256.HashSizeInBytes];
        var key = SecretBytes.Allocate(CipherPool.KeyBytes);
        try
        {
            HKDF.Extract(HashAlgorithmName.SHA256, rootKey.Reveal(), salt: [], extracted);
            HKDF.Expand(HashAlgorithmName.SHA256, extracted, key.Writable, info.Written);
            return key;
        }
        catch
        {
            key.Dispose();
            throw;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(extracted);
        }
    }
}
