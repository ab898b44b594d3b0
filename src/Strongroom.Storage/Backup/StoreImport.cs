using System.Globalization;
using Microsoft.Data.Sqlite;
using Npgsql;
using NpgsqlTypes;
using Strongroom.Storage.Postgres;
using Strongroom.Storage.Sqlite;

namespace Strongroom.Storage.Backup;

/// <summary>A new store filled from rows in the portable form. It is there once <see cref="CommitAsync"/> has returned, and not at all before.</summary>
public sealed class StoreImport : IAsyncDisposable
{
    private readonly Func<CancellationToken, Task> commit;
    private readonly Func<ValueTask> dispose;

    private StoreImport(Func<CancellationToken, Task> commit, Func<ValueTask> dispose) => (this.commit, this.dispose) = (commit, dispose);

    /// <summary>Makes a database file, mode 0600, with the schema that the rows have: the next start migrates it as usual.</summary>
    /// <param name="databasePath">Must not exist.</param>
    /// <param name="rows">At its end after the last row. What it holds is checked: damage is refused in words.</param>
    /// <exception cref="StoreRefusedException">Newer schema, or rows that are not as their schema asks for.</exception>
    /// <exception cref="StoreUnavailableException">It can't be written.</exception>
    public static async Task<StoreImport> IntoSqliteAsync(
        string databasePath, int schema, Stream rows, IProgress<long>? progress, TimeProvider time, CancellationToken ct)
    {
        var tables = StoreSchema.Of(schema).Tables;
        var file = new SqliteFile(databasePath);
        if (File.Exists(databasePath))
            throw new StoreRefusedException($"{databasePath} exists already. A restore writes over nothing.");
        file.Create();
        SqliteConnection? connection = null;
        try
        {
            // Nobody sees the file before it is whole, so there is nothing to undo and nothing to wait for until then.
            connection = file.Connect();
            SqliteFile.Execute(connection, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF;");
            file.Migrate(connection, [.. Migration.For("Sqlite").Where(migration => migration.Version <= schema)], time);
            SqliteFile.Execute(connection, "BEGIN");
            await Task.Run(() => FillSqlite(connection, tables, new RowReader(rows), progress, ct), ct);
        }
        catch (Exception e)
        {
            if (connection is not null)
                await connection.DisposeAsync();
            throw e switch
            {
                // A key that stands twice, a value that is missing: no store can have been like that.
                SqliteException { SqliteErrorCode: SQLitePCL.raw.SQLITE_CONSTRAINT } => RowReader.Malformed(),
                SqliteException failure => SqliteErrors.Map(failure, databasePath),
                EndOfStreamException => RowReader.Malformed(),
                _ => e,
            };
        }

        return new StoreImport(_ => Task.Run(() => FinishSqlite(connection, databasePath), CancellationToken.None), connection.DisposeAsync);
    }

    /// <summary>Fills an empty database in one transaction, under the lock that keeps servers out.</summary>
    /// <inheritdoc cref="IntoSqliteAsync" path="/exception"/>
    public static async Task<StoreImport> IntoPostgresAsync(
        string connectionString, int schema, Stream rows, IProgress<long>? progress, TimeProvider time, CancellationToken ct)
    {
        var tables = StoreSchema.Of(schema).Tables;
        var server = new PostgresServer(connectionString);
        ServerLock? serverLock = null;
        NpgsqlConnection? connection = null;
        try
        {
            serverLock = await ServerLock.TakeAsync(server, ct);
            connection = await server.ConnectAsync(ct);
            await using (var look = new NpgsqlCommand("SELECT to_regclass('schema_version')::text", connection))
            {
                if (await look.ExecuteScalarAsync(ct) is string)
                    throw new StoreRefusedException($"The PostgreSQL database {server.Place} holds data of a Strongroom already. A restore writes over nothing: create an empty database.");
            }

            var transaction = await connection.BeginTransactionAsync(ct);
            await server.ApplyAsync(connection, [.. Migration.For("Postgres").Where(migration => migration.Version <= schema)], time, ct);
            await FillPostgresAsync(connection, tables, new RowReader(rows), progress, ct);
            var (held, open) = (serverLock, connection);
            return new StoreImport(transaction.CommitAsync, async () =>
            {
                await transaction.DisposeAsync();
                await open.DisposeAsync();
                await held.DisposeAsync();
            });
        }
        catch (Exception e)
        {
            if (connection is not null)
                await connection.DisposeAsync();
            if (serverLock is not null)
                await serverLock.DisposeAsync();
            throw e switch
            {
                PostgresException { SqlState: ['2', '3', ..] or ['2', '2', ..] } => RowReader.Malformed(),
                EndOfStreamException => RowReader.Malformed(),
                _ when PostgresErrors.IsDatabaseError(e) && e is not IOException => PostgresErrors.MapOpening(e, server.Place),
                _ => e,
            };
        }
    }

    /// <summary>Puts what was filled on stable storage.</summary>
    public Task CommitAsync(CancellationToken ct) => commit(ct);

    public ValueTask DisposeAsync() => dispose();

    private static void FillSqlite(SqliteConnection connection, IReadOnlyList<StoreTable> tables, RowReader reader, IProgress<long>? progress, CancellationToken ct)
    {
        // What the migrations put in themselves is in the rows too.
        foreach (var table in tables.Reverse())
            SqliteFile.Execute(connection, $"DELETE FROM {table.Name}");

        var done = 0L;
        foreach (var table in tables)
        {
            var sequence = reader.Table(table);
            using var insert = connection.CreateCommand();
            insert.CommandText = $"INSERT INTO {table.Name} ({table.ColumnList}) VALUES ({string.Join(", ", table.Columns.Select((_, i) => "@" + i.ToString(CultureInfo.InvariantCulture)))})";
            foreach (var i in Enumerable.Range(0, table.Columns.Count))
                insert.Parameters.Add(new SqliteParameter("@" + i.ToString(CultureInfo.InvariantCulture), null));
            var rows = 0L;
            for (; reader.NextRow(rows); rows++)
            {
                for (var i = 0; i < table.Columns.Count; i++)
                    insert.Parameters[i].Value = reader.Value();
                insert.ExecuteNonQuery();
                Report(progress, ++done, ct);
            }

            if (sequence > 0)
                SetSequence(connection, table.Name, sequence);
        }

        reader.End(tables.Count);
        progress?.Report(done);
        using var check = connection.CreateCommand();
        check.CommandText = "PRAGMA foreign_key_check";
        if (check.ExecuteScalar() is not null)
            throw RowReader.Malformed();
    }

    private static void SetSequence(SqliteConnection connection, string table, long last)
    {
        // Only tables made with AUTOINCREMENT keep one here; for others the row would mean nothing.
        using var set = connection.CreateCommand();
        set.CommandText = """
            DELETE FROM sqlite_sequence WHERE name = @table;
            INSERT INTO sqlite_sequence (name, seq) SELECT name, @last FROM sqlite_master WHERE type = 'table' AND name = @table AND sql LIKE '%AUTOINCREMENT%';
            """;
        set.Parameters.AddWithValue("@table", table);
        set.Parameters.AddWithValue("@last", last);
        set.ExecuteNonQuery();
    }

    private static void FinishSqlite(SqliteConnection connection, string path)
    {
        try
        {
            SqliteFile.Execute(connection, "COMMIT");
            connection.Close();
        }
        catch (SqliteException e)
        {
            throw SqliteErrors.Map(e, path);
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        file.Flush(flushToDisk: true);
    }

    private static async Task FillPostgresAsync(
        NpgsqlConnection connection, IReadOnlyList<StoreTable> tables, RowReader reader, IProgress<long>? progress, CancellationToken ct)
    {
        foreach (var table in tables.Reverse())
        {
            await using var delete = new NpgsqlCommand($"DELETE FROM {table.Name}", connection);
            await delete.ExecuteNonQueryAsync(ct);
        }

        var done = 0L;
        foreach (var table in tables)
        {
            var sequence = reader.Table(table);
            await using (var import = await connection.BeginBinaryImportAsync($"COPY {table.Name} ({table.ColumnList}) FROM STDIN (FORMAT BINARY)", ct))
            {
                for (var rows = 0L; reader.NextRow(rows); rows++)
                {
                    await import.StartRowAsync(ct);
                    for (var i = 0; i < table.Columns.Count; i++)
                        await WriteAsync(import, reader.Value(), ct);
                    Report(progress, ++done, ct);
                }

                await import.CompleteAsync(ct);
            }

            await SetSequenceAsync(connection, table, sequence, ct);
        }

        reader.End(tables.Count);
        progress?.Report(done);
    }

    private static Task WriteAsync(NpgsqlBinaryImporter import, object value, CancellationToken ct) => value switch
    {
        long number => import.WriteAsync(number, NpgsqlDbType.Bigint, ct),
        string text => import.WriteAsync(text, NpgsqlDbType.Text, ct),
        byte[] bytes => import.WriteAsync(bytes, NpgsqlDbType.Bytea, ct),
        _ => import.WriteNullAsync(ct),
    };

    private static async Task SetSequenceAsync(NpgsqlConnection connection, StoreTable table, long last, CancellationToken ct)
    {
        await using var find = new NpgsqlCommand(StoreSnapshot.IdentitySql, connection) { Parameters = { new("name", table.Name) } };
        if (await find.ExecuteScalarAsync(ct) is not string sequence)
            return;

        // An identity column stands first in its table. SQLite numbers some tables without a sequence: those go on behind their last row.
        await using var highest = new NpgsqlCommand($"SELECT max({table.Columns[0]}) FROM {table.Name}", connection);
        last = Math.Max(last, await highest.ExecuteScalarAsync(ct) is long number ? number : 0);
        if (last == 0)
            return;
        await using var set = new NpgsqlCommand("SELECT setval(@sequence::regclass, @last)", connection) { Parameters = { new("sequence", sequence), new("last", last) } };
        await set.ExecuteNonQueryAsync(ct);
    }

    private static void Report(IProgress<long>? progress, long done, CancellationToken ct)
    {
        if (done % 4096 != 0)
            return;
        ct.ThrowIfCancellationRequested();
        progress?.Report(done);
    }
}
