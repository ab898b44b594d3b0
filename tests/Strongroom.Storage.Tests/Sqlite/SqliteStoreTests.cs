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

    private protected override ValueTask CleanUpAsync()
    {
        directory.Dispose();
        return ValueTask.CompletedTask;
    }
}
