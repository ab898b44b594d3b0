using System.Buffers;
using System.Security.Cryptography;

namespace Strongroom.Crypto;

/// <summary>Bytes that must not outlive their use: pinned, so that the collector leaves no copies, and zeroed on dispose.</summary>
/// <remarks>
/// The buffer goes back to a pool on dispose. A span from <see cref="Reveal"/> that outlives the owner would then show
/// somebody else's bytes: use it within the lifetime of the owner, on the spot, and keep none.
/// Reading from several threads is fine; disposing while another thread reads is not.
/// </remarks>
public sealed class SecretBytes : IDisposable
{
    private byte[]? buffer;

    private SecretBytes(int length)
    {
        Length = length;
        buffer = PinnedPool.Rent(length);
    }

    /// <summary>The number of bytes. Still answers after dispose.</summary>
    public int Length { get; }

    /// <summary>Where <see cref="Keyring"/> writes, before anyone else has the object.</summary>
    internal Span<byte> Writable => Buffer.AsSpan(0, Length);

    private byte[] Buffer => buffer ?? throw new ObjectDisposedException(nameof(SecretBytes));

    public static SecretBytes CopyFrom(ReadOnlySpan<byte> bytes)
    {
        var secret = new SecretBytes(bytes.Length);
        bytes.CopyTo(secret.Writable);
        return secret;
    }

    /// <summary>Lets <paramref name="fill"/> write the bytes in place, so that no other copy has to exist.</summary>
    /// <param name="fill">Gets a zeroed span of exactly <paramref name="length"/> bytes. What it throws is passed on, after zeroing.</param>
    public static SecretBytes Create<TState>(int length, TState state, SpanAction<byte, TState> fill)
        where TState : allows ref struct
    {
        ArgumentNullException.ThrowIfNull(fill);
        var secret = Allocate(length);
        try
        {
            fill(secret.Writable, state);
            return secret;
        }
        catch
        {
            secret.Dispose();
            throw;
        }
    }

    /// <summary>The one way to the bytes.</summary>
    /// <exception cref="ObjectDisposedException">The bytes are gone.</exception>
    public ReadOnlySpan<byte> Reveal() => Buffer.AsSpan(0, Length);

    public void Dispose()
    {
        // Exchanged, because a buffer returned twice would be handed to two owners.
        if (Interlocked.Exchange(ref buffer, null) is { } owned)
            PinnedPool.Return(owned, Length);
    }

    public override string ToString() => "[redacted]";

    /// <summary>All zeros, to be written through <see cref="Writable"/>.</summary>
    internal static SecretBytes Allocate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        return new SecretBytes(length);
    }
}
