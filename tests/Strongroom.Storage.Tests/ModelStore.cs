namespace Strongroom.Storage.Tests;

/// <summary>The contract in the plainest words: lists in memory under one lock, no index, no SQL. The engines are compared with it.</summary>
internal sealed class ModelStore : ISecretStore, IAuditOutbox
{
    private readonly Lock gate = new();
    private List<Row> rows = [];
    private List<AuditEntry> outbox = [];
    private long sequence;
    private long lastId;

    private sealed record Row(StoredSecret Secret, IReadOnlyList<StoredVersion> Versions);

    public ValueTask<StoredSecret?> FindAsync(string account, string region, string name, CancellationToken ct) =>
        Locked(() => rows.FirstOrDefault(r => (r.Secret.Account, r.Secret.Region, r.Secret.Name) == (account, region, name))?.Secret);

    public ValueTask<StoredVersion?> FindVersionAsync(long secretId, string versionId, CancellationToken ct) =>
        Locked(() => rows.FirstOrDefault(r => r.Secret.Id == secretId)?.Versions.FirstOrDefault(v => v.VersionId == versionId));

    public ValueTask<IReadOnlyList<StoredSecret>> ListAsync(SecretQuery query, CancellationToken ct) => Locked(() =>
    {
        var order = Comparer<(long, string)>.Create((a, b) =>
            (a.Item1 != b.Item1 ? a.Item1.CompareTo(b.Item1) : string.CompareOrdinal(a.Item2, b.Item2)) * (query.Descending ? -1 : 1));
        return (IReadOnlyList<StoredSecret>)[.. rows.Select(r => r.Secret)
            .Where(s => s.Account == query.Account && s.Region == query.Region && (s.PurgeAt is null || query.IncludeMarkedForDeletion))
            .Where(s => query.After is null || order.Compare(Key(s, query.Order), (query.After.SortKey, query.After.Name)) > 0)
            .OrderBy(s => Key(s, query.Order), order).Take(query.Limit)];
    });

    public ValueTask<IReadOnlyList<VersionSummary>> ListVersionsAsync(
        long secretId, bool includeUnlabelled, VersionPosition? after, int limit, CancellationToken ct) => Locked(() =>
    {
        var row = rows.FirstOrDefault(r => r.Secret.Id == secretId);
        return (IReadOnlyList<VersionSummary>)[.. OldestFirst(row?.Versions ?? [])
            .Where(v => includeUnlabelled || IsLabelled(row!.Secret, v))
            .Where(v => after is null || v.CreatedAt > after.CreatedAt || (v.CreatedAt == after.CreatedAt && string.CompareOrdinal(v.VersionId, after.VersionId) > 0))
            .Take(limit).Select(v => new VersionSummary(v.VersionId, v.CreatedAt, v.AccessedOn, v.KmsKeyId))];
    });

    public ValueTask<CommitResult> CommitAsync(SecretCommit commit, CancellationToken ct) => Locked(() =>
    {
        var (next, nextOutbox) = (rows.ToList(), outbox.ToList());
        foreach (var change in commit.Changes.OrderBy(c => c.Before is null))
        {
            if (change is { Before: { } was, After: { } now }
                && (was.Account, was.Region, was.Name, was.Suffix, was.CreatedAt) != (now.Account, now.Region, now.Name, now.Suffix, now.CreatedAt))
                throw new ArgumentException("A secret keeps its place.");

            if (!Apply(next, change))
                return CommitResult.Stale;
        }

        if (commit.Changes.SelectMany(c => c.Versions).Any(v => v.VersionId is null))
            throw new InvalidOperationException("A version has an id.");

        nextOutbox.AddRange(commit.Records);
        foreach (var record in commit.Records)
            record.Sequence = sequence + commit.Records.Count;
        sequence += commit.Records.Count;
        (rows, outbox) = (next, nextOutbox);
        return CommitResult.Committed;
    });

    public async ValueTask TouchAsync(long secretId, string versionId, DateOnly day, CancellationToken ct) =>
        await Locked(() =>
        {
            rows = [.. rows.Select(r => r.Secret.Id != secretId ? r : new Row(
                r.Secret with { AccessedOn = Later(r.Secret.AccessedOn, day) },
                [.. r.Versions.Select(v => v.VersionId == versionId ? v with { AccessedOn = Later(v.AccessedOn, day) } : v)]))];
            return true;
        });

