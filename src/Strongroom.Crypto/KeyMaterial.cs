namespace Strongroom.Crypto;

/// <summary>Wraps KMS key material under a key derived from the root key. Format: docs/formats/wrapped-key.md.</summary>
internal static class KeyMaterial
{
    private const byte FormatVersion = 1;
    private const int NonceAt = 5;
    private const int KeyAt = NonceAt + CipherPool.NonceBytes;
    private const int TagAt = KeyAt + CipherPool.KeyBytes;
    private const int BlobBytes = TagAt + CipherPool.TagBytes;

    private static ReadOnlySpan<byte> Magic => "SRWK"u8;

    public static byte[] Wrap(
        CipherPool wrapping, SecretBytes material, ReadOnlySpan<byte> nonce, Guid keyId, string account, string region, int version)
    {
        var blob = new byte[BlobBytes];
        Magic.CopyTo(blob);
        blob[4] = FormatVersion;
        nonce.CopyTo(blob.AsSpan(NonceAt));
        wrapping.Encrypt(
            nonce, material.Reveal(), blob.AsSpan(KeyAt, CipherPool.KeyBytes), blob.AsSpan(TagAt),
            AssociatedData(keyId, account, region, version));
        return blob;
    }

    /// <returns>The material; the caller owns it.</returns>
    /// <exception cref="DecryptionException">Not a wrapped key, or moved, or of another root key.</exception>
    public static SecretBytes Unwrap(CipherPool wrapping, WrappedKey key)
    {
        ReadOnlySpan<byte> blob = key.Material;
        if (blob.Length != BlobBytes || !blob.StartsWith(Magic) || blob[4] != FormatVersion || key.Version < 1)
            throw new DecryptionException();

        var material = SecretBytes.Allocate(CipherPool.KeyBytes);
        try
        {
            wrapping.Decrypt(
                blob.Slice(NonceAt, CipherPool.NonceBytes), blob.Slice(KeyAt, CipherPool.KeyBytes), blob[TagAt..], material.Writable,
                AssociatedData(key.KeyId, key.Account, key.Region, key.Version));
            return material;
        }
        catch
        {
            material.Dispose();
            throw;
        }
    }

    private static byte[] AssociatedData(Guid keyId, string account, string region, int version)
    {
        using var fields = new FieldWriter(stackalloc byte[256]);
        fields.Fixed(Magic);
        fields.Fixed([FormatVersion]);
        fields.Fixed(keyId.ToByteArray(bigEndian: true));
        fields.UInt32(version);
        fields.Text(account);
        fields.Text(region);
        return fields.Written.ToArray();
    }
}
