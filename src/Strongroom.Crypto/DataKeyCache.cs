using System.Security.Cryptography;

namespace Strongroom.Crypto;

/// <summary>Ciphers of recently opened values, found by their wrapped data key: saves the unwrapping and the key setup.</summary>
/// <remarks>
/// Safe although a hit skips the unwrapping and with it the check of the place: the value's own associated data covers header,
/// place and wrapped data key, so a value that was moved or altered still fails. Bounded, and no more sensitive than
/// the KMS keys in the same memory. A slot is emptied while its cipher is in use, so no cipher is ever used by two threads.
/// </remarks>
internal sealed class DataKeyCache : IDisposable
{
    private const int Slots = 1024; // about a kilobyte of native memory each

    private readonly Entry?[] entries = new Entry?[Slots];
    private volatile bool disposed;

    /// <returns>The cipher, the caller's alone until <see cref="Keep"/>; or null.</returns>
    public Entry? Take(ReadOnlySpan<byte> wrapped)
    {
        ref var slot = ref SlotOf(wrapped);
        if (slot is null || Interlocked.Exchange(ref slot, null) is not { } entry)
            return null;
        if (entry.Wrapped.AsSpan().SequenceEqual(wrapped))
            return entry;

        Put(ref slot, entry);
        return null;
    }

    public void Keep(Entry entry) => Put(ref SlotOf(entry.Wrapped), entry);

    public void Dispose()
    {
        disposed = true;
        for (var i = 0; i < entries.Length; i++)
            Interlocked.Exchange(ref entries[i], null)?.Cipher.Dispose();
    }

    private void Put(ref Entry? slot, Entry entry)
    {
        Interlocked.Exchange(ref slot, entry)?.Cipher.Dispose();

        // Disposed while this one was out: nobody else would find it.
        if (disposed)
            Interlocked.Exchange(ref slot, null)?.Cipher.Dispose();
    }

    // The blob starts with its random nonce: its bytes are as good as a hash. Whoever chooses nonces can only cause misses.
    private ref Entry? SlotOf(ReadOnlySpan<byte> wrapped) => ref entries[(wrapped[0] << 8 | wrapped[1]) % Slots];

    /// <param name="Wrapped">Wrap nonce, wrapped data key and tag, as they stand in the blob.</param>
    internal sealed record Entry(byte[] Wrapped, AesGcm Cipher);
}
