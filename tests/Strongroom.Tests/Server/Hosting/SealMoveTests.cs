using Strongroom.Crypto;
using Strongroom.Crypto.KeyProviders;
using Strongroom.Server.Hosting;
using Strongroom.Storage;

namespace Strongroom.Tests.Server.Hosting;

/// <summary>The move between seals, ended at every step.</summary>
public sealed class SealMoveTests : IAsyncLifetime
{
    private readonly string data = Directory.CreateTempSubdirectory("strongroom-move-").FullName;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Database => Path.Combine(data, "strongroom.db");

    public async ValueTask InitializeAsync()
    {
        await using var server = await RunningServer.StartAsync(data);
        await server.CallAsync("CreateSecret", new { Name = "kept", ClientRequestToken = "11111111-1111-4111-8111-111111111111", SecretString = "v" });
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(data, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task The_data_opens_under_the_new_key_alone_and_nothing_of_the_old_blob_is_left()
    {
        var old = await StoredAsync();
        Assert.True(await MoveAsync());
        var moved = await StoredAsync();

        Assert.NotEqual(old.RootKey, moved.RootKey);
        Assert.Equal(old.Installation, moved.Installation);
        Assert.True(await OpensAsync("new.key"));
        Assert.False(await OpensAsync("root.key"));
        foreach (var file in Directory.EnumerateFiles(data, "strongroom.db*"))
            Assert.Equal(-1, (await File.ReadAllBytesAsync(file, Ct)).AsSpan().IndexOf(old.RootKey));
    }

    [Fact]
    public async Task The_same_call_again_changes_nothing_even_without_the_old_key()
    {
        await MoveAsync();
        var moved = await StoredAsync();
        Assert.False(await MoveAsync());
        File.Delete(Path.Combine(data, "root.key"));

        Assert.False(await MoveAsync());

        Assert.Equal(moved.RootKey, (await StoredAsync()).RootKey);
    }

    [Theory]
    [InlineData(1)] // before the old seal opens
    [InlineData(2)] // before the new key is made
    [InlineData(3)] // before it wraps
    [InlineData(4)] // before it is tried
    [InlineData(5)] // before the commit
    [InlineData(6)] // after the commit, before the erasure
    public async Task A_move_that_ended_at_any_step_is_finished_by_the_same_call(int step)
    {
        var count = 0;
        void Die()
        {
            if (++count == step)
                throw new OperationCanceledException("killed");
        }

        await Assert.ThrowsAsync<OperationCanceledException>(() => MoveAsync(Die));
        Assert.True(await OpensAsync(step == 6 ? "new.key" : "root.key"));

        Assert.Equal(step != 6, await MoveAsync());
        Assert.True(await OpensAsync("new.key"));
    }

    [Fact]
    public async Task A_new_seal_that_does_not_give_the_key_back_is_not_used()
    {
        var before = await StoredAsync();
        await using var store = await SqlStore.OpenSqliteAsync(Database, TimeProvider.System, Ct);
        var move = new SealMove(store, SystemEntropy.Instance);

        await Assert.ThrowsAsync<SealException>(() => move.RunAsync(_ => Seal("root.key"), _ => new ForgetfulSeal(), Ct));

        Assert.Equal(before.RootKey, (await StoredSeal.FindAsync(store, Ct))!.RootKey);
    }

    [Fact]
    public async Task A_wrong_old_key_leaves_everything_as_it_was()
    {
        await Seal("other.key").EnsureKeyAsync(Ct);
        await using (var store = await SqlStore.OpenSqliteAsync(Database, TimeProvider.System, Ct))
        {
            var refusal = await Assert.ThrowsAsync<SealException>(
                () => new SealMove(store, SystemEntropy.Instance).RunAsync(_ => Seal("other.key"), _ => Seal("new.key"), Ct));
            Assert.Equal(SealFailure.WrongKey, refusal.Failure);
        }

        Assert.True(await OpensAsync("root.key"));
        Assert.False(File.Exists(Path.Combine(data, "new.key")));
    }

    private FlakySeal Seal(string file) => new(Path.Combine(data, file));

    private async Task<bool> MoveAsync(Action? beforeStep = null)
    {
        await using var store = await SqlStore.OpenSqliteAsync(Database, TimeProvider.System, Ct);
        ISettingStore watched = beforeStep is null ? store : new WatchedStore(store, beforeStep);
        var result = await new SealMove(watched, SystemEntropy.Instance).RunAsync(
            _ => new FlakySeal(Path.Combine(data, "root.key")) { BeforeUse = beforeStep }, _ => new FlakySeal(Path.Combine(data, "new.key")) { BeforeUse = beforeStep }, Ct);
        return result.Moved;
    }

    private async Task<StoredSeal> StoredAsync()
    {
        await using var store = await SqlStore.OpenSqliteAsync(Database, TimeProvider.System, Ct);
        return (await StoredSeal.FindAsync(store, Ct))!;
    }

    private async Task<bool> OpensAsync(string keyFile)
    {
        try
        {
            await using var server = await RunningServer.StartAsync(data, configure: o => o with { Seal = new SealOptions { KeyFile = Path.Combine(data, keyFile) } });
            await server.CallAsync("GetSecretValue", new { SecretId = "kept" });
            return true;
        }
        catch (SealException)
        {
            return false;
        }
    }

    private sealed class WatchedStore(ISettingStore inner, Action beforeChange) : ISettingStore
    {
        public ValueTask<byte[]?> FindSettingAsync(string name, CancellationToken ct) => inner.FindSettingAsync(name, ct);

        public ValueTask WriteSettingAsync(string name, byte[] value, CancellationToken ct)
        {
            beforeChange();
            return inner.WriteSettingAsync(name, value, ct);
        }

        public ValueTask<bool> ReplaceSettingsAsync(string name, byte[] expected, IReadOnlyDictionary<string, byte[]> settings, CancellationToken ct)
        {
            beforeChange();
            return inner.ReplaceSettingsAsync(name, expected, settings, ct);
        }

        public ValueTask EraseReplacedSettingsAsync(CancellationToken ct)
        {
            beforeChange();
            return inner.EraseReplacedSettingsAsync(ct);
        }
    }

    private sealed class ForgetfulSeal : IRootKeySeal
    {
        public string Name => "pkcs11";

        public ValueTask EnsureKeyAsync(CancellationToken ct) => ValueTask.CompletedTask;

        public ValueTask<byte[]> WrapAsync(SecretBytes rootKey, CancellationToken ct) => new([1]);

        public ValueTask<SecretBytes> UnwrapAsync(ReadOnlyMemory<byte> wrapped, CancellationToken ct) => new(SecretBytes.CopyFrom(new byte[32]));
    }
}
