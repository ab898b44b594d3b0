using System.Buffers;
using System.Security.Cryptography;

namespace Strongroom.Server.Endpoint;

/// <summary>A pooled, growing buffer that may hold plaintext: what it gives back to the pool is zeroed.</summary>
internal sealed class ScrubbedBuffer(int capacity = 1024) : IBufferWriter<byte>, IDisposable
{
    private byte[] buffer = ArrayPool<byte>.Shared.Rent(capacity);
    private int written;

    public ReadOnlyMemory<byte> Written => buffer.AsMemory(0, written);

    public void Advance(int count) => written += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        EnsureFree(sizeHint);
        return buffer.AsMemory(written);
    }

    public Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    /// <summary>Forgets what was written, so that the buffer can be filled again.</summary>
    public void Clear()
    {
        CryptographicOperations.ZeroMemory(buffer.AsSpan(0, written));
        written = 0;
    }

    public void Dispose()
    {
        Clear();
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = [];
    }

    private void EnsureFree(int sizeHint)
    {
        var needed = Math.Max(sizeHint, 64);
        if (buffer.Length - written >= needed)
            return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(buffer.Length * 2, written + needed));
        buffer.AsSpan(0, written).CopyTo(larger);
        CryptographicOperations.ZeroMemory(buffer.AsSpan(0, written));
        ArrayPool<byte>.Shared.Return(buffer);
        buffer = larger;
    }
}
