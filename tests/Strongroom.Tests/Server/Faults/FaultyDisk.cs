using Strongroom.Server.Audit;

namespace Strongroom.Tests.Server.Faults;

internal enum DiskFault
{
    /// <summary>EIO: half of what was to be written is there, and a flush fails.</summary>
    Io,

    /// <summary>ENOSPC.</summary>
    Full,
}

/// <summary>
/// The disk of one data directory, whose n-th write fails: of the database, its write-ahead log, or an audit segment, whichever comes to be the n-th.
/// Shortening a file and flushing it count as writes. What has been written stays readable.
/// </summary>
internal sealed class FaultyDisk : IDisposable
{
    private readonly Lock gate = new();
    private readonly string directory;
    private DiskFault fault;
    private int writes;
    private int failing = int.MaxValue;
    private bool stays;

    public FaultyDisk(string directory)
    {
        this.directory = directory;
        SqliteFiles.Add(directory, this);
    }

    /// <summary>Whether the n-th write has come.</summary>
    public bool HasFailed
    {
        get
        {
            lock (gate)
                return writes >= failing;
        }
    }

    /// <summary>Audit segments on this disk.</summary>
    public AuditLogOptions Segments => AuditLogOptions.Default with { Open = path => new Segment(path, this) };

    /// <summary>Counts from here on.</summary>
    /// <param name="stays">Whether all writes after the n-th fail too, until <see cref="Heal"/>.</param>
    public void FailAt(int write, DiskFault how, bool stays)
    {
        lock (gate)
            (writes, failing, fault, this.stays) = (0, write, how, stays);
    }

    public void Heal() => FailAt(int.MaxValue, default, stays: false);

    public void Dispose() => SqliteFiles.Remove(directory);

    /// <summary>Asked before each write.</summary>
    /// <returns>How it fails; null when it does not.</returns>
    public DiskFault? Next()
    {
        lock (gate)
        {
            if (writes < int.MaxValue)
                writes++;
            return writes == failing || (stays && writes > failing) ? fault : null;
        }
    }

    private sealed class Segment(string path, FaultyDisk disk) : SegmentFile(path)
    {
        public override void Write(ReadOnlySpan<byte> bytes, long at)
        {
            if (disk.Next() is { } fault)
            {
                base.Write(bytes[..(bytes.Length / 2)], at);
                throw Failure(fault);
            }

            base.Write(bytes, at);
        }

        public override void Truncate(long length)
        {
            if (disk.Next() is { } fault)
                throw Failure(fault);
            base.Truncate(length);
        }

        public override void FlushToDisk()
        {
            if (disk.Next() is { } fault)
                throw Failure(fault);
            base.FlushToDisk();
        }

        private static IOException Failure(DiskFault fault) => new(fault == DiskFault.Full ? "No space left on device" : "Input/output error");
    }
}
