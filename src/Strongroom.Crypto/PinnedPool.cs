using System.Collections.Concurrent;
using System.Numerics;
using System.Security.Cryptography;

namespace Strongroom.Crypto;

/// <summary>Pinned buffers for <see cref="SecretBytes"/>. Every buffer in the pool is all zeros.</summary>
/// <remarks>
/// Pooled because the pinned heap is only collected with the oldest generation: a buffer per read would force several full
/// collections a second under load.
/// </remarks>
internal static class PinnedPool
{
    private const int SmallestBytes = 64;
    private const int LargestBytes = 64 * 1024; // the longest secret value that AWS accepts
    private const int KeptBytesPerSize = 1024 * 1024;
    private const int KeptBuffersPerSize = 1024;

    private static readonly ConcurrentQueue<byte[]>[] Sizes =
        [.. Enumerable.Range(0, BitOperations.Log2(LargestBytes / SmallestBytes) + 1).Select(_ => new ConcurrentQueue<byte[]>())];

    /// <returns>A zeroed buffer of at least <paramref name="length"/> bytes.</returns>
    public static byte[] Rent(int length)
    {
        if (length > LargestBytes)
            return GC.AllocateArray<byte>(length, pinned: true);

        var size = SizeOf(length);
        return Sizes[size].TryDequeue(out var buffer) ? buffer : GC.AllocateArray<byte>(SmallestBytes << size, pinned: true);
    }

    /// <param name="used">How many bytes from the start may have been written.</param>
    public static void Return(byte[] buffer, int used)
    {
        CryptographicOperations.ZeroMemory(buffer.AsSpan(0, used));
        if (buffer.Length > LargestBytes)
            return;

        var queue = Sizes[SizeOf(buffer.Length)];
        if (queue.Count < Math.Min(KeptBuffersPerSize, KeptBytesPerSize / buffer.Length))
            queue.Enqueue(buffer);
    }

    private static int SizeOf(int length) =>
        length <= SmallestBytes ? 0 : BitOperations.Log2((uint)(length - 1) / SmallestBytes) + 1;
}
