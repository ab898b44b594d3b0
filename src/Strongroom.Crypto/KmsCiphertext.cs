using System.Buffers.Binary;
using System.Text;

namespace Strongroom.Crypto;

/// <summary>What KMS's Encrypt answers: a small plaintext under a version of a KMS key, which the blob names. Format: docs/formats/kms-ciphertext.md.</summary>
internal static class KmsCiphertext
{
    public const int OverheadBytes = NonceAt + CipherPool.NonceBytes + CipherPool.TagBytes;

    private const byte FormatVersion = 1;
    private const int HeaderBytes = 25;
    private const int NonceAt = HeaderBytes;
    private const int BodyAt = NonceAt + CipherPool.NonceBytes;

    private static ReadOnlySpan<byte> Magic => "SRKC"u8;

    public static byte[] Encrypt(
        CipherPool key, Entropy entropy, Guid keyId, int version, string account, string region, IReadOnlyDictionary<string, string> context,
        ReadOnlySpan<byte> plaintext)
    {
        var blob = new byte[OverheadBytes + plaintext.Length];
        Magic.CopyTo(blob);
        blob[4] = FormatVersion;
        keyId.TryWriteBytes(blob.AsSpan(5), bigEndian: true, out _);
        BinaryPrimitives.WriteUInt32BigEndian(blob.AsSpan(21), (uint)version);
        entropy.Fill(blob.AsSpan(NonceAt, CipherPool.NonceBytes));
        key.Encrypt(
            blob.AsSpan(NonceAt, CipherPool.NonceBytes), plaintext, blob.AsSpan(BodyAt, plaintext.Length), blob.AsSpan(BodyAt + plaintext.Length),
            AssociatedData(blob, account, region, context));
        return blob;
    }

    /// <param name="blob">With a header that <see cref="TryReadHeader"/> accepted.</param>
    /// <exception cref="DecryptionException">Any byte of it, its key's place or its context is not as it was encrypted.</exception>
    public static SecretBytes Decrypt(
        CipherPool key, ReadOnlySpan<byte> blob, string account, string region, IReadOnlyDictionary<string, string> context)
    {
        var plaintext = SecretBytes.Allocate(blob.Length - OverheadBytes);
        try
        {
            key.Decrypt(
                blob.Slice(NonceAt, CipherPool.NonceBytes), blob[BodyAt..^CipherPool.TagBytes], blob[^CipherPool.TagBytes..], plaintext.Writable,
                AssociatedData(blob, account, region, context));
            return plaintext;
        }
        catch
        {
            plaintext.Dispose();
            throw;
        }
    }

    public static bool TryReadHeader(ReadOnlySpan<byte> blob, out Guid keyId, out int version)
    {
        (keyId, version) = (default, 0);
        if (blob.Length < OverheadBytes || !blob.StartsWith(Magic) || blob[4] != FormatVersion)
            return false;
        var number = BinaryPrimitives.ReadUInt32BigEndian(blob[21..]);
        if (number is 0 or > int.MaxValue)
            return false;
        (keyId, version) = (new Guid(blob.Slice(5, 16), bigEndian: true), (int)number);
        return true;
    }

    // The context is a set: sorted, so that the order in which a client sends it does not matter.
    private static byte[] AssociatedData(ReadOnlySpan<byte> blob, string account, string region, IReadOnlyDictionary<string, string> context)
    {
        using var fields = new FieldWriter(stackalloc byte[512]);
        try
        {
            fields.Fixed(blob[..HeaderBytes]);
            fields.Text(account);
            fields.Text(region);
            fields.UInt32(context.Count);
            foreach (var (name, value) in context.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                fields.Text(name);
                fields.Text(value);
            }

            return fields.Written.ToArray();
        }
        catch (EncoderFallbackException)
        {
            // Text that is not valid Unicode can never have been encrypted with.
            throw new DecryptionException();
        }
    }
}
