using System.Diagnostics;
using Strongroom.Storage.Postgres;
using static Strongroom.Storage.Tests.Sample;

namespace Strongroom.Storage.Tests.Postgres;

/// <summary>What goes wrong with a database server, and that the store says so in words and goes on when it can.</summary>
public sealed class PostgresFailureTests(PostgresFixture postgres)
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_second_server_is_refused_until_the_first_has_stopped()
    {
        var text = postgres.ConnectionString(await postgres.CreateDatabaseAsync());
        var first = await SqlStore.OpenPostgresAsync(text, TimeProvider.System, Ct);

        var refusal = await Assert.ThrowsAsync<StoreRefusedException>(() => SqlStore.OpenPostgresAsync(text, TimeProvider.System, Ct));
        Assert.Contains("Another Strongroom server", refusal.Message, StringComparison.Ordinal);

        await first.DisposeAsync();
        await (await OpenPatientlyAsync(text)).DisposeAsync();
    }

    [Fact]
    public async Task Lost_connections_fail_what_was_under_way_and_the_store_goes_on_by_itself()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using var store = await SqlStore.OpenPostgresAsync(postgres.ConnectionString(database), TimeProvider.System, Ct);
        var secret = await store.AddAsync(Secret("a"));

        await CutConnectionsAsync(database, "");

        await RecoverAsync(() => store.ChangeAsync(new SecretChange { Before = secret, After = secret }));
        Assert.Equal(secret.Revision + 1, (await store.GetAsync("a")).Revision);
    }

    [Fact]
    public async Task A_server_that_loses_its_lock_to_another_writes_no_more()
    {
        var database = await postgres.CreateDatabaseAsync();
        await using var store = await SqlStore.OpenPostgresAsync(postgres.ConnectionString(database), TimeProvider.System, Ct);
        var secret = await store.AddAsync(Secret("a"));

        // Another takes the lock in the moment in which this server has lost it. It may need a few attempts to be the faster one.
        SqlStore? other = null;
        for (var i = 0; i < 100 && other is null; i++)
        {
            await CutConnectionsAsync(database, "AND query LIKE '%pg_try_advisory_lock%'");
            try
            {
                other = await SqlStore.OpenPostgresAsync(postgres.ConnectionString(database), TimeProvider.System, Ct);
            }
            catch (StoreRefusedException)
            {
            }
        }

        Assert.NotNull(other);
        await UntilAsync(async () => await Xunit.Record.ExceptionAsync(() => store.ChangeAsync(new SecretChange { Before = secret with { Revision = 99 }, After = secret }))
            is StoreUnavailableException { Message: var message } && message.Contains("lock", StringComparison.Ordinal));
        Assert.NotNull(await store.FindAsync(Account, Region, "a", Ct)); // reading harms nobody

        await other.DisposeAsync();
        await RecoverAsync(() => store.ChangeAsync(new SecretChange { Before = secret, After = secret }));
    }

    [Fact]
    public async Task A_server_that_is_away_is_unavailable_and_the_message_holds_no_password()
    {
        var failure = await Assert.ThrowsAsync<StoreUnavailableException>(() =>
            SqlStore.OpenPostgresAsync(postgres.ConnectionString("x", port: 1), TimeProvider.System, Ct));

        Assert.Contains("127.0.0.1:1/x", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(PostgresFixture.Password, failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_or_database_is_refused_in_words_without_the_password()
    {
        var database = await postgres.CreateDatabaseAsync();

        var password = await Assert.ThrowsAsync<StoreRefusedException>(() =>
            SqlStore.OpenPostgresAsync(postgres.ConnectionString(database) + $";Password={PostgresFixture.Password}-wrong", TimeProvider.System, Ct));
        var missing = await Assert.ThrowsAsync<StoreRefusedException>(() =>
            SqlStore.OpenPostgresAsync(postgres.ConnectionString("missing"), TimeProvider.System, Ct));

        Assert.Contains("password", password.Message, StringComparison.Ordinal);
        Assert.Contains("no database", missing.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(PostgresFixture.Password, password.ToString() + missing, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("canary-password-7Q")]
    [InlineData("Host=h;Database=d;canary-password-7Q=1")]
    [InlineData("Host=h;Database=d;Port=canary-password-7Q")]
    [InlineData("Password=canary-password-7Q")]
    public async Task Text_that_is_no_connection_string_is_refused_and_not_repeated(string text)
    {
        var refusal = await Assert.ThrowsAsync<StoreRefusedException>(() => SqlStore.OpenPostgresAsync(text, TimeProvider.System, Ct));

        Assert.DoesNotContain("canary", refusal.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_newer_schema_is_refused_in_words()
    {
        var text = postgres.ConnectionString(await postgres.CreateDatabaseAsync());
        var known = Migration.For("Postgres");
        await (await PostgresEngine.OpenAsync(text, [.. known, new Migration(known.Count + 1, "CREATE TABLE later (id BIGINT);")], TimeProvider.System, Ct)).DisposeAsync();

        var refusal = await Assert.ThrowsAsync<StoreRefusedException>(async () => await (await OpenPatientlyAsync(text)).DisposeAsync());

        Assert.Contains($"newer Strongroom (schema {known.Count + 1}, this program knows {known.Count})", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_older_schema_is_migrated_and_a_failing_step_leaves_it()
    {
        var text = postgres.ConnectionString(await postgres.CreateDatabaseAsync());
        var known = Migration.For("Postgres");
        await using (var store = await SqlStore.OpenPostgresAsync(text, TimeProvider.System, Ct))
            await store.AddAsync(Secret("a"));

        await UntilAsync(async () => await Xunit.Record.ExceptionAsync(() => PostgresEngine.OpenAsync(
            text, [.. known, new Migration(known.Count + 1, "CREATE TABLE half (id BIGINT); CREATE TABLE secret (id BIGINT);")], TimeProvider.System, Ct))
            is StoreRefusedException { Message: var message } && message.Contains("schema", StringComparison.Ordinal));
        await using var migrated = SqlStore.Over(await PatientlyAsync(() => PostgresEngine.OpenAsync(
            text, [.. known, new Migration(known.Count + 1, "CREATE TABLE half (id BIGINT);")], TimeProvider.System, Ct)), TimeProvider.System);

        await migrated.GetAsync("a");
    }

    [Fact]
    public async Task Keys_become_entries_of_their_directories()
    {
        var text = postgres.ConnectionString(await postgres.CreateDatabaseAsync());
        await using var store = SqlStore.Over(
            await PostgresEngine.OpenAsync(text, KeyMigration.Around("Postgres", "BYTEA"), TimeProvider.System, Ct), TimeProvider.System);

        await KeyMigration.CheckAsync(store, Ct);
    }

    [Fact]
    public async Task A_database_in_another_encoding_is_refused()
    {
        await postgres.CreateDatabaseAsync(); // starts the server
        await postgres.ExecuteAsync("postgres", "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'");

        var refusal = await Assert.ThrowsAsync<StoreRefusedException>(() => SqlStore.OpenPostgresAsync(postgres.ConnectionString("latin"), TimeProvider.System, Ct));

        Assert.Contains("UTF-8", refusal.Message, StringComparison.Ordinal);
    }

    private static Task<SqlStore> OpenPatientlyAsync(string text) => PatientlyAsync(() => SqlStore.OpenPostgresAsync(text, TimeProvider.System, Ct));

    // PostgreSQL lets go of a lock a little after the connection that held it was closed.
    private static async Task<T> PatientlyAsync<T>(Func<Task<T>> open)
    {
        var patience = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return await open();
            }
            catch (StoreRefusedException e) when (e.Message.Contains("Another", StringComparison.Ordinal) && patience.Elapsed < TimeSpan.FromSeconds(20))
            {
                await Task.Delay(10, Ct);
            }
        }
    }

    private static Task RecoverAsync(Func<Task<CommitResult>> change) => UntilAsync(async () =>
    {
        try
        {
            return await change() == CommitResult.Committed;
        }
        catch (StoreUnavailableException)
        {
            return false;
        }
    });

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        var patience = Stopwatch.StartNew();
        while (!await holds())
        {
            Assert.True(patience.Elapsed < TimeSpan.FromSeconds(30), "It did not come to that in 30 seconds.");
            await Task.Delay(20, Ct);
        }
    }

    private Task CutConnectionsAsync(string database, string condition) => postgres.ExecuteAsync("postgres",
        $"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{database}' {condition}");
}
