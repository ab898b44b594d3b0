using Microsoft.Extensions.Time.Testing;
using static Strongroom.Storage.Tests.Sample;

namespace Strongroom.Storage.Tests;

/// <summary>What every control store does.</summary>
public abstract partial class ControlStoreContract : IAsyncLifetime
{
    private static readonly Guid KeyId = Guid.Parse("11111111-2222-3333-4444-555555555555");

    private IControlStore store = null!;

    private IDirectoryStore Directories => (IDirectoryStore)store;

    private protected FakeTimeProvider Clock { get; } = new(Time(0));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => store = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await ((IAsyncDisposable)store).DisposeAsync();
        await CleanUpAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task An_empty_store_takes_a_seed_once()
    {
        Assert.True(await store.InitializeAsync(Seed(Account), Ct));
        Assert.False(await store.InitializeAsync(Seed("444455556666"), Ct));

        Assert.Equal([1, 2, 3], await store.FindSettingAsync("root-key", Ct));
        Assert.Null(await store.FindSettingAsync("unknown", Ct));
        Assert.Null(await Directories.FindAccessKeyAccountAsync("AK444455556666", Ct));
        Assert.Null(await Directories.FindAccessKeyAccountAsync("\0", Ct)); // anybody can send it: a presigned URL's credential is decoded
    }

    [Fact]
    public async Task Settings_are_replaced_only_while_the_one_they_depend_on_is_as_it_was()
    {
        await store.InitializeAsync(Seed(Account), Ct);
        var change = new Dictionary<string, byte[]> { ["root-key"] = [4, 5, 6], ["seal"] = [7] };

        Assert.False(await store.ReplaceSettingsAsync("root-key", [9, 9, 9], change, Ct));
        Assert.False(await store.ReplaceSettingsAsync("unknown", [], change, Ct));
        Assert.Equal([1, 2, 3], await store.FindSettingAsync("root-key", Ct));

        Assert.True(await store.ReplaceSettingsAsync("root-key", [1, 2, 3], change, Ct));
        Assert.False(await store.ReplaceSettingsAsync("root-key", [1, 2, 3], change, Ct));
        await store.EraseReplacedSettingsAsync(Ct);

        Assert.Equal([4, 5, 6], await store.FindSettingAsync("root-key", Ct));
        Assert.Equal([7], await store.FindSettingAsync("seal", Ct));
        await store.ProbeAsync(Ct); // it still takes work
    }

