using Microsoft.Win32.SafeHandles;

namespace Strongroom.Server.Audit.Lookup;

/// <summary>Reads single lines of a segment by where they begin. Not for use by several threads at once.</summary>
internal sealed class SegmentText : IDisposable
{
    private const int ChunkBytes = 4 << 10;
    private const int MaxLineBytes = 16 << 20;

    private readonly AuditSegment segment;
    private readonly SafeFileHandle file;
    private readonly IReadOnlyList<SegmentMembers.Member>? members;
    private readonly bool isCompressed;
    private byte[] buffer = new byte[ChunkBytes];
    private int current = -1;
    private byte[] text = [];

    private SegmentText(AuditSegment segment, SafeFileHandle file, bool isCompressed)
    {
        (this.segment, this.file, this.isCompressed) = (segment, file, isCompressed);
        members = isCompressed ? SegmentMembers.TryList(file) : null;
    }

    /// <returns>Null when the segment has been removed.</returns>
    public static SegmentText? TryOpen(AuditSegment segment) =>
        TryOpen(segment, segment.PlainPath, false) ?? TryOpen(segment, segment.CompressedPath, true) ?? TryOpen(segment, segment.PlainPath, false);

    /// <summary>A line without its line feed, valid until the next call.</summary>
    /// <returns>Empty when there is no line at that place, or it can't be read.</returns>
    public ReadOnlyMemory<byte> Read(long offset)
    {
        // A damaged index may name any number.
        if (offset < 0)
            return default;
        try
        {
            return !isCompressed ? ReadPlain(offset) : members is not null ? ReadMember(offset) : ReadThrough(offset);
        }
        catch (InvalidDataException)
        {
            // `audit verify` reports damage; a lookup shows what can be read.
            return default;
        }
    }

    public void Dispose() => file.Dispose();

    private static SegmentText? TryOpen(AuditSegment segment, string path, bool isCompressed)
    {
        try
        {
            return new SegmentText(segment, File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete), isCompressed);
        }
        catch (FileNotFoundException)
        {
            // Compressed or removed meanwhile.
            return null;
        }
    }

    private ReadOnlyMemory<byte> ReadPlain(long offset)
    {
        for (var length = 0; length < MaxLineBytes;)
        {
            if (length == buffer.Length)
                Array.Resize(ref buffer, buffer.Length * 2);
            var read = RandomAccess.Read(file, buffer.AsSpan(length), offset + length);
            if (read == 0)
                return default;
            var feed = buffer.AsSpan(length, read).IndexOf((byte)'\n');
            if (feed >= 0)
                return buffer.AsMemory(0, length + feed);
            length += read;
        }

        return default;
    }

    private ReadOnlyMemory<byte> ReadMember(long offset)
    {
        var (low, high) = (0, members!.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            (low, high) = members[middle].TextOffset <= offset ? (middle, high) : (low, middle - 1);
        }

        if (high < 0 || offset - members[low].TextOffset >= members[low].TextLength)
            return default;
        if (current != low)
        {
            text = SegmentMembers.Read(file, members[low]);
            current = low;
        }

        var line = text.AsMemory((int)(offset - members[low].TextOffset));
        var feed = line.Span.IndexOf((byte)'\n');
        return feed < 0 ? default : line[..feed];
    }

    // A gzip file of another hand: from its beginning each time.
    private ReadOnlyMemory<byte> ReadThrough(long offset)
    {
        using var reader = AuditSegments.TryOpen(segment, offset);
        return reader is not null && reader.TryReadLine(out var line) ? line : default;
    }
}
