using System.Security.Cryptography;

namespace Strongroom.Server.Audit;

/// <summary>Something in an audit log that is not as it was written.</summary>
/// <param name="File">The segment's or digest's file name.</param>
/// <param name="Line">Counted from 1 in the uncompressed segment; 0: the file as a whole.</param>
/// <param name="Record">The record's number in the chain; 0 when it has none.</param>
/// <param name="EventId">The record's <c>eventID</c>, where it can be read.</param>
public sealed record AuditFinding(string File, long Line, long Record, Guid? EventId, string Text);

/// <summary>What a check of an audit log came to.</summary>
/// <param name="Records">How many records were read.</param>
/// <param name="SignedThrough">The last record that a digest with a good signature covers; 0 when none does.</param>
/// <param name="UncheckedSegments">Segments of before records were chained, which can't be checked.</param>
public sealed record AuditVerification(long Segments, long UncheckedSegments, long Records, long First, long Last, long SignedThrough, IReadOnlyList<AuditFinding> Findings);

/// <summary>Checks an audit directory against its chain and its digests. Reads only, so a server may be writing meanwhile.</summary>
/// <param name="key">Null: signatures are not checked.</param>
/// <param name="known">The newest digest that the store knows, null when it knows none: the log must hold what that one states.</param>
internal sealed class AuditVerifier(string directory, DigestVerifier? key, AuditDigest? known, Action<long>? progress = null)
{
    // A log that was rewritten from its beginning would give a finding a record; the first ones say all.
    private const int MaxFindings = 1000;
    private const long RecordsBetweenProgress = 50_000;

    private readonly List<AuditFinding> findings = [];
    private Position at = new(0, 0, ChainLink.Origin, null);
    private Guid? log;
    private long first;
    private long records;
    private long signedThrough;
    private bool isSure = true; // whether the hash before the next record is known

    public AuditVerification Verify()
    {
        var segments = AuditSegments.List(directory);
        if (segments.Count > 0)
            Begin(segments[0]);
        // What was written before there was a chain can't be checked. It can't hide anything either: the chain still has to begin with record 1.
        var unchained = segments.TakeWhile(s => !File.Exists(AuditDigest.PathOf(directory, s.Number)) && LogEnd.IsUnchained(s)).Count();
        segments = [.. segments.Skip(unchained)];
        var previous = segments.Count == 0 ? 0 : segments[0].Number - 1;
        foreach (var segment in segments)
        {
            for (var missing = previous + 1; missing < segment.Number; missing++)
                Find(Path.GetFileName(AuditLog.PathOf(directory, missing)), 0, 0, null, "The segment is missing.");
            previous = segment.Number;
            Check(segment, isNewest: segment == segments[^1]);
        }

        CompareWithKnown(segments);
        return new AuditVerification(segments.Count, unchained, records, first, at.Number, signedThrough, findings);
    }

    /// <summary>Checks a single segment and gives its end, for one that was left without its closing digest. Null when there are findings.</summary>
    public LogHead? CheckAlone(AuditSegment segment, LogEnd begin)
    {
        at = new Position(begin.Last, begin.Change, Convert.ToBase64String(begin.Hash), null);
        var bytes = CheckLines(segment, ReadDigest(segment.Number), isNewest: true);
        return findings.Count > 0 ? null
            : new LogHead(segment.Number, begin.Last + 1, at.Number, at.Change, bytes, Convert.ToBase64String(begin.Hash), at.Hash);
    }

    // Where a log does not begin with segment 1, what stood before was removed with a signed statement, or by somebody else.
    private void Begin(AuditSegment oldest)
    {
        if (oldest.Number == 1)
            return;
        var path = AuditRemoval.PathOf(directory);
        var name = Path.GetFileName(path);
        var statement = SignedStatement.TryRead(path);
        var removal = statement?.Removal;
        if (removal is null || removal.Through != oldest.Number - 1)
        {
            Find(Path.GetFileName(oldest.Path), 0, 0, null, $"Segments 1 to {oldest.Number - 1} are missing, and no statement says that they were removed.");
            isSure = false;
            return;
        }

        if (key is not null && !statement!.IsSignedWith(key))
            Find(name, 0, 0, null, "The statement about removed segments is not signed by this installation.");
        log = removal.Log;
        at = new Position(removal.Last, 0, removal.Hash, null);
    }

    private void Check(AuditSegment segment, bool isNewest)
    {
        // Before the lines: the digest of a growing segment must not be newer than what is read of it.
        var digest = ReadDigest(segment.Number);
        if (digest is null)
        {
            if (!isNewest || (known is not null && known.Segment >= segment.Number && known.Last >= at.Number + 1))
                Find(DigestName(segment.Number), 0, 0, null, "The segment's digest is missing, so nothing vouches for its records.");
        }
        else if (!isNewest && !digest.IsClosed)
        {
            Find(DigestName(segment.Number), 0, 0, null, "The digest does not close the segment, though another one follows: it is an older one, or the server ended in between and has not been started since.");
        }

        CheckLines(segment, digest, isNewest);
    }

