using static Strongroom.Storage.Tests.Sample;

namespace Strongroom.Storage.Tests;

/// <summary>A store behind the cache keeps the contract to the letter.</summary>
public sealed class CachingSecretStoreContractTests : SecretStoreContract
{
    private readonly TemporaryDirectory directory = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private protected override async Task<ISecretStore> OpenAsync() =>
        new CachedStore(await SqlStore.OpenSqliteAsync(directory.File("strongroom.db"), TimeProvider.System, CancellationToken.None));

    [Fact]
    public async Task What_a_commit_made_is_what_a_read_brings()
    {
        await using var inner = await SqlStore.OpenSqliteAsync(directory.File("other.db"), TimeProvider.System, Ct);
        var store = new CachingSecretStore(inner);
        await store.AddAsync(Secret("a", Current("v1")), Version("v1"));
        var before = await store.GetAsync("a");
        var after = before with
        {
            ChangedAt = before.ChangedAt.AddTicks(12_345), // finer than the database keeps
            PurgeAt = before.ChangedAt.AddDays(7).AddTicks(12_345),
            Document = before.Document with { Description = "new", Tags = [], Replicas = [], Rotation = new SecretRotation { LastRotatedAt = before.ChangedAt.AddTicks(7) } },
        };

        await store.ChangeAsync(new SecretChange { Before = before, After = after });

        Assert.Equivalent(await inner.GetAsync("a"), await store.GetAsync("a"), strict: true);
    }

    private protected override ValueTask CleanUpAsync()
    {
        directory.Dispose();
        return ValueTask.CompletedTask;
    }

    private sealed class CachedStore(SqlStore store) : ISecretStore, IAuditOutbox, IAsyncDisposable
    {
        private readonly CachingSecretStore cached = new(store);

        public ValueTask<StoredSecret?> FindAsync(string account, string region, string name, CancellationToken ct) => cached.FindAsync(account, region, name, ct);
        public ValueTask<StoredVersion?> FindVersionAsync(long secretId, string versionId, CancellationToken ct) => cached.FindVersionAsync(secretId, versionId, ct);
        public ValueTask<IReadOnlyList<StoredSecret>> ListAsync(SecretQuery query, CancellationToken ct) => cached.ListAsync(query, ct);
        public ValueTask<IReadOnlyList<VersionSummary>> ListVersionsAsync(long secretId, bool includeUnlabelled, VersionPosition? after, int limit, CancellationToken ct) =>
            cached.ListVersionsAsync(secretId, includeUnlabelled, after, limit, ct);
        public ValueTask<CommitResult> CommitAsync(SecretCommit commit, CancellationToken ct) => cached.CommitAsync(commit, ct);
        public ValueTask TouchAsync(long secretId, string versionId, DateOnly day, CancellationToken ct) => cached.TouchAsync(secretId, versionId, day, ct);
        public ValueTask<IReadOnlyList<StoredSecret>> ListPurgeableAsync(DateTimeOffset now, PurgePosition? after, int limit, CancellationToken ct) =>
            cached.ListPurgeableAsync(now, after, limit, ct);
        public ValueTask<IReadOnlyList<StoredSecret>> ListOverdueAsync(DateTimeOffset now, long after, int limit, CancellationToken ct) =>
            cached.ListOverdueAsync(now, after, limit, ct);
        public ValueTask<IReadOnlyList<StoredSecret>> ListLaggingAsync(long after, int limit, CancellationToken ct) => cached.ListLaggingAsync(after, limit, ct);
        public ValueTask<IReadOnlyList<AuditEntry>> ListAsync(CancellationToken ct) => store.ListAsync(ct);
        public ValueTask RemoveAsync(IReadOnlyCollection<Guid> eventIds, CancellationToken ct) => store.RemoveAsync(eventIds, ct);
        public ValueTask<long> FindSequenceAsync(CancellationToken ct) => store.FindSequenceAsync(ct);
        public ValueTask AdvanceSequenceAsync(long sequence, CancellationToken ct) => store.AdvanceSequenceAsync(sequence, ct);
        public ValueTask DisposeAsync() => store.DisposeAsync();
    }
}

/// <summary>When the cache answers itself, and when it must not.</summary>
public sealed class CachingSecretStoreTests
{
    private readonly GatedStore inner = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_read_once_is_not_read_again()
    {
        var store = new CachingSecretStore(inner);
        var secret = await store.AddAsync(Secret("a", Current("v1")), Version("v1"));
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(secret.Id, (await store.GetAsync("a")).Id);
            Assert.Equal("v1", (await store.FindVersionAsync(secret.Id, "v1", Ct))!.VersionId);
        }

