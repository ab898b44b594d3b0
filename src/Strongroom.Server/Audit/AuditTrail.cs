using System.Buffers;
using Strongroom.Crypto;
using Strongroom.Protocol;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Storage;

namespace Strongroom.Server.Audit;

/// <summary>
/// Makes sure that a record stands before an answer leaves. A read's record goes to the log; a change's record is committed with the change,
/// then goes to the log, and leaves the outbox once the log is on stable storage.
/// </summary>
/// <param name="readsWaitForDisk">Whether an answer to a read waits until its record is on stable storage, as a change's always does.</param>
internal sealed class AuditTrail(AuditLog log, ISecretStore store, IAuditOutbox outbox, Entropy entropy, TimeProvider time, bool readsWaitForDisk = false)
{
    private static readonly byte[] LineFeed = "\n"u8.ToArray();

    // How far the clock may have been set back between a call and the last write to its segment.
    private static readonly TimeSpan ClockSteps = TimeSpan.FromMinutes(1);

    // Records that are in the log but not yet known to be on stable storage, so still in the outbox.
    private readonly Lock gate = new();
    private readonly DiskFlush disk = new(log);
    private List<Guid> appended = [];

    // Records of committed changes that the log would not take; they go first when it takes lines again.
    private List<AuditEntry> refused = [];

    // Until the outbox was appended again; only the settling job and a start touch it, one after the other.
    private bool lostItsPlace;

    private readonly Tally appends = new();
    private readonly Tally failures = new();
    private long appendedAtMs;

    /// <summary>Is told the name of each event that was committed.</summary>
    public Action<string>? EventCounted { get; set; }

    public AuditFigures Figures
    {
        get
        {
            int unsettled;
            lock (gate)
                unsettled = appended.Count + refused.Count;
            return new AuditFigures(appends.Value, failures.Value, log.IsFailing, unsettled, Volatile.Read(ref appendedAtMs));
        }
    }

    /// <summary>Adds to commits the notifications of what they change; null for none.</summary>
    public Notifications.Notifier? Notifier { get; set; }

    /// <summary>Records a read.</summary>
    /// <exception cref="AuditUnavailableException">The record could not be written, so the answer must not be given.</exception>
    public ValueTask<Audited<TResponse>> RecordAsync<TRequest, TResponse>(
        CallContext call, OperationName operation, Shape<TRequest> shape, TRequest request, TResponse response)
        where TRequest : class, new()
        where TResponse : IAnswer
    {
        using var line = new ScrubbedBuffer();
        WriteCall(line, call, operation, entropy.NewGuid(), shape, request, response);
        line.Write(LineFeed);
        WriteKeyUses(line, call);
        Append(line, call.Now);
        return readsWaitForDisk ? OnDiskAsync(response) : new(NewAudited(response, default));
    }

    private async ValueTask<Audited<TResponse>> OnDiskAsync<TResponse>(TResponse response)
    {
        await disk.FlushAsync();
        return NewAudited(response, default);
    }

    /// <summary>Commits a plan with its record. Null when the secret changed since the plan was made: plan again.</summary>
    /// <exception cref="AuditUnavailableException">Committed, but the log could not take the record now; it is kept in the outbox for it.</exception>
    public async ValueTask<Audited<TResponse>?> CommitAsync<TRequest, TResponse>(
        CallContext call, OperationName operation, Shape<TRequest> shape, TRequest request, Plan<TResponse> plan)
        where TRequest : class, new()
        where TResponse : IAnswer
    {
        // A log that takes nothing must stop changes before they happen, not after.
        if (log.IsFailing)
            Probe();

        var id = entropy.NewGuid();
        using var line = new ScrubbedBuffer();
        WriteCall(line, call, operation, id, shape, request, plan.Response);
        List<AuditEntry> records = [new AuditEntry(id, line.Written.ToArray())];
        records.AddRange(plan.Events.Select(e => Entry(e, call.Now)));
        records.AddRange((call.KeyUses ?? []).Select(use => Entry(call, use)));

        // Not cancelled with the request: a caller that hangs up must not leave a commit whose record nobody appends.
        if (await store.CommitAsync(Announced(plan.ToCommit(records), call.Now), CancellationToken.None) == CommitResult.Stale)
            return null;
        AppendCommitted(records);
        Volatile.Write(ref appendedAtMs, call.Now.ToUnixTimeMilliseconds());
        Count(plan.Events);
        return NewAudited(plan.Response, records[0].Json);
    }

    /// <summary>Commits what the service does by itself. False when a secret changed in between.</summary>
    public async ValueTask<bool> CommitEventsAsync(
        IReadOnlyList<SecretChange> changes, IReadOnlyList<ServiceEvent> events, DateTimeOffset now, CancellationToken ct) =>
        await CommitEventsAsync(new SecretCommit(changes, []), events, now, ct);

