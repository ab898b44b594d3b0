using Strongroom.Storage.Backup;
using static Strongroom.Storage.Tests.Sample;

namespace Strongroom.Storage.Tests.Backup;

/// <summary>What a snapshot and a store filled from it are, over both engines and from each into the other.</summary>
public abstract class SnapshotContract(PostgresFixture postgres) : IAsyncLifetime
{
    private readonly TemporaryDirectory directory = new();

    private protected static CancellationToken Ct => TestContext.Current.CancellationToken;

    private protected PostgresFixture Postgres => postgres;

    private protected SqlStore Store { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Store = await OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        directory.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task All_rows_arrive_in_a_store_of_either_kind()
    {
        await FillAsync(Store);
        var rows = await RowsAsync();

        var (sqlite, postgresStore) = (NewFile(), postgres.ConnectionString(await postgres.CreateDatabaseAsync()));
        await ImportAsync(sqlite, null, rows, StoreSnapshot.NewestSchema);
        await ImportAsync(null, postgresStore, rows, StoreSnapshot.NewestSchema);

        var expected = PortableRows.Text(rows);
        Assert.Contains(expected, row => row.StartsWith("secret_version: ", StringComparison.Ordinal));
        await using (var snapshot = await StoreSnapshot.OpenSqliteAsync(sqlite, Ct))
            Assert.Equal(expected, PortableRows.Text(await RowsAsync(snapshot)));
        await using (var snapshot = await StoreSnapshot.OpenPostgresAsync(postgresStore, Ct))
            Assert.Equal(expected, PortableRows.Text(await RowsAsync(snapshot)));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(sqlite));
    }

    [Fact]
    public async Task A_filled_store_serves_and_never_gives_an_id_again()
    {
        await FillAsync(Store);
        var removed = await Store.GetAsync("removed");
        await Store.ChangeAsync(new SecretChange { Before = removed });
        var rows = await RowsAsync();

        foreach (var isSqlite in new[] { true, false })
        {
            var file = isSqlite ? NewFile() : null;
            var connection = isSqlite ? null : postgres.ConnectionString(await postgres.CreateDatabaseAsync());
            await ImportAsync(file, connection, rows, StoreSnapshot.NewestSchema);
            await using var restored = file is not null
                ? await SqlStore.OpenSqliteAsync(file, TimeProvider.System, Ct)
                : await SqlStore.OpenPostgresAsync(connection!, TimeProvider.System, Ct);

            var added = await restored.AddAsync(Secret("new", Current("v1")), Version("v1"));
            Assert.True(added.Id > removed.Id);
            Assert.Equal("sealed-a", System.Text.Encoding.UTF8.GetString((await restored.FindVersionAsync((await restored.GetAsync("a")).Id, "v1", Ct))!.Value!.Bytes.Span));
            Assert.Contains(await restored.ListAsync(Ct), record => record.EventId == Guid.Parse("11111111-1111-4111-8111-111111111111"));
            Assert.Equal(CommitResult.Committed, await restored.CommitAsync(new SecretCommit([], [Record(Guid.NewGuid())]), Ct));
        }
    }

    [Fact]
    public async Task Writes_acknowledged_before_are_in_it_and_none_is_in_it_by_halves()
    {
        var acknowledged = new System.Collections.Concurrent.ConcurrentBag<string>();
        using var stop = new CancellationTokenSource();
        var writers = Enumerable.Range(0, 64).Select(writer => Task.Run(async () =>
        {
            for (var i = 0; !stop.IsCancellationRequested; i++)
            {
                var name = $"w{writer}-{i}";
                await Store.CommitAsync(
                    new SecretCommit([new SecretChange { After = Secret(name, Current("v1")), Versions = [Version("v1")] }], [Record(Guid.NewGuid())]), Ct);
                acknowledged.Add(name);
            }
        })).ToArray();
        while (acknowledged.Count < 500)
            await Task.Yield();

        for (var round = 0; round < 3; round++)
        {
            var before = acknowledged.ToArray();
            var tables = PortableRows.Parse(await RowsAsync());
            var names = Column(tables, "secret", "name");
            Assert.Empty(before.Select(name => "t" + name).Except(names));
            var versions = Column(tables, "secret_version", "secret_id");
            Assert.Equal(Column(tables, "secret", "id").Order(StringComparer.Ordinal), versions.Order(StringComparer.Ordinal));
            Assert.Equal(names.Count, tables["audit_outbox"].Rows.Count);
        }

        await stop.CancelAsync();
        await Task.WhenAll(writers);
    }

