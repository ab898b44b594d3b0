using Microsoft.Data.Sqlite;

namespace Strongroom.Storage.Tests.Sqlite;

public sealed class SqliteSecretStoreTests : SecretStoreContract
{
    private readonly TemporaryDirectory directory = new();

    private protected override async Task<ISecretStore> OpenAsync() =>
        await SqlStore.OpenSqliteAsync(directory.File("strongroom.db"), TimeProvider.System, CancellationToken.None);

    private protected override ValueTask CleanUpAsync()
    {
        directory.Dispose();
        return ValueTask.CompletedTask;
    }
}

public sealed class SqliteControlStoreTests : ControlStoreContract
{
    private readonly TemporaryDirectory directory = new();

    private protected override Task<SqlStore> OpenAsync() =>
        SqlStore.OpenSqliteAsync(directory.File("strongroom.db"), Clock, CancellationToken.None);

    private protected override async Task<long> CountOutboxRowsAsync()
    {
        await using var connection = new SqliteConnection($"Data Source={directory.File("strongroom.db")};Pooling=false");
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM audit_outbox";
        return (long)(await command.ExecuteScalarAsync())!;
    }

    [Fact]
    public async Task Erasing_leaves_no_replaced_setting_in_the_files()
    {
        var ct = TestContext.Current.CancellationToken;
        var old = Enumerable.Range(0, 200).Select(i => (byte)((i * 37 + 11) % 251)).ToArray();
        await using var store = await SqlStore.OpenSqliteAsync(directory.File("erased.db"), Clock, ct);
        await store.ProbeAsync(ct);
        var probed = (await store.FindSettingAsync("store.probed", ct))!;
        Assert.True(await store.ReplaceSettingsAsync("store.probed", probed, new Dictionary<string, byte[]> { ["root-key"] = old }, ct));
        Assert.True(await store.ReplaceSettingsAsync("root-key", old, new Dictionary<string, byte[]> { ["root-key"] = [1] }, ct));
        Assert.True(await IsInFilesAsync(old)); // or what follows would look for the wrong thing

        await store.EraseReplacedSettingsAsync(ct);

        Assert.False(await IsInFilesAsync(old));
        Assert.Equal([1], await store.FindSettingAsync("root-key", ct));
    }

    private async Task<bool> IsInFilesAsync(byte[] value)
    {
        foreach (var path in Directory.EnumerateFiles(Path.GetDirectoryName(directory.File("erased.db"))!, "erased.db*").Where(f => !f.EndsWith("-shm", StringComparison.Ordinal)))
        {
            using var copy = new MemoryStream();
            await using (var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite))
                await file.CopyToAsync(copy);

            // Any part of it: what SQLite writes over may begin or end inside the old value.
            for (var at = 0; at + 32 <= value.Length; at += 32)
            {
                if (copy.ToArray().AsSpan().IndexOf(value.AsSpan(at, 32)) >= 0)
                    return true;
            }
        }

        return false;
    }

    private protected override ValueTask CleanUpAsync()
    {
        directory.Dispose();
        return ValueTask.CompletedTask;
    }
}
