using System.Data;
using System.Data.Common;
using System.Globalization;
using Microsoft.Data.Sqlite;
using Strongroom.Storage.Postgres;
using Strongroom.Storage.Sqlite;

namespace Strongroom.Storage.Backup;

/// <summary>
/// A store as it was at one moment, read beside a server that goes on writing: one read transaction, which sees every change that was
/// acknowledged before it was opened, whole, and nothing later. It writes nothing and takes no lock that a writer waits for.
/// </summary>
/// <remarks>For one user at a time.</remarks>
public sealed partial class StoreSnapshot : IAsyncDisposable
{
    private readonly DbConnection connection;
    private readonly DbTransaction transaction;
    private readonly string place;
    private readonly StoreSchema schema;

    private StoreSnapshot(DbConnection connection, DbTransaction transaction, string place, StoreSchema schema) =>
        (this.connection, this.transaction, this.place, this.schema) = (connection, transaction, place, schema);

    /// <summary>The version of the schema, never newer than this program's.</summary>
    public int Schema => schema.Version;

    /// <summary>The newest version of the schema that this program knows.</summary>
    public static int NewestSchema => StoreSchema.Newest;

    /// <summary><c>sqlite</c> or <c>postgres</c>.</summary>
    public string Engine => IsSqlite ? "sqlite" : "postgres";

    private bool IsSqlite => connection is SqliteConnection;

    /// <exception cref="StoreRefusedException">No database, not ours, or of a newer schema.</exception>
    /// <exception cref="StoreUnavailableException">It can't be read.</exception>
    public static async Task<StoreSnapshot> OpenSqliteAsync(string databasePath, CancellationToken ct)
    {
        if (!File.Exists(databasePath))
            throw new StoreRefusedException($"There is no database {databasePath}. Name the data directory with --data, or a PostgreSQL database with STRONGROOM_STORE.");
        SqliteConnection? connection = null;
        try
        {
            connection = new SqliteFile(databasePath).ConnectSnapshot();
            return await BeginAsync(connection, databasePath, IsolationLevel.Serializable, ct);
        }
        catch (Exception e)
        {
            if (connection is not null)
                await connection.DisposeAsync();
            throw e is SqliteException failure ? SqliteErrors.MapOpening(failure, databasePath) : e;
        }
    }

    /// <inheritdoc cref="OpenSqliteAsync" path="/exception"/>
    public static async Task<StoreSnapshot> OpenPostgresAsync(string connectionString, CancellationToken ct)
    {
        var server = new PostgresServer(connectionString);
        DbConnection? connection = null;
        try
        {
            connection = await server.ConnectAsync(ct);
            return await BeginAsync(connection, server.Place, IsolationLevel.RepeatableRead, ct);
        }
        catch (Exception e)
        {
            if (connection is not null)
                await connection.DisposeAsync();
            throw PostgresErrors.IsDatabaseError(e) ? PostgresErrors.MapOpening(e, server.Place) : e;
        }
    }

    /// <summary>A named value of the installation; null when never set.</summary>
    public async Task<byte[]?> FindSettingAsync(string name, CancellationToken ct) =>
        await ScalarAsync("SELECT value FROM setting WHERE name = @name", name, ct) as byte[];

    /// <summary>The number of the last change that was committed with a record; null in stores that do not count them.</summary>
    public async Task<long?> FindChangeAsync(CancellationToken ct) => await SequenceAsync("audit_outbox", ct) is > 0 and var last ? last : null;

    /// <summary>The account that the first start made; null in an empty store.</summary>
    public async Task<string?> FindFirstAccountAsync(CancellationToken ct) =>
        await ScalarAsync("SELECT account FROM account ORDER BY created_at_ms, account LIMIT 1", "", ct) as string;

    /// <summary>How many rows there are, for showing how far a copy is.</summary>
    public async Task<long> CountRowsAsync(CancellationToken ct)
    {
        var rows = 0L;
        foreach (var table in schema.Tables)
            rows += Convert.ToInt64(await ScalarAsync($"SELECT count(*) FROM {table.Name}", "", ct), CultureInfo.InvariantCulture);
        return rows;
    }

