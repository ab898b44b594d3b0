using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Strongroom.Crypto;

/// <summary>Where chance comes from. An argument, so that tests can fix it; shipped code has <see cref="SystemEntropy"/> alone.</summary>
/// <remarks>Implementations are safe to share between threads.</remarks>
public abstract class Entropy
{
    public const string LettersAndDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    /// <summary>Fills the whole span with bytes fit for keys.</summary>
    public abstract void Fill(Span<byte> destination);

    /// <summary>A random UUID (RFC 4122, version 4) for ids that are no secret: requests, events, keys.</summary>
    public virtual Guid NewGuid()
    {
        Span<byte> bytes = stackalloc byte[16];
        Fill(bytes);
        return ToVersion4(bytes);
    }

    /// <summary>A number from 0 to <paramref name="bound"/> - 1, each equally likely.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The bound is not positive.</exception>
    public int Below(int bound)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bound);

        // Draws from the incomplete last run of 0..bound-1 would favour small numbers: draw again.
        var fair = (1L << 32) - (1L << 32) % bound;
        Span<byte> bytes = stackalloc byte[4];
        while (true)
        {
            Fill(bytes);
            var drawn = BinaryPrimitives.ReadUInt32BigEndian(bytes);
            if (drawn < fair)
            {
                CryptographicOperations.ZeroMemory(bytes);
                return (int)(drawn % bound);
            }
        }
    }

    /// <summary>A string of <paramref name="length"/> characters, each drawn evenly from <paramref name="alphabet"/>.</summary>
    /// <param name="alphabet">1 to 256 characters. One that stands twice is twice as likely.</param>
    public string NewAlphanumeric(int length, string alphabet = LettersAndDigits)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentException.ThrowIfNullOrEmpty(alphabet);
        return string.Create(length, (this, alphabet), static (text, state) => state.Item1.FillFrom<char>(text, state.alphabet));
    }

    /// <summary>Draws each element evenly from <paramref name="alphabet"/>; for secrets that should never be a string.</summary>
    /// <param name="alphabet">1 to 256 elements.</param>
    public void FillFrom<T>(Span<T> destination, ReadOnlySpan<T> alphabet)
        where T : unmanaged
    {
        if (alphabet.Length is 0 or > 256)
            throw new ArgumentException("An alphabet has 1 to 256 elements.", nameof(alphabet));

        var fair = 256 - 256 % alphabet.Length;
        Span<byte> drawn = stackalloc byte[64];
        var written = 0;
        while (written < destination.Length)
        {
            Fill(drawn);
            foreach (var value in drawn)
            {
                if (value < fair && written < destination.Length)
                    destination[written++] = alphabet[value % alphabet.Length];
            }
        }

        CryptographicOperations.ZeroMemory(drawn);
    }

    /// <summary>Sets the version and variant bits of 16 random bytes.</summary>
    protected static Guid ToVersion4(Span<byte> bytes)
    {
        bytes[6] = (byte)(bytes[6] & 0x0F | 0x40);
        bytes[8] = (byte)(bytes[8] & 0x3F | 0x80);
        return new Guid(bytes, bigEndian: true);
    }
}
