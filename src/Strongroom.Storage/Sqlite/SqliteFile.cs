using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Strongroom.Storage.Sqlite;

/// <summary>The database file: how connections to it are set up, and how its schema is brought up to date.</summary>
internal sealed class SqliteFile(string path)
{
    private readonly string connectionString = new SqliteConnectionStringBuilder
    {
        DataSource = path,
        Mode = SqliteOpenMode.ReadWrite, // the file is made by us, with our permissions
        Pooling = false, // the engine keeps its own connections, with their prepared statements
        DefaultTimeout = 5,
    }.ConnectionString;

    public string Path => path;

    /// <summary>Makes an empty file that only its owner can read; SQLite gives the files beside it the same mode.</summary>
    public void Create()
    {
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite };
            if (!OperatingSystem.IsWindows())
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

            using var file = new FileStream(path, options);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreRefusedException(
                $"The database {path} can't be opened: {e.Message} Check that its directory exists and that this user may write there.", e);
        }
    }

    /// <summary>Opens a connection that can write.</summary>
    public SqliteConnection Connect() => Open("""
        PRAGMA busy_timeout = 5000;
        PRAGMA synchronous = FULL;
        PRAGMA foreign_keys = ON;
        PRAGMA temp_store = MEMORY;
        PRAGMA cache_size = -16384;
        PRAGMA wal_autocheckpoint = 4000;
        PRAGMA journal_size_limit = 67108864;
        """);

    /// <summary>Opens a connection that only reads. Its cache is small: what it misses is in the system's page cache.</summary>
    public SqliteConnection ConnectReader() => Open("PRAGMA busy_timeout = 5000; PRAGMA query_only = ON; PRAGMA cache_size = -4096;");

    /// <summary>Opens a connection for one long read that leaves the files as they are.</summary>
    /// <remarks>
    /// A log that a crash left behind is read where it is; moving it into the file is the next start's affair, so the connection can't write. Without such
    /// a log the connection is one that could, only because it then takes the files away again that it makes.
    /// </remarks>
    public SqliteConnection ConnectSnapshot() => Open(
        "PRAGMA busy_timeout = 5000; PRAGMA query_only = ON; PRAGMA cache_size = -16384;",
        new FileInfo(path + "-wal") is { Exists: true, Length: > 0 } ? SqliteOpenMode.ReadOnly : SqliteOpenMode.ReadWrite);

    /// <summary>An empty database in memory at some version of the schema.</summary>
    public static SqliteConnection NewModel(int version)
    {
        var connection = new SqliteConnection("Data Source=:memory:;Pooling=false");
        connection.Open();
        foreach (var migration in Migration.For("Sqlite").Where(migration => migration.Version <= version))
            Execute(connection, migration.Sql);
        return connection;
    }

    /// <summary>Sets the write-ahead log up, which the file remembers.</summary>
    public static void EnableWal(SqliteConnection connection, string path)
    {
        // Some network file systems can't share memory; there SQLite keeps another mode and says so here.
        if (Scalar(connection, "PRAGMA journal_mode = WAL") is not "wal")
            throw new StoreRefusedException($"The file system of {path} can't hold a database with a write-ahead log. Put the data directory on a local disk.");
    }

    /// <summary>Brings the schema up to date, after a backup if there is one already.</summary>
    public void Migrate(SqliteConnection connection, IReadOnlyList<Migration> migrations, TimeProvider time)
    {
        var found = FindVersion(connection);
        var known = migrations[^1].Version;
        Migration.RefuseNewer(found, known);
        if (found == known)
            return;

        if (found > 0)
            BackUp(connection, $"{path}.before-schema-{known}");

        Execute(connection, "BEGIN EXCLUSIVE");
        foreach (var migration in migrations.Where(migration => migration.Version > found))
        {
            Execute(connection, migration.Sql);
            using var note = connection.CreateCommand();
            note.CommandText = "INSERT INTO schema_version (version, applied_at_ms) VALUES (@version, @now)";
            note.Parameters.AddWithValue("version", migration.Version);
            note.Parameters.AddWithValue("now", time.GetUtcNow().ToMilliseconds());
            note.ExecuteNonQuery();
        }

        Execute(connection, "COMMIT");
    }

    /// <summary>Writes the table <c>setting</c> anew, with zeros over the pages it had, and empties the write-ahead log.</summary>
    public void EraseReplacedSettings()
    {
        using var connection = Connect();
        Execute(connection, """
            PRAGMA secure_delete = ON;
            BEGIN IMMEDIATE;
            CREATE TEMP TABLE kept AS SELECT name, value FROM setting;
            DELETE FROM setting;
            INSERT INTO setting (name, value) SELECT name, value FROM kept;
            COMMIT;
            """);

        // The log still has the pages as they were. Its first column says whether somebody kept it from being emptied.
        if (Scalar(connection, "PRAGMA wal_checkpoint(TRUNCATE)") is not 0L)
            throw new StoreUnavailableException($"The write-ahead log of {path} is in use. Stop what uses the database, then try again.");
    }

    private int FindVersion(SqliteConnection connection)
    {
        if (Scalar(connection, "SELECT 1 FROM sqlite_master WHERE name = 'schema_version'") is not null)
            return Convert.ToInt32(Scalar(connection, "SELECT max(version) FROM schema_version"), CultureInfo.InvariantCulture);

        return Scalar(connection, "SELECT 1 FROM sqlite_master LIMIT 1") is null
            ? 0
            : throw new StoreRefusedException($"{path} is a database of another program. Check the path.");
    }

    /// <summary>Copies the whole database, under its final name only once the copy is on stable storage.</summary>
    private static void BackUp(SqliteConnection connection, string target)
    {
        var partial = target + ".partial";
        File.Delete(partial);
        using (var copy = connection.CreateCommand())
        {
            copy.CommandText = "VACUUM INTO @target";
            copy.Parameters.AddWithValue("target", partial);
            copy.ExecuteNonQuery();
        }

        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(partial, UnixFileMode.UserRead | UnixFileMode.UserWrite);

        using (var file = new FileStream(partial, FileMode.Open, FileAccess.ReadWrite))
            file.Flush(flushToDisk: true);

        File.Move(partial, target, overwrite: true);
    }

    private SqliteConnection Open(string settings, SqliteOpenMode mode = SqliteOpenMode.ReadWrite)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder(connectionString) { Mode = mode }.ConnectionString);
        try
        {
            connection.Open();
            Execute(connection, settings);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    internal static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static object? Scalar(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
