using System.Security.Cryptography;

namespace Strongroom.Crypto;

/// <summary>AES-256-GCM under one long-lived key, from any thread.</summary>
/// <remarks>
/// <see cref="AesGcm"/> is not documented as safe to share, and making one costs more than using it, so idle ones are kept:
/// whoever takes one out of its slot has it alone.
/// </remarks>
internal sealed class CipherPool : IDisposable
{
    public const int KeyBytes = 32;
    public const int NonceBytes = 12;
    public const int TagBytes = 16;

    private readonly SecretBytes key;
    private readonly AesGcm?[] idle = new AesGcm?[2 * Environment.ProcessorCount];
    private volatile bool disposed;

    /// <param name="key">32 bytes. The pool owns them from here on.</param>
    public CipherPool(SecretBytes key) => this.key = key;

    public void Encrypt(
        ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> plaintext, Span<byte> ciphertext, Span<byte> tag, ReadOnlySpan<byte> associated)
    {
        var cipher = Take();
        try
        {
            cipher.Encrypt(nonce, plaintext, ciphertext, tag, associated);
        }
        finally
        {
            Keep(cipher);
        }
    }

    /// <exception cref="DecryptionException">The tag does not fit; <paramref name="plaintext"/> is all zeros.</exception>
    public void Decrypt(
        ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> ciphertext, ReadOnlySpan<byte> tag, Span<byte> plaintext, ReadOnlySpan<byte> associated)
    {
        var cipher = Take();
        try
        {
            cipher.Decrypt(nonce, ciphertext, tag, plaintext, associated);
        }
        catch (AuthenticationTagMismatchException)
        {
            throw new DecryptionException();
        }
        finally
        {
            Keep(cipher);
        }
    }

    public void Dispose()
    {
        disposed = true;
        key.Dispose();
        DropIdle();
    }

    private AesGcm Take()
    {
        // The key was destroyed, or the keyring closed, while somebody was about to use it.
        if (disposed)
            throw new DecryptionException();
        var start = Thread.GetCurrentProcessorId();
        for (var i = 0; i < idle.Length; i++)
        {
            ref var slot = ref idle[(start + i) % idle.Length];
            if (slot is not null && Interlocked.Exchange(ref slot, null) is { } cipher)
                return cipher;
        }

        return new AesGcm(key.Reveal(), TagBytes);
    }

    private void Keep(AesGcm cipher)
    {
        var start = Thread.GetCurrentProcessorId();
        for (var i = 0; i < idle.Length; i++)
        {
            ref var slot = ref idle[(start + i) % idle.Length];
            if (slot is null && Interlocked.CompareExchange(ref slot, cipher, null) is null)
            {
                // Disposed while this one was out: nobody else would find it.
                if (disposed)
                    DropIdle();
                return;
            }
        }

        cipher.Dispose();
    }

    private void DropIdle()
    {
        for (var i = 0; i < idle.Length; i++)
            Interlocked.Exchange(ref idle[i], null)?.Dispose();
    }
}