    [Fact]
    public async Task Rows_that_end_early_fill_nothing()
    {
        await FillAsync(Store);
        var rows = await RowsAsync();

        for (var cut = 0; cut < rows.Length; cut += 1 + (cut / 7))
        {
            var file = NewFile();
            var refused = await Assert.ThrowsAsync<StoreRefusedException>(() => ImportAsync(file, null, rows[..cut], StoreSnapshot.NewestSchema));
            Assert.Contains("backup", refused.Message, StringComparison.Ordinal);
        }

        var database = await postgres.CreateDatabaseAsync();
        foreach (var cut in new[] { 0, 3, rows.Length / 2, rows.Length - 1 })
            await Assert.ThrowsAsync<StoreRefusedException>(() => ImportAsync(null, postgres.ConnectionString(database), rows[..cut], StoreSnapshot.NewestSchema));
        Assert.Equal(0L, await postgres.ExecuteAsync(database, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"));
        await ImportAsync(null, postgres.ConnectionString(database), rows, StoreSnapshot.NewestSchema);
        var full = await Assert.ThrowsAsync<StoreRefusedException>(() => ImportAsync(null, postgres.ConnectionString(database), rows, StoreSnapshot.NewestSchema));
        Assert.Contains("empty database", full.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_behind_the_last_one_and_a_version_without_its_secret_are_refused()
    {
        await FillAsync(Store);
        var rows = await RowsAsync();

        await Assert.ThrowsAsync<StoreRefusedException>(() => ImportAsync(NewFile(), null, [.. rows, 0], StoreSnapshot.NewestSchema));
        var orphaned = (byte[])rows.Clone();
        var table = orphaned.AsSpan().IndexOf("\0\0\0\x0esecret_version"u8);
        var row = table + orphaned.AsSpan(table).IndexOf((ReadOnlySpan<byte>)[2, 1, 0, 0, 0, 0]); // a row whose first value is the secret's id
        orphaned[row + 9] ^= 0x40;
        await Assert.ThrowsAsync<StoreRefusedException>(() => ImportAsync(NewFile(), null, orphaned, StoreSnapshot.NewestSchema));
        await Assert.ThrowsAsync<StoreRefusedException>(
            () => postgres.CreateDatabaseAsync().ContinueWith(name => ImportAsync(null, postgres.ConnectionString(name.Result), orphaned, StoreSnapshot.NewestSchema), TaskScheduler.Default).Unwrap());
    }

    [Fact]
    public async Task A_newer_schema_is_refused_in_words()
    {
        var refused = await Assert.ThrowsAsync<StoreRefusedException>(() => ImportAsync(NewFile(), null, [0], StoreSnapshot.NewestSchema + 1));
        Assert.Contains("newer Strongroom", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_whole_store_has_no_findings()
    {
        await FillAsync(Store);
        await using var snapshot = await SnapshotAsync();

        Assert.Empty(await snapshot.CheckDatabaseAsync(Ct));
        var secrets = new List<CheckedSecret>();
        await foreach (var secret in snapshot.ReadSecretsAsync(Ct))
            secrets.Add(secret);
        Assert.Equal(["a", "b", "removed"], secrets.Select(secret => secret.Name));
        Assert.All(secrets, secret => Assert.Single(secret.Versions));
    }

    private protected abstract Task<SqlStore> OpenAsync();

    private protected abstract Task<StoreSnapshot> SnapshotAsync();

    private protected string NewFile() => directory.File($"{Guid.NewGuid():N}.db");

    private protected async Task<byte[]> RowsAsync()
    {
        await using var snapshot = await SnapshotAsync();
        return await RowsAsync(snapshot);
    }

    private protected static async Task<byte[]> RowsAsync(StoreSnapshot snapshot)
    {
        using var rows = new MemoryStream();
        await snapshot.WriteRowsAsync(rows, null, Ct);
        return rows.ToArray();
    }

    private protected static async Task ImportAsync(string? file, string? connection, byte[] rows, int schema)
    {
        using var stream = new MemoryStream(rows);
        await using var import = file is not null
            ? await StoreImport.IntoSqliteAsync(file, schema, stream, null, TimeProvider.System, Ct)
            : await StoreImport.IntoPostgresAsync(connection!, schema, stream, null, TimeProvider.System, Ct);
        await import.CommitAsync(Ct);
    }

    private static async Task FillAsync(SqlStore store)
    {
        await store.InitializeAsync(new StoreSeed(Account, new Dictionary<string, byte[]> { ["root-key"] = [1, 2, 3] }, [new DirectoryEntry("user", "u", "{}")], [], Time(0)), Ct);
        foreach (var name in new[] { "a", "b", "removed" })
            await store.AddAsync(Secret(name, Current("v1")) with { Document = new SecretDocument { Description = "näïve\n", Versions = [Current("v1")] } }, Version("v1", value: "sealed-" + name));
        await store.CommitAsync(new SecretCommit([], [Record(Guid.Parse("11111111-1111-4111-8111-111111111111"))]), Ct);
    }

    private static List<string> Column(Dictionary<string, (long Sequence, string[] Columns, List<string[]> Rows)> tables, string table, string column)
    {
        var at = Array.IndexOf(tables[table].Columns, column);
        return [.. tables[table].Rows.Select(row => row[at])];
    }
}

public sealed class SqliteSnapshotTests(PostgresFixture postgres) : SnapshotContract(postgres)
{
    private readonly TemporaryDirectory place = new();

    [Fact]
    public async Task A_snapshot_leaves_the_files_of_a_stopped_store_as_they_are()
    {
        await Store.DisposeAsync();
        var files = Directory.GetFiles(place.Path);
        var bytes = await File.ReadAllBytesAsync(files.Single(), Ct);

        await RowsAsync();

        Assert.Equal(files, Directory.GetFiles(place.Path));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(files.Single(), Ct));
    }

    [Fact]
    public async Task A_log_that_a_crash_left_is_read_and_stays()
    {
        await Store.AddAsync(Secret("logged", Current("v1")), Version("v1"));
        foreach (var path in Directory.GetFiles(place.Path)) // as a crash would leave them
            File.Copy(path, Path.Combine(Directory.CreateDirectory(place.File("crashed")).FullName, Path.GetFileName(path)));
        var log = new FileInfo(Path.Combine(place.File("crashed"), "strongroom.db-wal"));
        var length = log.Length;

        await using (var snapshot = await StoreSnapshot.OpenSqliteAsync(Path.Combine(place.File("crashed"), "strongroom.db"), Ct))
            Assert.Contains(PortableRows.Text(await RowsAsync(snapshot)), row => row.Contains("tlogged", StringComparison.Ordinal));

        log.Refresh();
        Assert.Equal(length, log.Length);
    }

    [Fact]
    public async Task An_older_schema_is_filled_as_it_was_and_migrated_by_the_next_start()
    {
        var old = NewFile();
        var known = Migration.For("Sqlite");
        var rows = KeyMigration.OldKeys(3);
        await (await Strongroom.Storage.Sqlite.SqliteEngine.OpenAsync(old, [.. known.Take(2)], TimeProvider.System, Ct)).DisposeAsync();
        using (var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={old};Pooling=false"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = rows.Sql.Replace("BYTES", "BLOB", StringComparison.Ordinal);
            command.ExecuteNonQuery();
        }

        byte[] portable;
        await using (var snapshot = await StoreSnapshot.OpenSqliteAsync(old, Ct))
        {
            Assert.Equal(2, snapshot.Schema);
            portable = await RowsAsync(snapshot);
        }

        var (file, database) = (NewFile(), Postgres.ConnectionString(await Postgres.CreateDatabaseAsync()));
        await ImportAsync(file, null, portable, 2);
        await using (var restored = await SqlStore.OpenSqliteAsync(file, TimeProvider.System, Ct))
            await KeyMigration.CheckAsync(restored, Ct);
        await ImportAsync(null, database, portable, 2);
        await using (var restored = await SqlStore.OpenPostgresAsync(database, TimeProvider.System, Ct))
            await KeyMigration.CheckAsync(restored, Ct);
    }

    [Fact]
    public async Task Damage_of_the_schema_of_an_index_and_of_a_reference_is_named()
    {
        await Store.AddAsync(Secret("x", Current("v1")), Version("v1"));
        await Store.DisposeAsync();
        Execute("PRAGMA foreign_keys = OFF; DROP INDEX secret_by_created; CREATE TABLE foreign_thing (id INTEGER); UPDATE secret_version SET secret_id = 99;");

        await using var snapshot = await SnapshotAsync();
        var findings = await snapshot.CheckDatabaseAsync(Ct);

        Assert.Contains(findings, finding => finding.Contains("secret_by_created", StringComparison.Ordinal));
        Assert.Contains(findings, finding => finding.Contains("foreign_thing", StringComparison.Ordinal));
        Assert.Contains(findings, finding => finding.Contains("secret_version", StringComparison.Ordinal) && finding.Contains("nowhere", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Damaged_pages_are_a_finding()
    {
        for (var i = 0; i < 200; i++)
            await Store.AddAsync(Secret($"x{i}", Current("v1")), Version("v1", value: new string('x', 900)));
        await Store.DisposeAsync();
        using (var file = new FileStream(place.File("strongroom.db"), FileMode.Open, FileAccess.ReadWrite))
        {
            file.Position = file.Length / 2;
            file.Write(new byte[16384]);
        }

        await using var snapshot = await SnapshotAsync();
        Assert.NotEmpty(await snapshot.CheckDatabaseAsync(Ct));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => RowsAsync(snapshot));
    }

    [Fact]
    public async Task Other_programs_databases_and_missing_ones_are_refused()
    {
        await Assert.ThrowsAsync<StoreRefusedException>(() => StoreSnapshot.OpenSqliteAsync(place.File("missing.db"), Ct));
        await File.WriteAllTextAsync(place.File("text.db"), "no database, and long enough to be looked at as one", Ct);
        await Assert.ThrowsAsync<StoreRefusedException>(() => StoreSnapshot.OpenSqliteAsync(place.File("text.db"), Ct));
        Assert.False(File.Exists(place.File("missing.db")));
    }

    [Fact]
    public async Task Writers_go_on_while_a_snapshot_stays_open_and_the_log_is_emptied_after_it()
    {
        await using (var snapshot = await SnapshotAsync())
        {
            var before = await snapshot.CountRowsAsync(Ct);
            for (var i = 0; i < 72; i++) // past the 64 MiB at which the writer wants the log emptied
                await Store.AddAsync(Secret($"big{i}", Current("v1")), Version("v1", value: new string('x', 1 << 20)));
            Assert.True(new FileInfo(place.File("strongroom.db-wal")).Length > 64 << 20);
            Assert.Equal(before, await snapshot.CountRowsAsync(Ct));
        }

        for (var i = 0; i < 80; i++)
            await Store.AddAsync(Secret($"more{i}", Current("v1")), Version("v1", value: new string('x', 1 << 20)));
        Assert.True(new FileInfo(place.File("strongroom.db-wal")).Length < 128 << 20);
    }

    private protected override Task<SqlStore> OpenAsync() => SqlStore.OpenSqliteAsync(place.File("strongroom.db"), TimeProvider.System, Ct);

    private protected override Task<StoreSnapshot> SnapshotAsync() => StoreSnapshot.OpenSqliteAsync(place.File("strongroom.db"), Ct);

    private void Execute(string sql)
    {
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={place.File("strongroom.db")};Pooling=false");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}

public sealed class PostgresSnapshotTests(PostgresFixture postgres) : SnapshotContract(postgres)
{
    private string database = "";

    [Fact]
    public async Task A_database_in_use_by_a_server_is_not_filled()
    {
        var rows = await RowsAsync();
        await Postgres.ExecuteAsync(database, "DROP TABLE schema_version");

        var refused = await Assert.ThrowsAsync<StoreRefusedException>(() => ImportAsync(null, Postgres.ConnectionString(database), rows, StoreSnapshot.NewestSchema));

        Assert.Contains("Another Strongroom server", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_column_is_named()
    {
        await Postgres.ExecuteAsync(database, "ALTER TABLE lease DROP COLUMN holder");
        await using var snapshot = await SnapshotAsync();

        Assert.Contains(await snapshot.CheckDatabaseAsync(Ct), finding => finding.Contains("lease", StringComparison.Ordinal));
    }

    private protected override async Task<SqlStore> OpenAsync() =>
        await SqlStore.OpenPostgresAsync(Postgres.ConnectionString(database = await Postgres.CreateDatabaseAsync()), TimeProvider.System, Ct);

    private protected override Task<StoreSnapshot> SnapshotAsync() => StoreSnapshot.OpenPostgresAsync(Postgres.ConnectionString(database), Ct);
}