    /// <summary>Commits what the service does by itself. False when something changed in between.</summary>
    public async ValueTask<bool> CommitEventsAsync(SecretCommit commit, IReadOnlyList<ServiceEvent> events, DateTimeOffset now, CancellationToken ct)
    {
        if (!await CommitAsync(commit with { Records = [.. events.Select(e => Entry(e, now))] }, null, now, ct))
            return false;
        Count(events);
        return true;
    }

    /// <summary>Commits what the installation does as a whole, with a notice as <see cref="RecordNotice"/> makes one. False when something changed in between.</summary>
    /// <param name="what">What notifications tell of it; null for nothing.</param>
    public async ValueTask<bool> CommitNoticeAsync(
        SecretCommit commit, string name, string message, Notifications.SecretEvent? what, DateTimeOffset now, CancellationToken ct)
    {
        var id = entropy.NewGuid();
        using var line = new ScrubbedBuffer();
        CloudTrailRecord.WriteNotice(line, name, message, now, id);
        if (!await CommitAsync(commit with { Records = [new AuditEntry(id, line.Written.ToArray())] }, what, now, ct))
            return false;
        EventCounted?.Invoke(name);
        return true;
    }

    private async ValueTask<bool> CommitAsync(SecretCommit commit, Notifications.SecretEvent? what, DateTimeOffset now, CancellationToken ct)
    {
        if (await store.CommitAsync(Announced(commit, now, what), ct) == CommitResult.Stale)
            return false;
        AppendCommitted(commit.Records);
        Volatile.Write(ref appendedAtMs, now.ToUnixTimeMilliseconds());
        return true;
    }

    /// <summary>Records a call that failed: denied, malformed, refused.</summary>
    public void RecordFailure<TRequest>(
        CallContext call, OperationName operation, Shape<TRequest>? shape, TRequest? request, ServiceException error)
        where TRequest : class, new()
    {
        using var line = new ScrubbedBuffer();
        CloudTrailRecord.WriteCall(
            line, call, operation, entropy.NewGuid(), (shape, request),
            request is null || shape!.Members.Count == 0 ? null : static (writer, state) => state.shape!.WriteAudit(writer, state.request!),
            elements: null, error, disclosedArns: []);
        line.Write(LineFeed);
        WriteKeyUses(line, call);
        Append(line, call.Now);
    }

    /// <summary>After a crash: appends committed records that had not reached the log. Run before the server takes work.</summary>
    /// <returns>How many were appended.</returns>
    public async ValueTask<int> RecoverAsync(CancellationToken ct)
    {
        var waiting = await outbox.ListAsync(ct);
        if (waiting.Count == 0)
            return 0;
        var present = log.RecentEventIds(OldestOf(waiting) - ClockSteps);
        var missing = waiting.Where(r => !present.Contains(r.EventId)).ToList();
        AppendCommitted(missing);
        lock (gate)
            appended.AddRange(waiting.Where(r => present.Contains(r.EventId)).Select(r => r.EventId));
        await SettleAsync(ct);
        return missing.Count;
    }

    /// <summary>Brings the log to stable storage and empties the outbox of what is now safe there. Called now and then, and at the stop.</summary>
    public async ValueTask SettleAsync(CancellationToken ct)
    {
        lostItsPlace |= !log.KeepsItsPlace();
        if (lostItsPlace)
            await AppendAgainAsync(ct);
        AppendRefused();
        List<Guid> safe;
        lock (gate)
        {
            if (appended.Count == 0)
                return;
            (safe, appended) = (appended, []);
        }

        try
        {
            log.FlushToDisk();
            await outbox.RemoveAsync(safe, ct);
        }
        catch
        {
            // They stay in the outbox; the next settling takes them again.
            lock (gate)
                appended.AddRange(safe);
            throw;
        }
    }

    /// <summary>Whether the log takes records now; after a failure a line of its own finds out.</summary>
    public bool Accepts
    {
        get
        {
            if (!log.IsFailing)
                return true;
            try
            {
                if (!log.HasRoom)
                    return false;
                Probe();
                return true;
            }
            catch (AuditUnavailableException)
            {
                // The answer is the point of asking.
                return false;
            }
        }
    }

    /// <summary>Records what a start found about the log itself or the database.</summary>
    public void RecordFindings(IReadOnlyList<string> findings)
    {
        using var lines = new ScrubbedBuffer();
        foreach (var finding in findings)
        {
            CloudTrailRecord.WriteNotice(lines, "AuditFinding", finding, time.GetUtcNow(), entropy.NewGuid());
            lines.Write(LineFeed);
        }

        log.Append(lines.Written.Span);
    }

