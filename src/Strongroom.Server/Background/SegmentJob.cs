using Strongroom.Server.Audit;
using Strongroom.Server.Audit.Lookup;

namespace Strongroom.Server.Background;

/// <summary>
/// Gives closed segments of the audit log their indexes and compresses them. The directory belongs to one server, so there is no lease; interrupted
/// anywhere, the next run goes on.
/// </summary>
/// <param name="newest">The number of the segment that is written now: only when it has changed is there anything to do.</param>
internal sealed class SegmentJob(string auditDirectory, Func<int> newest, AuditIndexes indexes, bool compress)
{
    private readonly HashSet<int> looked = [];
    private int doneBefore;

    /// <returns>How many segments were compressed.</returns>
    public Task<int> RunAsync(CancellationToken ct) => newest() == doneBefore ? Task.FromResult(0) : Task.Run(() => RunUpTo(newest(), ct), ct);

    private int RunUpTo(int open, CancellationToken ct)
    {
        var compressed = Run(ct);
        // Not after a failure: the next run tries again.
        doneBefore = open;
        return compressed;
    }

    private int Run(CancellationToken ct)
    {
        RemoveLeftovers();
        var segments = AuditSegments.List(auditDirectory);
        RemoveOrphans(segments);
        var done = 0;
        foreach (var segment in segments.Where(segment => segment.IsClosed))
        {
            ct.ThrowIfCancellationRequested();
            indexes.Ensure(segment, looked.Add(segment.Number), ct);
            if (segment.IsCompressed)
                continue;
            // Where both forms are, a kill came between the two steps, or before the first was whole.
            File.Delete(segment.CompressedPath);
            if (!compress || !File.Exists(segment.PlainPath))
                continue;
            SegmentCompression.Run(segment, ct);
            done++;
        }

        return done;
    }

    // Only this server writes such files; a lookup that is writing an index at this moment goes on with what it has in memory.
    private void RemoveLeftovers()
    {
        foreach (var ending in new[] { AuditSegments.CompressedSuffix, SegmentIndexFile.Suffix })
        {
            foreach (var path in Directory.EnumerateFiles(auditDirectory, "audit-*" + ending + SegmentCompression.Unfinished))
                File.Delete(path);
        }
    }

    // Segments go when their time of retention is over.
    private void RemoveOrphans(IReadOnlyList<AuditSegment> segments)
    {
        var wanted = segments.Where(segment => segment.IsClosed).Select(SegmentIndexFile.PathOf).ToHashSet(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(auditDirectory, "audit-*" + SegmentIndexFile.Suffix).Where(path => !wanted.Contains(path)))
            File.Delete(path);
    }
}