    /// <returns>The segment's length, uncompressed.</returns>
    private long CheckLines(AuditSegment segment, AuditDigest? digest, bool isNewest)
    {
        var name = Path.GetFileName(segment.Path);
        if (digest is not null && isSure && (digest.First != at.Number + 1 || digest.Previous != at.Hash))
            Find(DigestName(segment.Number), 0, 0, null, $"The digest begins with record {digest.First} after another record than the segment before ends with.");
        using var lines = AuditSegments.TryOpen(segment) ?? throw new FileNotFoundException($"{name} was removed while it was checked. Run the check again.");
        var line = 0L;
        try
        {
            while (lines.TryReadLine(out var text))
            {
                CheckLine(name, ++line, text.Span);
                if (digest is not null && digest.Last == at.Number)
                    CompareWithDigest(name, line, digest, lines.Offset);
                if (known is not null && known.Segment == segment.Number && known.Last == at.Number && known.Hash != at.Hash)
                    Find(name, line, at.Number, at.EventId, $"Record {at.Number} is not the one that the database knows.");
                if (digest is { IsClosed: true } && at.Number > digest.Last)
                    Find(name, line, at.Number, at.EventId, $"Record {at.Number} was added after the segment was closed.");
            }
        }
        catch (InvalidDataException)
        {
            Find(name, line + 1, 0, null, "The compressed data is damaged; what follows can't be read.");
            isSure = false;
        }

        if (lines.UnfinishedBytes > 0 && (!isNewest || segment.IsCompressed))
            Find(name, line + 1, 0, null, "The segment ends in the middle of a line.");
        if (digest is not null && digest.Last > at.Number)
        {
            Find(name, 0, at.Number + 1, null, $"Records {at.Number + 1} to {digest.Last} are missing at the end of the segment.");
            (at, isSure) = (at with { Number = digest.Last, Hash = digest.Hash, EventId = null }, true);
        }
        else if (digest is not null && digest.Last >= digest.First && key is not null && findings.Count == 0)
        {
            signedThrough = digest.Last;
        }

        return lines.Offset;
    }

    private void CheckLine(string file, long number, ReadOnlySpan<byte> line)
    {
        if (++records % RecordsBetweenProgress == 0)
            progress?.Invoke(records);
        Guid? eventId = CloudTrailRecord.TryReadEventId(System.Text.Encoding.UTF8.GetString(line), out var id) ? id : null;
        if (!ChainLink.TryRead(line, out var link))
        {
            Find(file, number, 0, eventId, "The line is no record of a chained log.");
            return;
        }

        var expected = at.Number + 1;
        if (first == 0)
            first = link.Number;
        if (link.Number > expected)
            Find(file, number, link.Number, eventId, $"{Range(expected, link.Number - 1)} missing before record {link.Number}.");
        else if (link.Number < expected)
            Find(file, number, link.Number, eventId, $"Record {link.Number} stands where record {expected} should: it was moved, repeated or put in.");
        else if (isSure && link.Previous != at.Hash)
            Find(file, number, link.Number, eventId, expected == 1
                ? "Record 1 was changed, or is not the first."
                : $"Record {link.Number} does not follow from record {link.Number - 1} ({at.EventId?.ToString() ?? "event id unreadable"}): one of them was changed.");
        if (link.Change < at.Change)
            Find(file, number, link.Number, eventId, $"Record {link.Number} names change {link.Change} of the store, an earlier record {at.Change}: one of them was changed.");
        isSure = true;
        at = new Position(link.Number, Math.Max(link.Change, at.Change), Convert.ToBase64String(SHA256.HashData(line)), eventId);
    }

    private void CompareWithDigest(string file, long line, AuditDigest digest, long position)
    {
        if (digest.Hash != at.Hash)
            Find(file, line, at.Number, at.EventId, $"Record {at.Number} is not the one that was signed: it was changed.");
        else if (digest.Bytes != position)
            Find(file, line, at.Number, at.EventId, $"Record {at.Number} ends at byte {position} and not, as was signed, at {digest.Bytes}: something was put in or taken out before it.");
        if (digest.Change != at.Change)
            Find(DigestName(digest.Segment), 0, at.Number, null, $"The digest names change {digest.Change} of the store, its record {at.Change}.");
    }

    private AuditDigest? ReadDigest(int segment)
    {
        var statement = SignedStatement.TryRead(AuditDigest.PathOf(directory, segment));
        if (statement?.Digest is not { } digest)
        {
            if (File.Exists(AuditDigest.PathOf(directory, segment)))
                Find(DigestName(segment), 0, 0, null, "The digest can't be read.");
            return null;
        }

        if (key is not null && !statement.IsSignedWith(key))
        {
            Find(DigestName(segment), 0, 0, null, "The digest is not signed by this installation: it was changed or put in.");
            return null;
        }

        if (digest.Segment != segment || (log is not null && digest.Log != log))
            Find(DigestName(segment), 0, 0, null, "The digest belongs to another segment or another log.");
        log ??= digest.Log;
        return digest;
    }

    private void CompareWithKnown(IReadOnlyList<AuditSegment> segments)
    {
        if (known is null)
            return;
        if (log is not null && log != known.Log)
            Find("", 0, 0, null, $"The database knows the log {known.Log}, and this is the log {log}: the log or the database was exchanged.");
        else if (known.Last > at.Number)
            Find(segments.Count == 0 ? "" : Path.GetFileName(segments[^1].Path), 0, at.Number + 1, null, $"The database knows record {known.Last}; {Range(at.Number + 1, known.Last)} missing at the end of the log.");
    }

    private void Find(string file, long line, long record, Guid? eventId, string text)
    {
        if (findings.Count < MaxFindings)
            findings.Add(new AuditFinding(file, line, record, eventId, text));
    }

    private static string Range(long from, long to) => from == to ? $"Record {from} is" : $"Records {from} to {to} are";

    private string DigestName(int segment) => Path.GetFileName(AuditDigest.PathOf(directory, segment));

    /// <summary>The last record that was read.</summary>
    private readonly record struct Position(long Number, long Change, string Hash, Guid? EventId);
}
