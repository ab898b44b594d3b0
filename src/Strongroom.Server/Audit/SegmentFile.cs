using Microsoft.Win32.SafeHandles;

namespace Strongroom.Server.Audit;

/// <summary>The file of an open segment. Tests put one with faults in its place.</summary>
internal class SegmentFile : IDisposable
{
    private readonly SafeFileHandle handle;

    public SegmentFile(string path)
    {
        handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(handle, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    public virtual long Length => RandomAccess.GetLength(handle);

    /// <summary>Returns when the operating system has the bytes.</summary>
    public virtual void Write(ReadOnlySpan<byte> bytes, long at) => RandomAccess.Write(handle, bytes, at);

    /// <summary>Reads what there is, up to the buffer's length.</summary>
    public virtual int Read(Span<byte> buffer, long at) => RandomAccess.Read(handle, buffer, at);

    public virtual void Truncate(long length) => RandomAccess.SetLength(handle, length);

    public virtual void FlushToDisk() => RandomAccess.FlushToDisk(handle);

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing) => handle.Dispose();
}

/// <summary>Takes every record and keeps none: what the benchmark compares the real log with.</summary>
internal sealed class ForgetfulSegment(string path) : SegmentFile(path)
{
    private long length;

    public override long Length => length;

    public override void Write(ReadOnlySpan<byte> bytes, long at) => length = at + bytes.Length;

    public override int Read(Span<byte> buffer, long at) => 0;

    public override void Truncate(long length) => this.length = length;

    public override void FlushToDisk()
    {
    }
}
