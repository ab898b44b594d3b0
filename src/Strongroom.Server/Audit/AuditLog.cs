using System.Security.Cryptography;
using Strongroom.Crypto.KeyProviders;

namespace Strongroom.Server.Audit;

/// <summary>
/// The append-only log: numbered segment files of one JSON object per line, each line chained to the one before. <see cref="Append"/> returns
/// when the line has reached the operating system; <see cref="FlushToDisk"/> when all earlier lines are on stable storage. Safe for concurrent use.
/// </summary>
internal sealed class AuditLog : IDisposable
{
    private const long MinFreeBytes = 64 << 10;

    // Longer than any disk that works takes for a kilobyte, shorter than clients wait for an answer.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    private readonly Lock gate = new();
    private readonly string directory;
    private readonly AuditLogOptions options;
    private readonly TimeProvider time;
    private readonly byte[] hash = new byte[SHA256.HashSizeInBytes];
    private readonly byte[] hashBeforeSegment = new byte[SHA256.HashSizeInBytes];
    private byte[] lines = new byte[4096];
    private SegmentFile file;
    private DateTimeOffset openedAt;
    private long length;
    private int segment;
    private long firstNumber;
    private long lastNumber;
    private long change;
    private long keptThrough; // the last record when the segment was last seen under its name
    private bool isDamaged;
    private bool mustRoll;
    private volatile bool hasFailed;
    private long writingSince; // a timestamp of the clock while a write is under way, else 0

    private AuditLog(string directory, AuditLogOptions options, TimeProvider time, SegmentFile file, int segment, LogEnd end)
    {
        (this.directory, this.options, this.time, this.file, this.segment) = (directory, options, time, file, segment);
        openedAt = time.GetUtcNow();
        length = file.Length;
        (firstNumber, lastNumber, change) = (end.FirstOfSegment, end.Last, end.Change);
        end.Hash.CopyTo(hash, 0);
        end.HashBeforeSegment.CopyTo(hashBeforeSegment, 0);
    }

    /// <summary>Called with the end of a segment once nothing more is added to it, before the next one takes a record.</summary>
    public Action<LogHead>? Closing { get; set; }

    /// <summary>True while the last append failed, or hangs; the next one that succeeds clears it.</summary>
    public bool IsFailing => hasFailed || Hangs;

    /// <summary>Whether there is room for more than a line or two: a short line may still fit where the next record does not.</summary>
    public bool HasRoom => new DriveInfo(directory).AvailableFreeSpace >= MinFreeBytes;

    /// <summary>The number of the segment that takes records now; all before it are closed.</summary>
    public int Segment => Volatile.Read(ref segment);

    /// <summary>Where the log ends now.</summary>
    public LogHead Head
    {
        get
        {
            lock (gate)
                return NewHead();
        }
    }

    private bool Hangs => Volatile.Read(ref writingSince) is var since and not 0 && time.GetElapsedTime(since) > Patience;

