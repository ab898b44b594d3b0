using System.Globalization;
using System.IO.Compression;

namespace Strongroom.Server.Audit;

/// <summary>One numbered file of the audit log, in whichever form it was when it was listed.</summary>
/// <param name="IsClosed">A newer segment exists, so nothing is appended to this one any more.</param>
internal sealed record AuditSegment(string Directory, int Number, bool IsCompressed, bool IsClosed)
{
    private const int BufferBytes = 64 << 10;

    public string PlainPath => AuditSegments.PathOf(Directory, Number, AuditSegments.PlainSuffix);

    public string CompressedPath => AuditSegments.PathOf(Directory, Number, AuditSegments.CompressedSuffix);

    /// <summary>The file that was there when the directory was listed.</summary>
    public string Path => IsCompressed ? CompressedPath : PlainPath;

    /// <summary>When a record was last appended: compression keeps the time. Long ago when the segment has been removed.</summary>
    public DateTime LastWrittenUtc
    {
        get
        {
            var (plain, compressed) = (File.GetLastWriteTimeUtc(PlainPath), File.GetLastWriteTimeUtc(CompressedPath));
            return plain > compressed ? plain : compressed;
        }
    }

    /// <summary>Its whole text, uncompressed, in the form it has by now. Of the newest segment the last line may be half-written.</summary>
    /// <exception cref="FileNotFoundException">It was removed: its time of retention is over.</exception>
    /// <exception cref="InvalidDataException">While reading: a compressed segment is damaged.</exception>
    public Stream OpenRead() =>
        AuditSegments.TryOpenFile(PlainPath, BufferBytes) ?? (Stream?)TryDecompress() ?? AuditSegments.TryOpenFile(PlainPath, BufferBytes)
        ?? throw new FileNotFoundException($"Segment {Number} of the audit log has been removed.", Path);

    private GZipStream? TryDecompress() =>
        AuditSegments.TryOpenFile(CompressedPath) is { } file ? new GZipStream(file, CompressionMode.Decompress) : null;
}

/// <summary>
/// The segment files of an audit directory: <c>audit-NNNNNNNN.jsonl</c>, and <c>audit-NNNNNNNN.jsonl.gz</c> for closed ones that were compressed.
/// Reading needs no lock and no server: it is safe beside one that appends, compresses and removes.
/// </summary>
internal static class AuditSegments
{
    public const string PlainSuffix = ".jsonl";
    public const string CompressedSuffix = ".jsonl.gz";

    private const string Prefix = "audit-";

    public static string PathOf(string directory, int number, string suffix) =>
        Path.Combine(directory, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number:D8}{suffix}"));

    /// <summary>Oldest first, each segment once: where both forms exist the plain one counts, because the other may not be complete.</summary>
    /// <exception cref="IOException">The directory is not there or can't be read.</exception>
    public static IReadOnlyList<AuditSegment> List(string directory)
    {
        // Reading a directory is no snapshot: between the two looks at a segment that is being compressed its plain file may go after its
        // compressed one was not there yet. Whatever one pass misses that way stands in the next.
        var plain = new SortedDictionary<int, bool>();
        for (var pass = 0; pass < 2; pass++)
        {
            foreach (var path in Directory.EnumerateFiles(directory, Prefix + "*"))
            {
                if (TryParse(path, out var number, out var isCompressed))
                    plain[number] = !isCompressed || plain.GetValueOrDefault(number);
            }
        }

        var newest = plain.Count == 0 ? 0 : plain.Keys.Max();
        return [.. plain.Select(entry => new AuditSegment(directory, entry.Key, IsCompressed: !entry.Value, IsClosed: entry.Key < newest))];
    }

    /// <summary>Opens a segment in the form it has by now; null when it has been removed since it was listed.</summary>
    /// <param name="offset">Byte of the uncompressed text to begin at: the start of a line.</param>
    public static AuditSegmentReader? TryOpen(AuditSegment segment, long offset = 0) =>
        // Plain, compressed, and plain again for the unlikely one whose compressed form was thrown away and is made anew.
        TryOpenPlain(segment, offset) ?? TryOpenCompressed(segment, offset) ?? TryOpenPlain(segment, offset);

    private static AuditSegmentReader? TryOpenPlain(AuditSegment segment, long offset) =>
        TryOpenFile(segment.PlainPath) is { } file ? new AuditSegmentReader(file, isCompressed: false, offset) : null;

    private static AuditSegmentReader? TryOpenCompressed(AuditSegment segment, long offset) =>
        TryOpenFile(segment.CompressedPath) is { } file ? new AuditSegmentReader(file, isCompressed: true, offset) : null;

