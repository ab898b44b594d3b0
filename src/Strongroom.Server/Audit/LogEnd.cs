using System.Security.Cryptography;

namespace Strongroom.Server.Audit;

/// <summary>Where a log goes on after a start.</summary>
/// <param name="FirstOfSegment">The number of the newest segment's first record, written or to come.</param>
/// <param name="Last">The number of the log's last record; 0 before the first.</param>
/// <param name="Change">The change sequence that the last record names.</param>
/// <param name="HashBeforeSegment">Hash of the line before the newest segment's first.</param>
/// <param name="Hash">Hash of the log's last line.</param>
internal sealed record LogEnd(long FirstOfSegment, long Last, long Change, byte[] HashBeforeSegment, byte[] Hash)
{
    /// <summary>Whether a segment was written before records were chained. An empty one was not.</summary>
    public static bool IsUnchained(AuditSegment segment)
    {
        using var lines = AuditSegments.TryOpen(segment);
        return lines?.TryReadLine(out var line) is true && !ChainLink.TryRead(line.Span, out _);
    }

    private const int ChunkBytes = 64 << 10;

    /// <param name="newest">The newest segment, which ends with a line feed or is empty; null for one that is not there yet.</param>
    public static LogEnd Find(string directory, int number, SegmentFile? newest)
    {
        if (newest is { Length: > 0 })
        {
            var (first, last) = (FirstLine(newest), LastLine(newest));
            var end = ChainLink.TryRead(last, out var link) ? link : new ChainLink(0, 0, ChainLink.Origin);
            var begin = ChainLink.TryRead(first, out var firstLink) ? firstLink : new ChainLink(1, 0, ChainLink.Origin);
            return new LogEnd(begin.Number, end.Number, end.Change, Convert.FromBase64String(begin.Previous), SHA256.HashData(last));
        }

        if (AuditSegments.List(directory).LastOrDefault(s => s.Number < number) is not { } before)
            return Of(new ChainLink(0, 0, ChainLink.Origin), new byte[SHA256.HashSizeInBytes]);
        if (AuditDigest.Find(directory, before.Number) is { IsClosed: true } digest)
            return Of(new ChainLink(digest.Last, digest.Change, ""), Convert.FromBase64String(digest.Hash));
        var line = LastLine(before);
        return ChainLink.TryRead(line, out var lastLink)
            ? Of(lastLink, SHA256.HashData(line))
            : Of(new ChainLink(0, 0, ChainLink.Origin), new byte[SHA256.HashSizeInBytes]);
    }

    private static LogEnd Of(ChainLink last, byte[] hash) => new(last.Number + 1, last.Number, last.Change, hash, hash);

    private static byte[] FirstLine(SegmentFile file)
    {
        for (var size = ChunkBytes; ; size *= 2)
        {
            var chunk = new byte[Math.Min(size, file.Length)];
            file.Read(chunk, 0);
            if (chunk.AsSpan().IndexOf((byte)'\n') is var end and >= 0)
                return chunk[..end];
        }
    }

    private static byte[] LastLine(SegmentFile file)
    {
        for (var size = ChunkBytes; ; size *= 2)
        {
            var chunk = new byte[Math.Min(size, file.Length)];
            file.Read(chunk, file.Length - chunk.Length);
            var start = chunk.AsSpan()[..^1].LastIndexOf((byte)'\n');
            if (start >= 0 || chunk.Length == file.Length)
                return chunk[(start + 1)..^1];
        }
    }

    // Rare: the segment was left without its closing digest.
    private static byte[] LastLine(AuditSegment segment)
    {
        byte[] last = [];
        using var lines = AuditSegments.TryOpen(segment);
        while (lines?.TryReadLine(out var line) is true)
            last = line.ToArray();
        return last;
    }
}