    /// <summary>Opens the newest segment, or the first. A line cut off by a crash was never answered; it is removed.</summary>
    /// <param name="directory">Made when missing, mode 0700.</param>
    /// <param name="least">A record that is known to have been written; when the log ends before it, the next ones are numbered from there.</param>
    public static AuditLog Open(string directory, AuditLogOptions options, TimeProvider time, long least = 0)
    {
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var newest = AuditSegments.List(directory).LastOrDefault();
        // A compressed segment is closed for good, and the chain begins in a segment of its own.
        var isUnchained = newest is { IsCompressed: false } && LogEnd.IsUnchained(newest);
        if (isUnchained)
        {
            using var old = options.Open(newest!.Path);
            CutTornLine(old);
        }

        var number = newest is null ? 1 : newest.IsCompressed || isUnchained ? newest.Number + 1 : newest.Number;
        var file = options.Open(PathOf(directory, number));
        try
        {
            DirectorySync.Flush(directory);
            CutTornLine(file);
            var end = LogEnd.Find(directory, number, file);
            if (end.Last < least)
                end = end with { Last = least, FirstOfSegment = file.Length == 0 ? least + 1 : end.FirstOfSegment };
            return new AuditLog(directory, options, time, file, number, end);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    public static string PathOf(string directory, int segment) => AuditSegments.PathOf(directory, segment, AuditSegments.PlainSuffix);

    /// <summary>Appends lines.</summary>
    /// <param name="records">JSON objects, each with a line feed at its end.</param>
    /// <param name="sequence">The store's change sequence with the records; 0 when they belong to no change.</param>
    /// <exception cref="AuditUnavailableException">They could not be written; the log ends with the line before them.</exception>
    public void Append(ReadOnlySpan<byte> records, long sequence = 0)
    {
        // Whoever comes while a write hangs is refused at once: waiting would take the thread from those who can be answered.
        if (Hangs || !gate.TryEnter(Patience))
            throw Unavailable("a write does not come back", null);
        try
        {
            if (isDamaged)
                Repair();
            if (mustRoll || length >= options.SegmentBytes)
                Roll();
            Write(records, Math.Max(change, sequence));
            hasFailed = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            hasFailed = true;
            throw Unavailable(e.Message, e);
        }
        finally
        {
            Volatile.Write(ref writingSince, 0);
            gate.Exit();
        }
    }

    /// <summary>Makes everything appended so far survive a power loss.</summary>
    public void FlushToDisk()
    {
        SegmentFile current;
        lock (gate)
            current = file;
        try
        {
            current.FlushToDisk();
        }
        catch (ObjectDisposedException)
        {
            // Closed in between, which flushes.
        }
    }

    /// <summary>Closes the segment when it has been open for long enough and holds anything.</summary>
    public void RollIfDue()
    {
        lock (gate)
        {
            if (!isDamaged && length > 0 && time.GetUtcNow() - openedAt >= options.SegmentAge)
                Roll();
        }
    }

    /// <summary>Whether the open segment still has its name. A file that was deleted takes every line and keeps none.</summary>
    /// <returns>False when it was gone: the log goes on in a new segment.</returns>
    public bool KeepsItsPlace()
    {
        lock (gate)
        {
            // Only what came since can be lost.
            if (lastNumber == keptThrough)
                return true;
            if (File.Exists(PathOf(directory, segment)))
            {
                keptThrough = lastNumber;
                return true;
            }

            try
            {
                Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                Roll();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The next append tries again, and refuses as long as there is no place.
                (hasFailed, mustRoll) = (true, true);
            }

            return false;
        }
    }

    /// <summary>Closes the segment now, when it holds anything.</summary>
    public void CloseSegment()
    {
        lock (gate)
        {
            if (length > 0)
                Roll();
        }
    }

    /// <summary>The event ids of the newest lines, so that the outbox can tell which of its records are already here.</summary>
    /// <param name="since">Segments last written before this are not read, except the newest.</param>
    public IReadOnlySet<Guid> RecentEventIds(DateTimeOffset since)
    {
        var ids = new HashSet<Guid>();
        foreach (var part in AuditSegments.List(directory).Where(s => s.Number == segment || s.LastWrittenUtc >= since.UtcDateTime))
        {
            using var reader = new StreamReader(part.OpenRead());
            while (reader.ReadLine() is { } line)
            {
                if (CloudTrailRecord.TryReadEventId(line, out var id))
                    ids.Add(id);
            }
        }

        return ids;
    }

    public void Dispose()
    {
        lock (gate)
        {
            try
            {
                file.FlushToDisk();
            }
            catch (ObjectDisposedException)
            {
                return;
            }

            file.Dispose();
        }
    }

    private void Write(ReadOnlySpan<byte> records, long changeNow)
    {
        Span<byte> last = stackalloc byte[SHA256.HashSizeInBytes];
        hash.CopyTo(last);
        var (number, used) = (lastNumber, 0);
        while (!records.IsEmpty)
        {
            var record = records[..records.IndexOf((byte)'\n')];
            records = records[(record.Length + 1)..];
            Reserve(used, record.Length + ChainLink.MaxBytes);
            var line = lines.AsSpan(used, ChainLink.Write(lines.AsSpan(used), record, ++number, changeNow, last));
            SHA256.HashData(line, last);
            used += line.Length;
            lines[used++] = (byte)'\n';
        }

        // A partial write must not leave half a line: mark the damage first, clear it when all is written.
        isDamaged = true;
        Volatile.Write(ref writingSince, time.GetTimestamp());
        file.Write(lines.AsSpan(0, used), length);
        isDamaged = false;
        length += used;
        (lastNumber, change) = (number, changeNow);
        last.CopyTo(hash);
    }

    private void Reserve(int used, int more)
    {
        if (lines.Length - used >= more)
            return;
        Array.Resize(ref lines, Math.Max(lines.Length * 2, used + more));
    }

    private LogHead NewHead() => new(
        segment, firstNumber, lastNumber, change, length, Convert.ToBase64String(hashBeforeSegment), Convert.ToBase64String(hash));

    private void Roll()
    {
        // From here on nothing may be added to this segment, also when the next steps fail and are tried again.
        mustRoll = true;
        file.FlushToDisk();
        Closing?.Invoke(NewHead());
        var next = options.Open(PathOf(directory, segment + 1));
        try
        {
            // What is flushed to a file that then has no name is lost all the same.
            DirectorySync.Flush(directory);
        }
        catch
        {
            next.Dispose();
            throw;
        }

        file.Dispose();
        (file, segment, length, openedAt, mustRoll) = (next, segment + 1, 0, time.GetUtcNow(), false);
        firstNumber = lastNumber + 1;
        hash.CopyTo(hashBeforeSegment, 0);
    }

    // After a failed write the file may be longer than what was acknowledged, or the disk may have been exchanged under us.
    private void Repair()
    {
        file.Truncate(length);
        isDamaged = false;
    }

    private AuditUnavailableException Unavailable(string reason, Exception? inner) => new(
        $"The audit log in {directory} can't be written ({reason}). Free space or make it writable; calls are refused until then.", inner);

    private static void CutTornLine(SegmentFile file)
    {
        var end = file.Length;
        if (end == 0)
            return;
        Span<byte> last = stackalloc byte[1];
        while (end > 0 && file.Read(last, end - 1) == 1 && last[0] != (byte)'\n')
            end--;
        if (end != file.Length)
            file.Truncate(end);
    }
}

/// <summary>How the log is kept.</summary>
/// <param name="SegmentBytes">A segment is closed when it has grown past this.</param>
/// <param name="SegmentAge">A segment is closed when it has been open for this long and holds anything.</param>
/// <param name="Open">Opens or makes a segment's file.</param>
internal sealed record AuditLogOptions(long SegmentBytes, TimeSpan SegmentAge, Func<string, SegmentFile> Open)
{
    public static AuditLogOptions Default { get; } = new(256L << 20, TimeSpan.FromDays(1), path => new SegmentFile(path));
}

/// <summary>The end of the log, or of a segment that was closed.</summary>
/// <param name="First">The number of the segment's first record, written or to come.</param>
/// <param name="Last">The number of the last record; <paramref name="First"/> less one while the segment is empty.</param>
/// <param name="Change">The highest change sequence in the log.</param>
/// <param name="Bytes">The segment's length.</param>
/// <param name="Previous">The hash of the line before the segment's first, in base64.</param>
/// <param name="Hash">The hash of the last line, in base64.</param>
internal sealed record LogHead(int Segment, long First, long Last, long Change, long Bytes, string Previous, string Hash);

/// <summary>A record could not be written, so the call must not be answered. The message names the directory, no data.</summary>
internal sealed class AuditUnavailableException(string message, Exception? inner) : Exception(message, inner);