    /// <summary>Records something that the installation did as a whole: a backup, the first start after a restore.</summary>
    /// <param name="name">The event's name.</param>
    /// <param name="message">No secret, and nothing that a caller chose.</param>
    public void RecordNotice(string name, string message)
    {
        using var line = new ScrubbedBuffer();
        CloudTrailRecord.WriteNotice(line, name, message, time.GetUtcNow(), entropy.NewGuid());
        line.Write(LineFeed);
        Append(line);
        EventCounted?.Invoke(name);
    }

    // A blank line would be noise in the log; a record of the outage's end is not.
    private void Probe()
    {
        using var line = new ScrubbedBuffer();
        CloudTrailRecord.WriteNotice(line, "AuditResumed", "The audit log takes records again.", time.GetUtcNow(), entropy.NewGuid());
        line.Write(LineFeed);
        Append(line);
    }

    private void Append(ScrubbedBuffer lines, DateTimeOffset now)
    {
        Append(lines);
        Volatile.Write(ref appendedAtMs, now.ToUnixTimeMilliseconds());
    }

    private void Append(ScrubbedBuffer lines, long sequence = 0)
    {
        try
        {
            log.Append(lines.Written.Span, sequence);
            appends.Increment();
        }
        catch (AuditUnavailableException)
        {
            failures.Increment();
            throw;
        }
    }

    private void Count(IReadOnlyList<ServiceEvent> events)
    {
        foreach (var what in events)
            EventCounted?.Invoke(what.Name);
    }

    private SecretCommit Announced(SecretCommit commit, DateTimeOffset now, Notifications.SecretEvent? what = null) =>
        Notifier?.Announce(commit, now, what) ?? commit;

    private void AppendCommitted(IReadOnlyList<AuditEntry> records)
    {
        if (records.Count == 0)
            return;
        using var line = new ScrubbedBuffer();
        foreach (var record in records)
        {
            line.Write(record.Json.Span);
            line.Write(LineFeed);
        }

        try
        {
            Append(line, records.Max(r => r.Sequence));
        }
        catch (AuditUnavailableException)
        {
            lock (gate)
                refused.AddRange(records);
            throw;
        }

        lock (gate)
            appended.AddRange(records.Select(r => r.EventId));
    }

    // What the outbox still has goes into the new segment; of what else stood in the lost one nothing is left.
    private async ValueTask AppendAgainAsync(CancellationToken ct)
    {
        lock (gate)
            (appended, refused) = ([], []);
        RecordFindings(["The audit log's open segment was removed or renamed while it was written. Records of reads in it are lost; strongroom audit verify names their numbers."]);
        lostItsPlace = false;
        await RecoverAsync(ct);
    }

    private void AppendRefused()
    {
        List<AuditEntry> waiting;
        lock (gate)
            (waiting, refused) = (refused, []);
        AppendCommitted(waiting);
    }

    // A record is appended after its call began, so no segment that was last written before the oldest call can hold any of them. A missed
    // one would only be appended a second time, under the same id.
    private static DateTimeOffset OldestOf(IReadOnlyList<AuditEntry> waiting) => waiting.Min(
        record => CloudTrailRecord.TryReadEventTime(record.Json.Span, out var time) ? time : DateTimeOffset.MinValue + ClockSteps);

    private void WriteKeyUses(ScrubbedBuffer line, CallContext call)
    {
        foreach (var use in call.KeyUses ?? [])
        {
            CloudTrailRecord.WriteKeyUse(line, call, use, entropy.NewGuid());
            line.Write(LineFeed);
        }
    }

    private AuditEntry Entry(CallContext call, KeyUse use)
    {
        var id = entropy.NewGuid();
        using var line = new ScrubbedBuffer();
        CloudTrailRecord.WriteKeyUse(line, call, use, id);
        return new AuditEntry(id, line.Written.ToArray());
    }

    private AuditEntry Entry(ServiceEvent what, DateTimeOffset now)
    {
        var id = entropy.NewGuid();
        using var line = new ScrubbedBuffer();
        CloudTrailRecord.WriteEvent(line, what, now, id);
        return new AuditEntry(id, line.Written.ToArray());
    }

    private static void WriteCall<TRequest, TResponse>(
        ScrubbedBuffer line, CallContext call, OperationName operation, Guid id, Shape<TRequest> shape, TRequest request, TResponse response)
        where TRequest : class, new()
        where TResponse : IAnswer =>
        CloudTrailRecord.WriteCall(
            line, call, operation, id, (shape, request, response),
            shape.Members.Count == 0 ? null : static (writer, state) => state.shape.WriteAudit(writer, state.request),
            response.HasAuditElements ? static (writer, state) => state.response.WriteAuditElements(writer) : null,
            error: null, response.DisclosedArns);

#pragma warning disable RS0030 // The one place that makes them: every path here has written the record.
    private static Audited<TResponse> NewAudited<TResponse>(TResponse response, ReadOnlyMemory<byte> record) => new(response, record);
#pragma warning restore RS0030
}