    public ValueTask<IReadOnlyList<StoredSecret>> ListPurgeableAsync(DateTimeOffset now, PurgePosition? after, int limit, CancellationToken ct) => Locked(() =>
        (IReadOnlyList<StoredSecret>)[.. rows.Select(r => r.Secret).Where(s => s.PurgeAt <= now)
            .Where(s => after is null || s.PurgeAt > after.PurgeAt || (s.PurgeAt == after.PurgeAt && s.Id > after.Id)).OrderBy(s => s.PurgeAt).ThenBy(s => s.Id).Take(limit)]);

    public ValueTask<IReadOnlyList<StoredSecret>> ListOverdueAsync(DateTimeOffset now, long after, int limit, CancellationToken ct) => Locked(() =>
        (IReadOnlyList<StoredSecret>)[.. rows.Select(r => r.Secret)
            .Where(s => s.Id > after && s.PurgeAt is null && s.Document.Rotation is { Enabled: true, NextRotationAt: { } due } && due < now).OrderBy(s => s.Id).Take(limit)]);

    public ValueTask<IReadOnlyList<StoredSecret>> ListLaggingAsync(long after, int limit, CancellationToken ct) => Locked(() =>
        (IReadOnlyList<StoredSecret>)[.. rows.Select(r => r.Secret)
            .Where(s => s.Id > after && s.Document.Replicas is { } replicas && replicas.Any(r => r.AwaitedKey is not null)).OrderBy(s => s.Id).Take(limit)]);

    public ValueTask<IReadOnlyList<AuditEntry>> ListAsync(CancellationToken ct) => Locked(() => (IReadOnlyList<AuditEntry>)[.. outbox]);

    public async ValueTask RemoveAsync(IReadOnlyCollection<Guid> eventIds, CancellationToken ct) =>
        await Locked(() => outbox = [.. outbox.Where(r => !eventIds.Contains(r.EventId))]);

    public ValueTask<long> FindSequenceAsync(CancellationToken ct) => Locked(() => sequence);

    public async ValueTask AdvanceSequenceAsync(long sequence, CancellationToken ct) =>
        await Locked(() => this.sequence = Math.Max(this.sequence, sequence));

    private bool Apply(List<Row> next, SecretChange change)
    {
        var at = change.Before is { } before ? next.FindIndex(r => r.Secret.Id == before.Id && r.Secret.Revision == before.Revision) : -1;
        if (change.Before is not null && at < 0)
            return false;

        if (change.After is not { } after)
        {
            next.RemoveAt(at);
            return true;
        }

        if (at < 0)
        {
            if (next.Any(r => (r.Secret.Account, r.Secret.Region, r.Secret.Name) == (after.Account, after.Region, after.Name)))
                return false;

            next.Add(new Row(after with { Id = ++lastId, Revision = 1 }, []));
            at = next.Count - 1;
        }
        else
        {
            var kept = next[at].Secret;
            next[at] = next[at] with { Secret = after with { Id = kept.Id, Revision = kept.Revision + 1, AccessedOn = kept.AccessedOn } };
        }

        var versions = next[at].Versions.Where(v => !change.RemovedVersionIds.Contains(v.VersionId)).ToList();
        foreach (var version in change.Versions)
        {
            var old = versions.FindIndex(v => v.VersionId == version.VersionId);
            if (old < 0)
                versions.Add(version);
            else
                versions[old] = version with { AccessedOn = versions[old].AccessedOn };
        }

        if (change.PruneCreatedBefore is { } cutOff)
        {
            while (OldestFirst(versions).Where(v => !IsLabelled(next[at].Secret, v)).ToList() is var bare
                && bare.Count > change.KeepUnlabelled && bare[0].CreatedAt < cutOff)
                versions.Remove(bare[0]);
        }

        next[at] = next[at] with { Versions = versions };
        return true;
    }

    private static bool IsLabelled(StoredSecret secret, StoredVersion version) => secret.Document.Versions.Any(l => l.VersionId == version.VersionId);

    private static IOrderedEnumerable<StoredVersion> OldestFirst(IEnumerable<StoredVersion> versions) =>
        versions.OrderBy(v => v.CreatedAt).ThenBy(v => v.VersionId, StringComparer.Ordinal);

    private static (long, string) Key(StoredSecret secret, SecretOrder order) => (SecretStoreContract.SortKey(secret, order), secret.Name);

    private static DateOnly Later(DateOnly? known, DateOnly day) => known > day ? known.Value : day;

    private ValueTask<T> Locked<T>(Func<T> work)
    {
        lock (gate)
            return new(work());
    }
}

public sealed class ModelSecretStoreTests : SecretStoreContract
{
    private protected override Task<ISecretStore> OpenAsync() => Task.FromResult<ISecretStore>(new ModelStore());
}
