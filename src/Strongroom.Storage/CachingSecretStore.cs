using Strongroom.Crypto;

namespace Strongroom.Storage;

/// <summary>
/// A store whose secrets and sealed values, once read, are answered from memory. For the one process that writes to the inner store:
/// nothing tells it of changes made past it.
/// </summary>
/// <remarks>
/// Holds what the store holds, encrypted, and never more than its share of bytes. A secret leaves the cache before its change is handed to
/// the inner store and can't come back until the change has ended, so a reader sees what it would see without the cache. It comes
/// back as the commit left it, without being read, when nothing else can have changed it meanwhile.
/// What it gains is in docs/benchmarks.md.
/// </remarks>
public sealed class CachingSecretStore(ISecretStore inner, long maxBytes = CachingSecretStore.DefaultMaxBytes) : ISecretStore
{
    /// <summary>Some 30,000 secrets of usual size.</summary>
    public const long DefaultMaxBytes = 64 << 20;

    private readonly RecordCache records = new(maxBytes);
    private readonly Tally hits = new();
    private readonly Tally misses = new();

    /// <summary>Lookups of secrets and of versions that memory answered, and those that went to the inner store.</summary>
    public (long Hits, long Misses) Lookups => (hits.Value, misses.Value);

    /// <summary>Estimated memory of what is kept now.</summary>
    public long Bytes => records.Bytes;

    public long MaxBytes => maxBytes;

    public ValueTask<StoredSecret?> FindAsync(string account, string region, string name, CancellationToken ct)
    {
        var place = new SecretPlace(account, region, name);
        if (records.Find(place) is not { } known)
            return ReadAsync(place, ct);
        hits.Increment();
        return new(known);
    }

    public ValueTask<StoredVersion?> FindVersionAsync(long secretId, string versionId, CancellationToken ct)
    {
        if (records.FindVersion(secretId, versionId) is not { } known)
            return ReadVersionAsync(secretId, versionId, ct);
        hits.Increment();
        return new(known);
    }

    public async ValueTask<CommitResult> CommitAsync(SecretCommit commit, CancellationToken ct)
    {
        records.BeginChanges(commit.Changes);
        var result = CommitResult.Stale;
        try
        {
            return result = await inner.CommitAsync(commit, ct);
        }
        finally
        {
            // However it ended: a commit that threw may still have been written.
            records.EndChanges(commit.Changes, isCommitted: result == CommitResult.Committed);
        }
    }

    public async ValueTask TouchAsync(long secretId, string versionId, DateOnly day, CancellationToken ct)
    {
        try
        {
            await inner.TouchAsync(secretId, versionId, day, ct);
        }
        finally
        {
            records.Forget(secretId);
        }
    }

    public ValueTask<IReadOnlyList<StoredSecret>> ListAsync(SecretQuery query, CancellationToken ct) => inner.ListAsync(query, ct);

    public ValueTask<IReadOnlyList<VersionSummary>> ListVersionsAsync(
        long secretId, bool includeUnlabelled, VersionPosition? after, int limit, CancellationToken ct) =>
        inner.ListVersionsAsync(secretId, includeUnlabelled, after, limit, ct);

    public ValueTask<IReadOnlyList<StoredSecret>> ListPurgeableAsync(DateTimeOffset now, PurgePosition? after, int limit, CancellationToken ct) =>
        inner.ListPurgeableAsync(now, after, limit, ct);

    public ValueTask<IReadOnlyList<StoredSecret>> ListOverdueAsync(DateTimeOffset now, long after, int limit, CancellationToken ct) =>
        inner.ListOverdueAsync(now, after, limit, ct);

    public ValueTask<IReadOnlyList<StoredSecret>> ListLaggingAsync(long after, int limit, CancellationToken ct) => inner.ListLaggingAsync(after, limit, ct);

    private async ValueTask<StoredSecret?> ReadAsync(SecretPlace place, CancellationToken ct)
    {
        misses.Increment();
        var moment = records.Moment;
        var secret = await inner.FindAsync(place.Account, place.Region, place.Name, ct);
        if (secret is not null)
            records.Add(place, secret, moment);
        return secret;
    }

    private async ValueTask<StoredVersion?> ReadVersionAsync(long secretId, string versionId, CancellationToken ct)
    {
        misses.Increment();
        var moment = records.Moment;
        var version = await inner.FindVersionAsync(secretId, versionId, ct);
        if (version is not null)
            records.AddVersion(secretId, version, moment);
        return version;
    }
}

/// <summary>What a secret is found by.</summary>
internal readonly record struct SecretPlace(string Account, string Region, string Name)
{
    public static SecretPlace Of(StoredSecret secret) => new(secret.Account, secret.Region, secret.Name);

    /// <summary>Null when the change has neither a before nor an after, which is the inner store's to refuse.</summary>
    public static SecretPlace? Of(SecretChange change) => (change.Before ?? change.After) is { } secret ? Of(secret) : null;

    // Accounts and regions are few: the name alone tells places apart well enough, and hashing is most of a lookup's cost.
    public override int GetHashCode() => Name.GetHashCode(StringComparison.Ordinal);
}
