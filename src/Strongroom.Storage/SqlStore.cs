using Strongroom.Storage.Postgres;
using Strongroom.Storage.Sqlite;

namespace Strongroom.Storage;

/// <summary>The one store: all SQL statements, over an engine that differs in opening, committing and retrying.</summary>
/// <remarks>Safe for concurrent use. Disposing it finishes the changes that were already handed over.</remarks>
public sealed partial class SqlStore : ISecretStore, IControlStore, IDirectoryStore, IAuditOutbox, IStoreFigures, INotificationStore, IRotationStore, IFunctionStore, IAsyncDisposable
{
    private readonly ISqlEngine engine;
    private readonly TimeProvider time;
    private readonly OutboxRemovals removals;

    private SqlStore(ISqlEngine engine, TimeProvider time)
    {
        (this.engine, this.time) = (engine, time);
        removals = new OutboxRemovals(time, SweepOutboxAsync);
    }

    /// <summary>Opens the database file, creating it (mode 0600, in an existing directory) or bringing an older schema up to date after a
    /// backup to <c>FILE.before-schema-N</c>. The caller sees to it that no second server uses the file.</summary>
    /// <exception cref="StoreRefusedException">Newer schema, not a database of ours, damaged, or not reachable under this path.</exception>
    /// <exception cref="StoreUnavailableException">Full or read-only disk.</exception>
    public static async Task<SqlStore> OpenSqliteAsync(string databasePath, TimeProvider time, CancellationToken ct) =>
        new(await SqliteEngine.OpenAsync(databasePath, Migration.For("Sqlite"), time, ct), time);

    /// <summary>Opens the database that the connection string names, which must exist and be empty or ours, and brings its schema up to date.
    /// One server uses it at a time, which a lock in the database sees to.</summary>
    /// <param name="connectionString">In Npgsql's form, <c>Host=…;Database=…;Username=…;Password=…</c>. No message repeats it.</param>
    /// <exception cref="StoreRefusedException">Newer schema, a second server, no such database, user or password not accepted.</exception>
    /// <exception cref="StoreUnavailableException">The server can't be reached.</exception>
    public static async Task<SqlStore> OpenPostgresAsync(string connectionString, TimeProvider time, CancellationToken ct) =>
        new(await PostgresEngine.OpenAsync(connectionString, Migration.For("Postgres"), time, ct), time);

    /// <summary>Whether a connection string leaves it open who answers on the network: another machine, whose certificate is not verified.</summary>
    /// <exception cref="StoreRefusedException">It is no connection string.</exception>
    public static bool IsUnverifiedPostgres(string connectionString) => PostgresServer.IsUnverified(connectionString);

    /// <summary>Where the data is, for people; never a password.</summary>
    public string Place => engine.Place;

    public async ValueTask DisposeAsync()
    {
        await removals.DisposeAsync();
        await engine.DisposeAsync();
    }

    internal static SqlStore Over(ISqlEngine engine, TimeProvider time) => new(engine, time);
}
