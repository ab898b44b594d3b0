using System.Globalization;
using Microsoft.Win32.SafeHandles;

namespace Strongroom.Server.Audit;

/// <summary>
/// The append-only log: numbered segment files of one JSON object per line. <see cref="Append"/> returns when the line has reached the
/// operating system; <see cref="FlushToDisk"/> when all earlier lines are on stable storage. Safe for concurrent use.
/// </summary>
internal sealed class AuditLog : IDisposable
{
    /// <summary>A segment is closed when it has grown past this many bytes.</summary>
    private const long SegmentBytes = 256L << 20;

    private const long MinFreeBytes = 64 << 10;

    private const string Prefix = "audit-";
    private const string Suffix = ".jsonl";

    private readonly Lock gate = new();
    private readonly string directory;
    private SafeFileHandle file;
    private long length;
    private int number;
    private bool damaged;

    private AuditLog(string directory, int number)
    {
        this.directory = directory;
        this.number = number;
        file = OpenSegment(number);
        length = RandomAccess.GetLength(file);
    }

    /// <summary>True while the last append failed; the next one that succeeds clears it.</summary>
    public bool IsFailing { get; private set; }

    /// <summary>Whether there is room for more than a line or two: a short line may still fit where the next record does not.</summary>
    public bool HasRoom => new DriveInfo(directory).AvailableFreeSpace >= MinFreeBytes;

    /// <summary>Opens the newest segment, or the first. A line cut off by a crash was never answered; it is removed.</summary>
    /// <param name="directory">Made when missing, mode 0700.</param>
    public static AuditLog Open(string directory)
    {
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var log = new AuditLog(directory, Segments(directory).LastOrDefault((Number: 1, Path: "")).Number);
        log.CutTornLine();
        return log;
    }

    /// <summary>The segment files of a directory, oldest first.</summary>
    public static IEnumerable<(int Number, string Path)> Segments(string directory) =>
        from path in Directory.EnumerateFiles(directory, Prefix + "*" + Suffix)
        let digits = Path.GetFileName(path)[Prefix.Length..^Suffix.Length]
        where int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out _)
        orderby int.Parse(digits, CultureInfo.InvariantCulture)
        select (int.Parse(digits, CultureInfo.InvariantCulture), path);

    /// <summary>Appends one line.</summary>
    /// <param name="line">A JSON object with a line feed at its end.</param>
    /// <exception cref="AuditUnavailableException">It could not be written; the log ends with the line before it.</exception>
    public void Append(ReadOnlySpan<byte> line)
    {
        lock (gate)
        {
            try
            {
                if (damaged)
                    Repair();
                if (length >= SegmentBytes)
                    Roll();
                // A partial write must not leave half a line: mark the damage first, clear it when all is written.
                damaged = true;
                RandomAccess.Write(file, line, length);
                damaged = false;
                length += line.Length;
                IsFailing = false;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
            {
                IsFailing = true;
                throw new AuditUnavailableException(
                    $"The audit log in {directory} can't be written ({e.Message}). Free space or make it writable; calls are refused until then.", e);
            }
        }
    }

    /// <summary>Makes everything appended so far survive a power loss.</summary>
    public void FlushToDisk()
    {
        SafeFileHandle current;
        lock (gate)
            current = file;
        RandomAccess.FlushToDisk(current);
    }

    /// <summary>The event ids of the newest lines, so that the outbox can tell which of its records are already here.</summary>
    /// <param name="since">Segments last written before this are not read, except the newest.</param>
    public IReadOnlySet<Guid> RecentEventIds(DateTimeOffset since)
    {
        var ids = new HashSet<Guid>();
        foreach (var (_, path) in Segments(directory).Where(s => s.Number == number || File.GetLastWriteTimeUtc(s.Path) >= since.UtcDateTime))
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(stream);
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
            if (file.IsClosed)
                return;
            RandomAccess.FlushToDisk(file);
            file.Dispose();
        }
    }

    private void Roll()
    {
        RandomAccess.FlushToDisk(file);
        var next = OpenSegment(number + 1);
        file.Dispose();
        (file, number, length) = (next, number + 1, 0);
    }

    // After a failed write the file may be longer than what was acknowledged, or the disk may have been exchanged under us.
    private void Repair()
    {
        RandomAccess.SetLength(file, length);
        damaged = false;
    }

    private void CutTornLine()
    {
        var end = length;
        Span<byte> last = stackalloc byte[1];
        while (end > 0 && RandomAccess.Read(file, last, end - 1) == 1 && last[0] != (byte)'\n')
            end--;
        if (end == length)
            return;
        RandomAccess.SetLength(file, end);
        length = end;
    }

    private SafeFileHandle OpenSegment(int segment)
    {
        var path = Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{segment:D8}{Suffix}"));
        var handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(handle, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return handle;
    }
}

/// <summary>A record could not be written, so the call must not be answered. The message names the directory, no data.</summary>
internal sealed class AuditUnavailableException(string message, Exception inner) : Exception(message, inner);
