namespace Strongroom.Server.Functions;

/// <summary>The end of what a process wrote: bounded, whatever it writes. Not shared between threads.</summary>
internal sealed class OutputTail
{
    public const int MaxBytes = 64 << 10;

    private readonly byte[] ring = new byte[MaxBytes];
    private long written;

    public bool IsCut => written > MaxBytes;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        var kept = bytes.Length > MaxBytes ? bytes[^MaxBytes..] : bytes;
        written += bytes.Length - kept.Length;
        var at = (int)(written % MaxBytes);
        var first = Math.Min(kept.Length, MaxBytes - at);
        kept[..first].CopyTo(ring.AsSpan(at));
        kept[first..].CopyTo(ring);
        written += kept.Length;
    }

    /// <summary>Takes everything out.</summary>
    public byte[] Take()
    {
        var length = (int)Math.Min(written, MaxBytes);
        var all = new byte[length];
        var at = written > MaxBytes ? (int)(written % MaxBytes) : 0;
        var first = Math.Min(length, MaxBytes - at);
        ring.AsSpan(at, first).CopyTo(all);
        ring.AsSpan(0, length - first).CopyTo(all.AsSpan(first));
        Array.Clear(ring);
        written = 0;
        return all;
    }
}
