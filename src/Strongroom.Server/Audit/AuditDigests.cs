using System.Text;
using Strongroom.Crypto;
using Strongroom.Storage;

namespace Strongroom.Server.Audit;

/// <summary>
/// Signs what the log holds: now and then for the open segment, finally when it closes. The newest digest is kept in the store as well, so
/// that a log and its digests can't be cut back together.
/// </summary>
internal sealed class AuditDigests : IDisposable
{
    /// <summary>The newest digest, as a setting of the installation.</summary>
    public const string KnownSetting = "audit.digest";

    private readonly Lock gate = new();
    private readonly AuditLog log;
    private readonly string directory;
    private readonly DigestKey key;
    private readonly Guid id;
    private readonly ISettingStore store;
    private readonly TimeProvider time;
    private (int Segment, long Last) signed = (0, -1);
    private int closedThrough;

    private AuditDigests(AuditLog log, string directory, DigestKey key, Guid id, ISettingStore store, TimeProvider time)
    {
        (this.log, this.directory, this.key, this.id, this.store, this.time) = (log, directory, key, id, store, time);
        log.Closing = Close;
    }

    /// <summary>Opens the log and what vouches for it.</summary>
    /// <returns>Findings are in words for the operator: the log or the database is not as this server left it. The log is open all the same.</returns>
    public static async ValueTask<(AuditLog Log, AuditDigests Digests, IReadOnlyList<string> Findings)> OpenAsync<TStore>(
        string directory, AuditLogOptions options, TStore store, Keyring keyring, Entropy entropy, TimeProvider time, CancellationToken ct)
        where TStore : ISettingStore, IAuditOutbox
    {
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var known = AuditDigest.Known(await store.FindSettingAsync(KnownSetting, ct));
        var newest = AuditSegments.List(directory).Reverse().Select(s => AuditDigest.Find(directory, s.Number)).FirstOrDefault(d => d is not null);
        var isSameLog = newest is null ? known is not null && AuditSegments.List(directory).Any(s => new FileInfo(s.Path).Length > 0) : newest.Log == known?.Log;
        var least = Math.Max(newest?.Last ?? 0, isSameLog ? known?.Last ?? 0 : 0);

        var key = await DigestKey.OpenAsync(store, keyring, ct);
        AuditLog? log = null;
        try
        {
            log = AuditLog.Open(directory, options, time, least);
            key.Publish(directory);
            var digests = new AuditDigests(log, directory, key, newest?.Log ?? (isSameLog ? known!.Log : entropy.NewGuid()), store, time);
            var findings = new List<string>();
            if (known is not null && !isSameLog)
                findings.Add($"The audit log {known.Log} with {known.Last} records, which the database knows, is not in {directory}. A new log begins there; the old one was moved, removed or belongs to a restored backup.");
            digests.CloseLeftOpen(findings);
            await CompareSequenceAsync(log, store, findings, ct);
            return (log, digests, findings);
        }
        catch
        {
            log?.Dispose();
            key.Dispose();
            throw;
        }
    }

    /// <summary>Signs the log as it is now, once it is on stable storage. Nothing to do when nothing was added.</summary>
    public async ValueTask SignAsync(CancellationToken ct)
    {
        var head = log.Head;
        if (signed == (head.Segment, head.Last))
            return;
        log.FlushToDisk();
        var statement = SignedStatement.Sign(AuditDigest.Of(id, head, isClosed: false, time.GetUtcNow()), key);
        lock (gate)
        {
            if (closedThrough < head.Segment)
                AuditDigest.Write(directory, head.Segment, statement);
        }

        await store.WriteSettingAsync(KnownSetting, Encoding.UTF8.GetBytes(statement.Text), ct);
        signed = (head.Segment, head.Last);
    }

    /// <summary>Removes segments that were last written before an instant, oldest first, and leaves a signed statement about them.</summary>
    /// <returns>How many were removed.</returns>
    public int RemoveBefore(DateTimeOffset limit)
    {
        var removed = 0;
        foreach (var segment in AuditSegments.List(directory).SkipLast(1))
        {
            // By its last digest, not by the file's time: compressing or copying it changes that.
            var digest = AuditDigest.Find(directory, segment.Number);
            if (digest is { IsClosed: true } ? digest.Time > limit.UtcDateTime : !LogEnd.IsUnchained(segment) || segment.LastWrittenUtc > limit.UtcDateTime)
                break;
            var (last, hash) = digest is null ? (0, ChainLink.Origin) : (digest.Last, digest.Hash);
            var statement = SignedStatement.Sign(new AuditRemoval(id, segment.Number, last, hash, time.GetUtcNow().UtcDateTime), key);
            Hosting.DataDirectory.WritePrivate(AuditRemoval.PathOf(directory), Encoding.UTF8.GetBytes(statement.Text + "\n"));
            Remove(segment);
            removed++;
        }

        return removed;
    }

    public void Dispose() => key.Dispose();

    private void Close(LogHead head)
    {
        lock (gate)
        {
            AuditDigest.Write(directory, head.Segment, SignedStatement.Sign(AuditDigest.Of(id, head, isClosed: true, time.GetUtcNow()), key));
            closedThrough = head.Segment;
        }
    }

    private void Remove(AuditSegment segment)
    {
        foreach (var path in (string[])[segment.PlainPath, segment.CompressedPath, Lookup.SegmentIndexFile.PathOf(segment), AuditDigest.PathOf(directory, segment.Number)])
            File.Delete(path);
    }

    // A kill between two segments leaves the older one without its closing digest. It gets one only when nothing is wrong with it.
    private void CloseLeftOpen(List<string> findings)
    {
        using var verifier = DigestVerifier.FromPem(key.PublicPem);
        foreach (var segment in AuditSegments.List(directory).Where(s => s.Number < log.Head.Segment))
        {
            if (AuditDigest.Find(directory, segment.Number) is { IsClosed: true } || LogEnd.IsUnchained(segment))
                continue;
            if (new AuditVerifier(directory, verifier, null).CheckAlone(segment, LogEnd.Find(directory, segment.Number, newest: null)) is { } end)
                Close(end);
            else
                findings.Add($"The audit log's {Path.GetFileName(segment.Path)} was changed since it was signed. Run: strongroom audit verify");
        }
    }

    private static async ValueTask CompareSequenceAsync(AuditLog log, IAuditOutbox store, List<string> findings, CancellationToken ct)
    {
        var sequence = await store.FindSequenceAsync(ct);
        if (sequence >= log.Head.Change)
            return;
        findings.Add(
            $"The database is older than its audit log: it stands at change {sequence}, and the log has recorded change {log.Head.Change}. Changes in between are lost from the database. If you restored a backup, that is why; if not, find out who replaced the database.");
        // So that later changes have numbers of their own.
        await store.AdvanceSequenceAsync(log.Head.Change, ct);
    }
}