        Assert.Equal(2, inner.Reads);
    }

    [Fact]
    public async Task Absence_is_not_remembered()
    {
        var store = new CachingSecretStore(inner);
        Assert.Null(await store.FindAsync(Account, Region, "a", Ct));
        await inner.Model.AddAsync(Secret("a"));
        Assert.NotNull(await store.FindAsync(Account, Region, "a", Ct));
    }

    [Fact]
    public async Task A_committed_change_is_seen_at_once()
    {
        var store = new CachingSecretStore(inner);
        var before = await store.AddAsync(Secret("a", Current("v1")), Version("v1", value: "one"));
        await store.FindVersionAsync(before.Id, "v1", Ct);
        var after = before with { Document = before.Document with { Description = "new" } };
        await store.ChangeAsync(new SecretChange { Before = before, After = after, Versions = [Version("v1", value: "two")] });
        Assert.Equal("new", (await store.GetAsync("a")).Document.Description);
        Assert.Equal("two"u8.ToArray(), (await store.FindVersionAsync(before.Id, "v1", Ct))!.Value!.Bytes.ToArray());
    }

    [Fact]
    public async Task A_removed_secret_is_gone_at_once()
    {
        var store = new CachingSecretStore(inner);
        var secret = await store.AddAsync(Secret("a", Current("v1")), Version("v1"));
        await store.FindVersionAsync(secret.Id, "v1", Ct);
        await store.ChangeAsync(new SecretChange { Before = secret });
        Assert.Null(await store.FindAsync(Account, Region, "a", Ct));
        Assert.Null(await store.FindVersionAsync(secret.Id, "v1", Ct));
    }

    [Fact]
    public async Task The_day_of_a_read_is_seen_at_once()
    {
        var store = new CachingSecretStore(inner);
        var secret = await store.AddAsync(Secret("a", Current("v1")), Version("v1"));
        await store.FindVersionAsync(secret.Id, "v1", Ct);
        await store.TouchAsync(secret.Id, "v1", new DateOnly(2025, 1, 2), Ct);
        Assert.Equal(new DateOnly(2025, 1, 2), (await store.GetAsync("a")).AccessedOn);
        Assert.Equal(new DateOnly(2025, 1, 2), (await store.FindVersionAsync(secret.Id, "v1", Ct))!.AccessedOn);
    }

    [Fact]
    public async Task A_read_that_a_change_overtook_leaves_nothing_stale_behind()
    {
        var store = new CachingSecretStore(inner);
        var before = await inner.Model.AddAsync(Secret("a"));

        // The read has its row in hand, but has not returned, while the change is made and acknowledged.
        var hold = inner.HoldNextRead();
        var reading = store.FindAsync(Account, Region, "a", Ct).AsTask();
        await store.ChangeAsync(new SecretChange { Before = before, After = before with { Document = new SecretDocument { Description = "new" } } });
        hold.SetResult();
        Assert.Null((await reading)!.Document.Description);
        Assert.Equal("new", (await store.GetAsync("a")).Document.Description);
    }

    [Fact]
    public async Task While_a_change_is_under_way_reads_go_past_the_cache()
    {
        var store = new CachingSecretStore(inner);
        var before = await store.AddAsync(Secret("a"));
        var hold = inner.HoldNextCommit();
        var committing = store.ChangeAsync(new SecretChange { Before = before, After = before with { Document = new SecretDocument { Description = "new" } } });

        // Written, not yet acknowledged: whoever reads twice must not see it and then miss it.
        await inner.Committed;
        Assert.Equal("new", (await store.GetAsync("a")).Document.Description);
        Assert.Equal("new", (await store.GetAsync("a")).Document.Description);
        Assert.Equal(3, inner.Reads);
        hold.SetResult();
        Assert.Equal(CommitResult.Committed, await committing);
    }

    [Fact]
    public async Task What_a_commit_made_of_a_known_secret_is_answered_without_a_read()
    {
        var store = new CachingSecretStore(inner);
        await store.AddAsync(Secret("a", Current("v1")), Version("v1"));
        var before = await store.GetAsync("a");
        await store.TouchAsync(before.Id, "v1", new DateOnly(2025, 1, 2), Ct);
        before = await store.GetAsync("a");
        var reads = inner.Reads;

        for (var i = 0; i < 3; i++)
        {
            var after = before with
            {
                ChangedAt = before.ChangedAt.AddMilliseconds(1),
                PurgeAt = before.ChangedAt.AddDays(7),
                AccessedOn = null,
                Document = before.Document with { Description = $"change {i}" },
            };
            Assert.Equal(CommitResult.Committed, await store.ChangeAsync(new SecretChange { Before = before, After = after }));
            before = (await store.FindAsync(Account, Region, "a", Ct))!;
        }

        Assert.Equal(reads, inner.Reads);
        Assert.Equivalent(await inner.Model.GetAsync("a"), before, strict: true);
        Assert.Equal("change 2", before.Document.Description);
        Assert.Equal(new DateOnly(2025, 1, 2), before.AccessedOn);
    }

    [Fact]
    public async Task A_read_noted_while_a_change_is_under_way_is_not_lost()
    {
        var store = new CachingSecretStore(inner);
        await store.AddAsync(Secret("a", Current("v1")), Version("v1"));
        var before = await store.GetAsync("a");
        var hold = inner.HoldNextCommit();
        var committing = store.ChangeAsync(new SecretChange { Before = before, After = before });
        await inner.Committed;
        await store.TouchAsync(before.Id, "v1", new DateOnly(2025, 1, 2), Ct);
        hold.SetResult();
        await committing;
        Assert.Equal(new DateOnly(2025, 1, 2), (await store.GetAsync("a")).AccessedOn);
    }

    [Fact]
    public async Task A_change_whose_answer_comes_after_that_of_a_later_one_brings_nothing_back()
    {
        var store = new CachingSecretStore(inner);
        await store.AddAsync(Secret("a"));
        var first = await store.GetAsync("a");
        var hold = inner.HoldNextCommit();
        var committing = store.ChangeAsync(new SecretChange { Before = first, After = first with { Document = new SecretDocument { Description = "one" } } });
        await inner.Committed;

        var second = await store.GetAsync("a");
        await store.ChangeAsync(new SecretChange { Before = second, After = second with { Document = new SecretDocument { Description = "two" } } });
        hold.SetResult();

        Assert.Equal(CommitResult.Committed, await committing);
        Assert.Equal("two", (await store.GetAsync("a")).Document.Description);
    }

    [Fact]
    public async Task A_stale_change_leaves_the_secret_as_it_is_stored()
    {
        var store = new CachingSecretStore(inner);
        await store.AddAsync(Secret("a"));
        var before = await store.GetAsync("a");
        await inner.Model.ChangeAsync(new SecretChange { Before = before, After = before with { Document = new SecretDocument { Description = "stored" } } });

        Assert.Equal(CommitResult.Stale, await store.ChangeAsync(new SecretChange { Before = before, After = before }));

        Assert.Equal("stored", (await store.GetAsync("a")).Document.Description);
    }

    [Fact]
    public async Task Beyond_its_bytes_the_cache_forgets_what_is_not_read()
    {
        var store = new CachingSecretStore(inner, maxBytes: 20_000);
        for (var i = 0; i < 100; i++)
        {
            await store.AddAsync(Secret($"s{i}"));
            await store.GetAsync("s0");
        }

        var reads = inner.Reads;
        await store.GetAsync("s0");
        Assert.Equal(reads, inner.Reads);
        await store.GetAsync("s1");
        Assert.Equal(reads + 1, inner.Reads);
    }

    /// <summary>The model with a count of reads, and a hand on the brake.</summary>
    private sealed class GatedStore : ISecretStore
    {
        private readonly TaskCompletionSource committed = new();
        private TaskCompletionSource? heldRead;
        private TaskCompletionSource? heldCommit;

        public ModelStore Model { get; } = new();
        public int Reads { get; private set; }
        public Task Committed => committed.Task;

        public TaskCompletionSource HoldNextRead() => heldRead = new();
        public TaskCompletionSource HoldNextCommit() => heldCommit = new();

        public async ValueTask<StoredSecret?> FindAsync(string account, string region, string name, CancellationToken ct)
        {
            Reads++;
            var found = await Model.FindAsync(account, region, name, ct);
            if (heldRead is { } held)
            {
                heldRead = null;
                await held.Task;
            }

            return found;
        }

        public ValueTask<StoredVersion?> FindVersionAsync(long secretId, string versionId, CancellationToken ct)
        {
            Reads++;
            return Model.FindVersionAsync(secretId, versionId, ct);
        }

        public async ValueTask<CommitResult> CommitAsync(SecretCommit commit, CancellationToken ct)
        {
            var result = await Model.CommitAsync(commit, ct);
            if (heldCommit is { } held)
            {
                heldCommit = null;
                committed.SetResult();
                await held.Task;
            }

            return result;
        }

        public ValueTask TouchAsync(long secretId, string versionId, DateOnly day, CancellationToken ct) => Model.TouchAsync(secretId, versionId, day, ct);
        public ValueTask<IReadOnlyList<StoredSecret>> ListAsync(SecretQuery query, CancellationToken ct) => Model.ListAsync(query, ct);
        public ValueTask<IReadOnlyList<VersionSummary>> ListVersionsAsync(long secretId, bool includeUnlabelled, VersionPosition? after, int limit, CancellationToken ct) =>
            Model.ListVersionsAsync(secretId, includeUnlabelled, after, limit, ct);
        public ValueTask<IReadOnlyList<StoredSecret>> ListPurgeableAsync(DateTimeOffset now, PurgePosition? after, int limit, CancellationToken ct) =>
            Model.ListPurgeableAsync(now, after, limit, ct);
        public ValueTask<IReadOnlyList<StoredSecret>> ListOverdueAsync(DateTimeOffset now, long after, int limit, CancellationToken ct) =>
            Model.ListOverdueAsync(now, after, limit, ct);
        public ValueTask<IReadOnlyList<StoredSecret>> ListLaggingAsync(long after, int limit, CancellationToken ct) => Model.ListLaggingAsync(after, limit, ct);
    }
}
