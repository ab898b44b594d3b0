using System.Collections.Concurrent;
using System.Diagnostics;
using Strongroom.Crypto;
using Strongroom.Server.Observability;
using Strongroom.Storage;

namespace Strongroom.Server.Directories;

/// <summary>
/// Keeps directories, parsed, from one change to the next: a decision per request may read no database and compile no policy. For the one
/// process that writes to the store. Safe for concurrent use.
/// </summary>
/// <remarks>
/// A directory leaves the cache before its change is handed to the store and can't come back until the change has ended
/// (<see cref="DirectoryTrackingStore"/> sees to that), so whoever reads after an answer sees what the answer says.
/// </remarks>
internal sealed class DirectoryCache(IDirectoryStore store)
{
    private readonly ConcurrentDictionary<(string Account, string Scope), Slot> slots = new();
    private readonly Tally hits = new();
    private readonly Tally misses = new();

    /// <summary>Lookups that the cache answered, and those that read the store.</summary>
    public (long Hits, long Misses) Lookups => (hits.Value, misses.Value);

    /// <param name="parse">Makes the snapshot from what is stored and the snapshot before, whose parts it can keep. Always the same for one scope.</param>
    public ValueTask<T> GetAsync<T>(string account, string scope, Func<StoredDirectory, T?, T> parse, CancellationToken ct)
        where T : class
    {
        var slot = slots.GetOrAdd((account, scope), static _ => new Slot());
        if (slot.Current is not T current)
            return LoadAsync(slot, account, scope, parse, ct);
        hits.Increment();
        return new(current);
    }

    public void BeginChange(string account, string scope)
    {
        var slot = slots.GetOrAdd((account, scope), static _ => new Slot());
        lock (slot)
        {
            slot.Changing++;
            slot.Current = null;
        }
    }

    public void EndChange(string account, string scope)
    {
        var slot = slots[(account, scope)];
        lock (slot)
        {
            slot.Changing--;
            slot.Moment++;
        }
    }

    private async ValueTask<T> LoadAsync<T>(Slot slot, string account, string scope, Func<StoredDirectory, T?, T> parse, CancellationToken ct)
        where T : class
    {
        misses.Increment();
        var moment = Volatile.Read(ref slot.Moment);
        var previous = slot.Previous as T;
        var loaded = parse(await store.LoadDirectoryAsync(account, scope, ct), previous);
        lock (slot)
        {
            if (slot.Changing == 0 && slot.Moment == moment)
                slot.Current = slot.Previous = loaded;
        }

        return loaded;
    }

    private sealed class Slot
    {
        public volatile object? Current;

        /// <summary>The last snapshot that was current, for the parts of it that did not change.</summary>
        public volatile object? Previous;

        public int Changing;
        public long Moment;
    }
}

/// <summary>Passes commits on and tells the cache which directories they change.</summary>
internal sealed class DirectoryTrackingStore(ISecretStore inner, DirectoryCache cache) : ISecretStore
{
    public ValueTask<CommitResult> CommitAsync(SecretCommit commit, CancellationToken ct)
    {
        var span = Spans.Begin("store commit");
        if (span is not null)
            return CommitTracedAsync(span, commit, ct);
        return commit.Directories.Count == 0 ? inner.CommitAsync(commit, ct) : CommitDirectoriesAsync(commit, ct);
    }

    public ValueTask<StoredSecret?> FindAsync(string account, string region, string name, CancellationToken ct) => inner.FindAsync(account, region, name, ct);

    public ValueTask<StoredVersion?> FindVersionAsync(long secretId, string versionId, CancellationToken ct) => inner.FindVersionAsync(secretId, versionId, ct);

    public ValueTask<IReadOnlyList<StoredSecret>> ListAsync(SecretQuery query, CancellationToken ct) => inner.ListAsync(query, ct);

    public ValueTask<IReadOnlyList<VersionSummary>> ListVersionsAsync(
        long secretId, bool includeUnlabelled, VersionPosition? after, int limit, CancellationToken ct) =>
        inner.ListVersionsAsync(secretId, includeUnlabelled, after, limit, ct);

    public ValueTask TouchAsync(long secretId, string versionId, DateOnly day, CancellationToken ct) => inner.TouchAsync(secretId, versionId, day, ct);

    public ValueTask<IReadOnlyList<StoredSecret>> ListPurgeableAsync(DateTimeOffset now, PurgePosition? after, int limit, CancellationToken ct) =>
        inner.ListPurgeableAsync(now, after, limit, ct);

    public ValueTask<IReadOnlyList<StoredSecret>> ListOverdueAsync(DateTimeOffset now, long after, int limit, CancellationToken ct) =>
        inner.ListOverdueAsync(now, after, limit, ct);

    public ValueTask<IReadOnlyList<StoredSecret>> ListLaggingAsync(long after, int limit, CancellationToken ct) => inner.ListLaggingAsync(after, limit, ct);

    private async ValueTask<CommitResult> CommitTracedAsync(Activity span, SecretCommit commit, CancellationToken ct)
    {
        using (span)
        {
            try
            {
                var result = await (commit.Directories.Count == 0 ? inner.CommitAsync(commit, ct) : CommitDirectoriesAsync(commit, ct));
                span.SetTag("strongroom.commit.result", result.ToString());
                return result;
            }
            catch (Exception e)
            {
                Spans.Fail(span, e);
                throw;
            }
        }
    }

    private async ValueTask<CommitResult> CommitDirectoriesAsync(SecretCommit commit, CancellationToken ct)
    {
        foreach (var change in commit.Directories)
            cache.BeginChange(change.Account, change.Scope);
        try
        {
            return await inner.CommitAsync(commit, ct);
        }
        finally
        {
            // However it ended: a commit that threw may still have been written.
            foreach (var change in commit.Directories)
                cache.EndChange(change.Account, change.Scope);
        }
    }
}
