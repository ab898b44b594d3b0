using Microsoft.Extensions.Time.Testing;
using static Strongroom.Storage.Tests.Sample;

namespace Strongroom.Storage.Tests;

/// <summary>What every control store does.</summary>
public abstract class ControlStoreContract : IAsyncLifetime
{
    private static readonly Guid KeyId = Guid.Parse("11111111-2222-3333-4444-555555555555");

    private IControlStore store = null!;

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
        Assert.Null(await store.FindAccessKeyAsync("AK444455556666", Ct));
    }

    [Fact]
    public async Task Of_many_seeds_at_once_one_is_taken()
    {
        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => store.InitializeAsync(Seed($"{i:000000000000}"), Ct).AsTask(), Ct)));

        Assert.Single(taken, true);
    }

    [Fact]
    public async Task An_access_key_comes_back_as_it_was_given()
    {
        await store.InitializeAsync(Seed(Account), Ct);

        var key = await store.FindAccessKeyAsync("AK" + Account, Ct);

        Assert.Equal((Account, $"arn:aws:iam::{Account}:root", true), (key!.Account, key.PrincipalArn, key.Active));
        Assert.Equal([9, 8, 7], key.Secret.Bytes.ToArray());
        Assert.Null(await store.FindAccessKeyAsync("ak" + Account, Ct));
    }

    [Fact]
    public async Task A_key_is_found_by_its_alias_in_its_account_and_region()
    {
        Assert.True(await store.AddKeyAsync(Key(KeyId), "alias/a", Ct));

        var found = await store.FindKeyByAliasAsync(Account, Region, "alias/a", Ct);
        Assert.Equivalent(Key(KeyId), found, strict: true);
        Assert.Equivalent(Key(KeyId), await store.FindKeyAsync(KeyId, 1, Ct), strict: true);
        Assert.Null(await store.FindKeyAsync(KeyId, 2, Ct));
        Assert.Null(await store.FindKeyByAliasAsync(Account, "eu-west-1", "alias/a", Ct));
        Assert.Null(await store.FindKeyByAliasAsync("444455556666", Region, "alias/a", Ct));
    }

    [Fact]
    public async Task A_taken_alias_refuses_the_key()
    {
        var second = Guid.NewGuid();
        await store.AddKeyAsync(Key(KeyId), "alias/a", Ct);

        Assert.False(await store.AddKeyAsync(Key(second), "alias/a", Ct));

        Assert.Null(await store.FindKeyAsync(second, 1, Ct));
        Assert.Equal(KeyId, (await store.FindKeyByAliasAsync(Account, Region, "alias/a", Ct))!.KeyId);
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

    private static WrappedKey Key(Guid id) => new(id, Account, Region, 1, [5, 6], Time(3));

    private static StoreSeed Seed(string account) => new(
        account, new Dictionary<string, byte[]> { ["root-key"] = [1, 2, 3] },
        new StoredAccessKey("AK" + account, account, $"arn:aws:iam::{account}:root", true, SealedValue.Parse([9, 8, 7])),
        [(Key(KeyId) with { Account = account, Region = "global" }, "alias/account")], Time(0));
}
