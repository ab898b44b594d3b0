namespace Strongroom.Storage.Tests.Postgres;

public sealed class PostgresSecretStoreTests(PostgresFixture postgres) : SecretStoreContract
{
    private protected override async Task<ISecretStore> OpenAsync() =>
        await SqlStore.OpenPostgresAsync(postgres.ConnectionString(await postgres.CreateDatabaseAsync()), TimeProvider.System, CancellationToken.None);
}

public sealed class PostgresControlStoreTests(PostgresFixture postgres) : ControlStoreContract
{
    private string database = "";

    private protected override async Task<SqlStore> OpenAsync() =>
        await SqlStore.OpenPostgresAsync(postgres.ConnectionString(database = await postgres.CreateDatabaseAsync()), Clock, CancellationToken.None);

    private protected override async Task<long> CountOutboxRowsAsync() =>
        (long)(await postgres.ExecuteAsync(database, "SELECT count(*) FROM audit_outbox"))!;
}