    /// <summary>Writes all rows in the portable form, values as sealed as they are. Format: docs/formats/backup.md.</summary>
    /// <param name="rows">Told now and then how many rows were written.</param>
    /// <exception cref="StoreUnavailableException">The database can't be read, or is damaged.</exception>
    public async Task WriteRowsAsync(Stream output, IProgress<long>? rows, CancellationToken ct)
    {
        try
        {
            var writer = new RowWriter(output);
            var done = 0L;
            foreach (var table in schema.Tables)
                done = await WriteTableAsync(writer, table, rows, done, ct);
            writer.Byte(RowFormat.End);
            writer.Count(schema.Tables.Count);
            writer.Flush();
            rows?.Report(done);
        }
        catch (Exception e) when (IsDatabaseError(e))
        {
            throw Map(e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await transaction.DisposeAsync();
            await connection.DisposeAsync();
        }
        catch (Exception e) when (IsDatabaseError(e))
        {
            // It only read; there is nothing to lose.
        }
    }

    private static async Task<StoreSnapshot> BeginAsync(DbConnection connection, string place, IsolationLevel level, CancellationToken ct)
    {
        var isSqlite = connection is SqliteConnection;
        var transaction = isSqlite ? ((SqliteConnection)connection).BeginTransaction(deferred: true) : await connection.BeginTransactionAsync(level, ct);
        await using var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = isSqlite
            ? "SELECT 1 FROM sqlite_master WHERE name = 'schema_version'"
            : "SET TRANSACTION READ ONLY; SELECT to_regclass('schema_version')::text";
        if (await command.ExecuteScalarAsync(ct) is null or DBNull)
            throw new StoreRefusedException($"{place} is not a database of Strongroom's. Check the path or the connection string.");
        command.CommandText = "SELECT max(version) FROM schema_version";
        var version = Convert.ToInt32(await command.ExecuteScalarAsync(ct), CultureInfo.InvariantCulture);
        return new StoreSnapshot(connection, transaction, place, StoreSchema.Of(version));
    }

    private async Task<long> WriteTableAsync(RowWriter writer, StoreTable table, IProgress<long>? progress, long done, CancellationToken ct)
    {
        writer.Byte(RowFormat.Table);
        writer.Field(table.Name);
        writer.Count(await SequenceAsync(table.Name, ct));
        writer.Count(table.Columns.Count);
        foreach (var column in table.Columns)
            writer.Field(column);

        var rows = 0L;
        await using (var command = Command(table.SelectSql))
        await using (var reader = await command.ExecuteReaderAsync(ct))
        {
            for (; await reader.ReadAsync(ct); rows++)
            {
                writer.Byte(RowFormat.Row);
                for (var i = 0; i < table.Columns.Count; i++)
                    writer.Value(reader.GetValue(i));
                if ((done + rows) % RowsPerReport == 0)
                {
                    ct.ThrowIfCancellationRequested(); // over SQLite nothing else looks
                    progress?.Report(done + rows);
                }
            }
        }

        writer.Byte(RowFormat.TableEnd);
        writer.Count(rows);
        return done + rows;
    }

    /// <summary>The last number that a table's sequence gave, so that a restored store never gives one again; 0 when it has none.</summary>
    private async Task<long> SequenceAsync(string table, CancellationToken ct)
    {
        if (IsSqlite)
            return await ScalarAsync("SELECT seq FROM sqlite_sequence WHERE name = @name", table, ct) is long last ? last : 0;
        if (await ScalarAsync(IdentitySql, table, ct) is not string sequence)
            return 0;

        // Not part of the snapshot: numbers move on outside of transactions. A later one is as good.
        return await ScalarAsync($"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}", "", ct) is long given ? given : 0;
    }

    private async Task<object?> ScalarAsync(string sql, string name, CancellationToken ct)
    {
        try
        {
            await using var command = Command(sql);
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = ("@name", name);
            command.Parameters.Add(parameter);
            return await command.ExecuteScalarAsync(ct);
        }
        catch (Exception e) when (IsDatabaseError(e))
        {
            throw Map(e);
        }
    }

    private DbCommand Command(string sql)
    {
        var command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = sql;
        return command;
    }

    private static bool IsDatabaseError(Exception e) => e is SqliteException || PostgresErrors.IsDatabaseError(e) && e is not IOException;

    private Exception Map(Exception e) => e is SqliteException failure ? SqliteErrors.Map(failure, place) : PostgresErrors.Map(e, place);

    /// <summary>The sequence behind a table's identity column, quoted as SQL needs it.</summary>
    internal const string IdentitySql = """
        SELECT pg_get_serial_sequence(@name, column_name) FROM information_schema.columns
        WHERE table_schema = current_schema() AND table_name = @name AND is_identity = 'YES'
        """;

    private const int RowsPerReport = 4096;
}
