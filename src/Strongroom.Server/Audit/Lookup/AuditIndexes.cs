namespace Strongroom.Server.Audit.Lookup;

/// <summary>
/// The indexes of an audit directory's segments: files beside closed ones, which are made when they are missing or damaged, and one in memory for the
/// newest, which grows with it. Safe for concurrent use.
/// </summary>
/// <param name="mayWrite">Whether index files are written; readers beside a server leave that to it, and index in memory what has none.</param>
internal sealed class AuditIndexes(string directory, bool mayWrite) : IDisposable
{
    // The clock may have been set between a call's begin, which dates it, and its record.
    private static readonly TimeSpan ClockSteps = TimeSpan.FromMinutes(1);

    private readonly Lock gate = new();
    private readonly HashSet<int> distrusted = [];
    private OpenSegment? open;

    public IReadOnlyList<AuditSegment> Segments() => Directory.Exists(directory) ? AuditSegments.List(directory) : [];

    /// <summary>The latest time that an event of a segment can have, without making an index for it.</summary>
    public uint LatestOf(AuditSegment segment)
    {
        if (!segment.IsClosed)
            return uint.MaxValue;
        using var file = TryOpenFile(segment);
        return file?.Times.Max
            ?? (uint)Math.Clamp(new DateTimeOffset(segment.LastWrittenUtc + ClockSteps, TimeSpan.Zero).ToUnixTimeSeconds(), 0, uint.MaxValue);
    }

    /// <returns>Null when the segment has been removed. To be disposed.</returns>
    public ISegmentIndex? Get(AuditSegment segment, CancellationToken ct)
    {
        if (!segment.IsClosed)
            return FollowOpen(segment, ct);
        return TryOpenFile(segment) ?? Make(segment, ct);
    }

    /// <summary>Makes the file of a closed segment when there is none that fits. The first look at one reads the whole of it.</summary>
    public void Ensure(AuditSegment segment, bool isFirstLook, CancellationToken ct)
    {
        using (var file = TryOpenFile(segment))
        {
            if (file is not null && (!isFirstLook || file.IsIntact()))
                return;
        }

        Discard(segment.Number);
        Make(segment, ct)?.Dispose();
    }

    /// <summary>After an index turned out to be damaged: the next look at it makes a new one.</summary>
    public void Discard(int segment)
    {
        lock (gate)
        {
            distrusted.Add(segment);
            if (open?.Number == segment)
                DropOpen();
        }
    }

    public void Dispose()
    {
        lock (gate)
            DropOpen();
    }

    private SegmentIndexFile? TryOpenFile(AuditSegment segment)
    {
        lock (gate)
        {
            if (distrusted.Contains(segment.Number))
                return null;
        }

        var file = SegmentIndexFile.TryOpen(segment);
        // An index of another text, as after a restored copy, would hide what it does not know.
        if (file is null || new FileInfo(segment.PlainPath) is not { Exists: true, Length: var length } || file.TextLength == length)
            return file;
        file.Dispose();
        return null;
    }

    private MemoryIndex? FollowOpen(AuditSegment segment, CancellationToken ct)
    {
        lock (gate)
        {
            if (open is not null && (open.Number != segment.Number || !open.IsStillThere(segment)))
                KeepOrDropOpen(segment, ct);
            open ??= OpenSegment.TryOpen(segment);
            open?.CatchUp(ct);
            return open?.Index;
        }
    }

    private ISegmentIndex? Make(AuditSegment segment, CancellationToken ct)
    {
        lock (gate)
        {
            if (TryOpenFile(segment) is { } made)
                return made;
            if (open?.Number == segment.Number && open.IsStillThere(segment))
            {
                open.CatchUp(ct);
                var kept = open.Index;
                Write(segment, kept, open.TextLength);
                DropOpen();
                return kept;
            }

            using var reader = AuditSegments.TryOpen(segment);
            if (reader is null)
                return null;
            var index = new MemoryIndex();
            index.AddAll(reader, ct);
            Write(segment, index, reader.Offset + reader.UnfinishedBytes);
            return index;
        }
    }

    // The newest segment has been followed by another: what is known of it becomes its file.
    private void KeepOrDropOpen(AuditSegment newest, CancellationToken ct)
    {
        if (open!.Number < newest.Number)
            Make(newest with { Number = open.Number, IsClosed = true }, ct);
        DropOpen();
    }

    private void Write(AuditSegment segment, MemoryIndex index, long textLength)
    {
        if (!mayWrite)
            return;
        try
        {
            Hosting.DataDirectory.WritePrivate(SegmentIndexFile.PathOf(segment), index.ToFile(segment.Number, textLength));
            distrusted.Remove(segment.Number);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A full disk does not stand in the way of reading; the next look tries again.
        }
    }

    private void DropOpen()
    {
        open?.Dispose();
        open = null;
    }

    /// <summary>The newest segment as far as it has been read.</summary>
    private sealed class OpenSegment(AuditSegment segment, AuditSegmentReader reader) : IDisposable
    {
        private (long Offset, byte[] Line) last = (-1, []);

        public int Number => segment.Number;

        public MemoryIndex Index { get; } = new();

        public long TextLength => reader.Offset + reader.UnfinishedBytes;

        public static OpenSegment? TryOpen(AuditSegment segment) =>
            AuditSegments.TryOpen(segment) is { } reader ? new OpenSegment(segment, reader) : null;

        /// <summary>Whether the last line read is still where it was: a writer that could not finish takes its lines back.</summary>
        public bool IsStillThere(AuditSegment now)
        {
            if (last.Offset < 0)
                return true;
            using var text = SegmentText.TryOpen(now);
            return text is not null && text.Read(last.Offset).Span.SequenceEqual(last.Line);
        }

        public void CatchUp(CancellationToken ct)
        {
            for (var offset = reader.Offset; reader.TryReadLine(out var line); offset = reader.Offset)
            {
                ct.ThrowIfCancellationRequested();
                if (LoggedEvent.TryParse(line.Span) is { } found)
                    Index.Add(found, offset);
                Remember(offset, line.Span);
            }
        }

        public void Dispose() => reader.Dispose();

        private void Remember(long offset, ReadOnlySpan<byte> line)
        {
            if (last.Line.Length != line.Length)
                last.Line = new byte[line.Length];
            line.CopyTo(last.Line);
            last.Offset = offset;
        }
    }
}