    internal static FileStream? TryOpenFile(string path, int bufferBytes = 0)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferBytes);
        }
        catch (FileNotFoundException)
        {
            // Compressed or removed since the directory was listed.
            return null;
        }
    }

    private static bool TryParse(string path, out int number, out bool isCompressed)
    {
        var name = Path.GetFileName(path.AsSpan());
        isCompressed = name.EndsWith(CompressedSuffix, StringComparison.Ordinal);
        number = 0;
        var suffix = isCompressed ? CompressedSuffix : PlainSuffix;
        // Eight digits or more, as they are written: anything else is not ours.
        return name.EndsWith(suffix, StringComparison.Ordinal)
            && name.Length >= Prefix.Length + 8 + suffix.Length
            && int.TryParse(name[Prefix.Length..^suffix.Length], NumberStyles.None, CultureInfo.InvariantCulture, out number)
            && number > 0
            && name.SequenceEqual(string.Create(CultureInfo.InvariantCulture, $"{Prefix}{number:D8}{suffix}"));
    }
}

/// <summary>
/// Reads a segment line by line. A last line without its line feed is still being written, or was cut off: it is not returned, and once it is
/// complete the next call returns it, so that the newest segment can be followed. Not for use by several threads at once.
/// </summary>
internal sealed class AuditSegmentReader : IDisposable
{
    /// <summary>No record is nearly as long: the audit records of the largest requests have less than half a megabyte.</summary>
    private const int MaxLineBytes = 16 << 20;

    private const int ChunkBytes = 128 << 10;

    private readonly FileStream file;
    private readonly Stream text;
    private byte[] buffer = new byte[ChunkBytes];
    private int start; // of the next line in the buffer
    private int searched; // no line feed between start and here
    private int end;

    internal AuditSegmentReader(FileStream file, bool isCompressed, long offset)
    {
        this.file = file;
        IsCompressed = isCompressed;
        // A sequence of gzip members is read through; a plain file is left where the last read ended, so that it can grow.
        text = isCompressed ? new GZipStream(file, CompressionMode.Decompress) : file;
        Offset = offset;
        try
        {
            Skip(offset);
        }
        catch
        {
            text.Dispose();
            throw;
        }
    }

    public bool IsCompressed { get; }

    /// <summary>Where the next line begins in the uncompressed text.</summary>
    public long Offset { get; private set; }

    /// <summary>Bytes after the last complete line when the end was last met: more than none in a closed segment is a cut-off line.</summary>
    public int UnfinishedBytes { get; private set; }

    /// <summary>The next complete line without its line feed, valid until the next call.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="InvalidDataException">A compressed segment is damaged, or a line is longer than any record.</exception>
    public bool TryReadLine(out ReadOnlyMemory<byte> line)
    {
        while (true)
        {
            var feed = buffer.AsSpan(searched, end - searched).IndexOf((byte)'\n');
            if (feed >= 0)
            {
                feed += searched;
                line = buffer.AsMemory(start, feed - start);
                Offset += feed + 1 - start;
                start = searched = feed + 1;
                return true;
            }

            searched = end;
            if (!TryFill())
            {
                LetGoOfUnfinished();
                line = default;
                return false;
            }
        }
    }

    public void Dispose()
    {
        text.Dispose();
        file.Dispose();
    }

    // What a writer had to give up may be written over: the next look at a plain file begins at the line's start again.
    private void LetGoOfUnfinished()
    {
        UnfinishedBytes = end - start;
        if (IsCompressed)
            return;
        file.Position = Offset;
        start = searched = end = 0;
    }

    private bool TryFill()
    {
        if (start > 0)
        {
            buffer.AsSpan(start, end - start).CopyTo(buffer);
            (end, searched, start) = (end - start, searched - start, 0);
        }

        if (end == buffer.Length)
        {
            if (buffer.Length >= MaxLineBytes)
                throw new InvalidDataException($"A line of {file.Name} is longer than any audit record.");
            Array.Resize(ref buffer, buffer.Length * 2);
        }

        var read = text.Read(buffer.AsSpan(end));
        end += read;
        return read > 0;
    }

    private void Skip(long bytes)
    {
        if (!IsCompressed)
        {
            file.Position = bytes;
            return;
        }

        while (bytes > 0 && text.Read(buffer.AsSpan(0, (int)Math.Min(buffer.Length, bytes))) is > 0 and var read)
            bytes -= read;
    }
}