    [Fact]
    public async Task Of_many_seeds_at_once_one_is_taken()
    {
        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => store.InitializeAsync(Seed($"{i:000000000000}"), Ct).AsTask(), Ct)));

        Assert.Single(taken, true);
    }

    [Fact]
    public async Task A_seed_begins_the_directory_of_its_account()
    {
        await store.InitializeAsync(Seed(Account), Ct);

        var directory = await Directories.LoadDirectoryAsync(Account, StoreSeed.Scope, Ct);

        Assert.Equal((Account, "global", 1), (directory.Account, directory.Scope, directory.Revision));
        Assert.Equal(("access-key", "AK" + Account, "{}"), Assert.Single(directory.Entries) is var entry ? (entry.Kind, entry.Name, entry.Document) : default);
        Assert.Equal([9, 8, 7], directory.Entries[0].Sealed!.Bytes.ToArray());
        Assert.Equal(Account, await Directories.FindAccessKeyAccountAsync("AK" + Account, Ct));
        Assert.Null(await Directories.FindAccessKeyAccountAsync("ak" + Account, Ct));
        Assert.Equal([new StoredAccount(Account, Time(0))], await Directories.ListAccountsAsync(Ct));
    }

    [Fact]
    public async Task A_directory_that_was_never_written_is_empty()
    {
        var directory = await Directories.LoadDirectoryAsync(Account, "eu-west-1", Ct);

        Assert.Equal(0, directory.Revision);
        Assert.Empty(directory.Entries);
    }

    [Fact]
    public async Task A_directory_changes_under_its_revision()
    {
        Assert.Equal(CommitResult.Committed, await ChangeAsync(0, puts: [new("user", "b", "{1}"), new("user", "a", "{2}", SealedValue.Parse([1]))]));
        Assert.Equal(CommitResult.Stale, await ChangeAsync(0, puts: [new("user", "c", "{}")]));
        Assert.Equal(CommitResult.Stale, await ChangeAsync(2, puts: [new("user", "c", "{}")]));
        Assert.Equal(CommitResult.Committed, await ChangeAsync(1, puts: [new("user", "b", "{3}"), new("group", "a", "{4}")], removals: [("user", "a"), ("user", "gone")]));

        var directory = await Directories.LoadDirectoryAsync(Account, "global", Ct);

        Assert.Equal(2, directory.Revision);
        Assert.Equal([("group", "a", "{4}"), ("user", "b", "{3}")], directory.Entries.Select(e => (e.Kind, e.Name, e.Document)));
        Assert.Empty((await Directories.LoadDirectoryAsync(Account, "us-east-1", Ct)).Entries);
        Assert.Empty((await Directories.LoadDirectoryAsync("444455556666", "global", Ct)).Entries);
    }

    [Fact]
    public async Task Of_many_changes_from_one_revision_one_is_taken()
    {
        await ChangeAsync(0);

        var results = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => ChangeAsync(1, puts: [new("user", $"u{i}", "{}")]), Ct)));

        Assert.Single(results, CommitResult.Committed);
        Assert.Single((await Directories.LoadDirectoryAsync(Account, "global", Ct)).Entries);
    }

    [Fact]
    public async Task A_stale_directory_takes_everything_of_its_commit_with_it()
    {
        await ChangeAsync(0);
        var id = Guid.NewGuid();

        var result = await ((ISecretStore)store).CommitAsync(new SecretCommit([new SecretChange { After = Secret("s") }], [Record(id)])
        {
            Accounts = [new StoredAccount("444455556666", Time(0))],
            Keys = [Key(KeyId)],
            Directories = [new DirectoryChange(Account, "us-east-1", 0), new DirectoryChange(Account, "global", 7)],
        }, Ct);

        Assert.Equal(CommitResult.Stale, result);
        Assert.Empty(await Directories.ListAccountsAsync(Ct));
        Assert.Equal(0, (await Directories.LoadDirectoryAsync(Account, "us-east-1", Ct)).Revision);
        Assert.Null(await store.FindKeyAsync(KeyId, 1, Ct));
        Assert.Empty(await ((IAuditOutbox)store).ListAsync(Ct));
        Assert.Null(await ((ISecretStore)store).FindAsync(Account, Region, "s", Ct));
    }

    [Fact]
    public async Task An_account_is_added_once_with_its_keys_and_directory()
    {
        var commit = new SecretCommit([], [])
        {
            Accounts = [new StoredAccount("444455556666", Time(2))],
            Keys = [Key(KeyId)],
            Directories = [new DirectoryChange("444455556666", "global", 0) { Puts = [new(DirectoryEntry.AccessKeyKind, "AKIA1", "{}")] }],
        };

        Assert.Equal(CommitResult.Committed, await ((ISecretStore)store).CommitAsync(commit, Ct));
        Assert.Equal(CommitResult.Stale, await ((ISecretStore)store).CommitAsync(commit, Ct));

        Assert.Equal([new StoredAccount("444455556666", Time(2))], await Directories.ListAccountsAsync(Ct));
        Assert.Equal("444455556666", await Directories.FindAccessKeyAccountAsync("AKIA1", Ct));
        Assert.NotNull(await store.FindKeyAsync(KeyId, 1, Ct));
    }

    [Fact]
    public async Task The_last_use_of_a_key_never_moves_back()
    {
        await Directories.RecordUsesAsync([new("AKIA1", Time(5), "us-east-1", "secretsmanager"), new("AROA1", Time(1), "eu-west-1", "kms")], Ct);
        await Directories.RecordUsesAsync([new("AKIA1", Time(4), "eu-west-1", "iam")], Ct);
        await Directories.RecordUsesAsync([new("AROA1", Time(2), "us-east-1", "sts")], Ct);

        Assert.Equal(new AccessKeyUse("AKIA1", Time(5), "us-east-1", "secretsmanager"), await Directories.FindUseAsync("AKIA1", Ct));
        Assert.Equal(new AccessKeyUse("AROA1", Time(2), "us-east-1", "sts"), await Directories.FindUseAsync("AROA1", Ct));
        Assert.Null(await Directories.FindUseAsync("AKIA2", Ct));
    }

    [Fact]
    public async Task A_destroyed_key_loses_all_its_versions_and_no_other_key_does()
    {
        var other = Guid.NewGuid();
        await ((ISecretStore)store).CommitAsync(new SecretCommit([], []) { Keys = [Key(KeyId), Key(KeyId) with { Version = 2 }, Key(other)] }, Ct);
        Assert.Equivalent(Key(KeyId), await store.FindKeyAsync(KeyId, 1, Ct), strict: true);
        Assert.Null(await store.FindKeyAsync(KeyId, 3, Ct));

        await ((ISecretStore)store).CommitAsync(new SecretCommit([], []) { DestroyedKeys = [KeyId] }, Ct);

        Assert.Null(await store.FindKeyAsync(KeyId, 1, Ct));
        Assert.Null(await store.FindKeyAsync(KeyId, 2, Ct));
        Assert.NotNull(await store.FindKeyAsync(other, 1, Ct));
    }

    [Fact]
    public async Task Directories_are_listed_by_a_kind_they_have()
    {
        await ChangeAsync(0, puts: [new("kms-key", "a", "{}"), new("kms-key", "b", "{}")]);
        await ((ISecretStore)store).CommitAsync(new SecretCommit([], [])
        {
            Directories = [new DirectoryChange(Account, "eu-west-1", 0) { Puts = [new("kms-key", "c", "{}")] }, new DirectoryChange("444455556666", "global", 0) { Puts = [new("user", "u", "{}")] }],
        }, Ct);

        Assert.Equal([(Account, "eu-west-1"), (Account, "global")], await Directories.ListDirectoriesAsync("kms-key", Ct));
    }

    [Fact]
    public async Task A_lease_has_one_holder_until_it_ends()
    {
        var (one, two) = (Guid.NewGuid(), Guid.NewGuid());

        Assert.True(await store.TryLeaseAsync("purge", one, Time(0), Time(10), Ct));
        Assert.False(await store.TryLeaseAsync("purge", two, Time(9), Time(20), Ct));
        Assert.True(await store.TryLeaseAsync("other", two, Time(0), Time(10), Ct));
        Assert.True(await store.TryLeaseAsync("purge", one, Time(9), Time(15), Ct)); // its holder prolongs it
        Assert.False(await store.TryLeaseAsync("purge", two, Time(14), Time(30), Ct));
        Assert.True(await store.TryLeaseAsync("purge", two, Time(15), Time(30), Ct));
        Assert.False(await store.TryLeaseAsync("purge", one, Time(16), Time(40), Ct));
    }

    [Fact]
    public async Task Of_many_that_want_a_lease_one_gets_it()
    {
        var got = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => store.TryLeaseAsync("purge", Guid.NewGuid(), Time(0), Time(10), Ct).AsTask(), Ct)));

        Assert.Single(got, true);
    }

    [Fact]
    public async Task A_probe_can_be_repeated()
    {
        await store.ProbeAsync(Ct);
        await store.ProbeAsync(Ct);
    }

    [Fact]
    public async Task A_removed_record_leaves_the_database_when_the_store_is_idle()
    {
        var id = Guid.NewGuid();
        await ((ISecretStore)store).CommitAsync(new SecretCommit([], [Record(id)]), Ct);
        await ((IAuditOutbox)store).RemoveAsync([id], Ct);
        Assert.Equal(1, await CountOutboxRowsAsync());

        Clock.Advance(TimeSpan.FromSeconds(5));

        // The sweep runs on its own; only its start is driven by the clock.
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (await CountOutboxRowsAsync() > 0)
            await Task.Delay(5, patience.Token);
    }

    private protected abstract Task<SqlStore> OpenAsync();

    /// <summary>Rows of the outbox as another program sees them.</summary>
    private protected abstract Task<long> CountOutboxRowsAsync();

    private protected virtual ValueTask CleanUpAsync() => ValueTask.CompletedTask;

    private Task<CommitResult> ChangeAsync(long expected, DirectoryEntry[]? puts = null, (string, string)[]? removals = null) =>
        ((ISecretStore)store).CommitAsync(new SecretCommit([], [])
        {
            Directories = [new DirectoryChange(Account, "global", expected) { Puts = puts ?? [], Removals = removals ?? [] }],
        }, Ct).AsTask();

    private static WrappedKey Key(Guid id) => new(id, Account, Region, 1, [5, 6], Time(3));

    private static StoreSeed Seed(string account) => new(
        account, new Dictionary<string, byte[]> { ["root-key"] = [1, 2, 3] },
        [new DirectoryEntry(DirectoryEntry.AccessKeyKind, "AK" + account, "{}", SealedValue.Parse([9, 8, 7]))],
        [Key(KeyId) with { Account = account, Region = "global" }], Time(0));
}
