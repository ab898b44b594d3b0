using System.Security.Cryptography;
using System.Text;

namespace Strongroom.Crypto;

/// <summary>Seals and opens one value: a data key wrapped under the KMS key, the value under the data key.</summary>
/// <remarks>Stateless; the formats are in docs/formats/sealed-value.md.</remarks>
internal static class Envelope
{
    private const int UsualAssociatedBytes = 512;

    public static byte[] Seal(
        CipherPool key, Entropy entropy, Guid keyId, int version, SecretKind kind, ReadOnlySpan<byte> plaintext, Binding binding)
    {
        var blob = new byte[SealedValueLayout.OverheadBytes + plaintext.Length];
        SealedValueLayout.WriteHeader(blob, keyId, version, kind);

        // One draw, because the generator costs the same for 56 bytes as for 12: data key, wrap nonce, value nonce.
        Span<byte> drawn = stackalloc byte[CipherPool.KeyBytes + 2 * CipherPool.NonceBytes];
        try
        {
            entropy.Fill(drawn);
            var dataKey = drawn[..CipherPool.KeyBytes];
            var wrapNonce = drawn.Slice(CipherPool.KeyBytes, CipherPool.NonceBytes);
            var valueNonce = drawn[(CipherPool.KeyBytes + CipherPool.NonceBytes)..];

            using var associated = new FieldWriter(stackalloc byte[UsualAssociatedBytes]);
            associated.Fixed(blob.AsSpan(0, SealedValueLayout.HeaderBytes));
            associated.Place(binding);

            var wrapped = SealedValueLayout.WrappedDataKey(blob.AsSpan());
            wrapNonce.CopyTo(wrapped);
            key.Encrypt(wrapNonce, dataKey, wrapped[CipherPool.NonceBytes..^CipherPool.TagBytes], wrapped[^CipherPool.TagBytes..], associated.Written);

            associated.Fixed(wrapped);
            var body = SealedValueLayout.Body(blob.AsSpan());
            valueNonce.CopyTo(body);
            using var cipher = new AesGcm(dataKey, CipherPool.TagBytes);
            cipher.Encrypt(valueNonce, plaintext, body[CipherPool.NonceBytes..^CipherPool.TagBytes], body[^CipherPool.TagBytes..], associated.Written);
            return blob;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(drawn);
        }
    }

    /// <param name="blob">With a header that <see cref="SealedValueLayout.TryReadHeader"/> accepted.</param>
    /// <param name="plaintext">Exactly as long as the plaintext; holds none of it after a failure.</param>
    /// <exception cref="DecryptionException">Any byte of it or of the place is not as it was sealed.</exception>
    public static void Open(CipherPool key, DataKeyCache dataKeys, ReadOnlySpan<byte> blob, Binding binding, Span<byte> plaintext)
    {
        try
        {
            using var associated = new FieldWriter(stackalloc byte[UsualAssociatedBytes]);
            associated.Fixed(blob[..SealedValueLayout.HeaderBytes]);
            associated.Place(binding);

            var wrapped = SealedValueLayout.WrappedDataKey(blob);
            var entry = dataKeys.Take(wrapped) ?? Unwrap(key, wrapped, associated.Written);
            try
            {
                associated.Fixed(wrapped);
                var body = SealedValueLayout.Body(blob);
                entry.Cipher.Decrypt(
                    body[..CipherPool.NonceBytes], body[CipherPool.NonceBytes..^CipherPool.TagBytes], body[^CipherPool.TagBytes..],
                    plaintext, associated.Written);
            }
            finally
            {
                dataKeys.Keep(entry);
            }
        }
        catch (Exception e) when (e is AuthenticationTagMismatchException or EncoderFallbackException)
        {
            // A place that is not valid Unicode can never have been sealed to.
            CryptographicOperations.ZeroMemory(plaintext);
            throw new DecryptionException();
        }
    }

    private static DataKeyCache.Entry Unwrap(CipherPool key, ReadOnlySpan<byte> wrapped, ReadOnlySpan<byte> associated)
    {
        Span<byte> dataKey = stackalloc byte[CipherPool.KeyBytes];
        try
        {
            key.Decrypt(
                wrapped[..CipherPool.NonceBytes], wrapped[CipherPool.NonceBytes..^CipherPool.TagBytes], wrapped[^CipherPool.TagBytes..],
                dataKey, associated);
            return new DataKeyCache.Entry(wrapped.ToArray(), new AesGcm(dataKey, CipherPool.TagBytes));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(dataKey);
        }
    }
}
