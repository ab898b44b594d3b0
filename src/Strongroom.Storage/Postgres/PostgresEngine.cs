using System.Collections.Concurrent;
using System.Data;
using Npgsql;

namespace Strongroom.Storage.Postgres;

/// <summary>The engine over a PostgreSQL server: a transaction of its own for each change, run again when it lost a race.</summary>
internal sealed class PostgresEngine : ISqlEngine
{
    private readonly ConcurrentStack<SqlSession> idle = new();
    private readonly SemaphoreSlim places;
    private readonly PostgresServer server;
    private readonly ServerLock serverLock;
    private volatile bool disposed;
    private int writing;

    private PostgresEngine(PostgresServer server, ServerLock serverLock) =>
        (this.server, this.serverLock, places) = (server, serverLock, new SemaphoreSlim(server.MaxConnections));

    public string Place => $"postgresql {server.Place}";

    public int QueuedChanges => Volatile.Read(ref writing);

    public ICommitWatch? Watch { get; set; }

    public string LastSequenceSql => "SELECT last_value FROM audit_outbox_seq_seq WHERE is_called";

    public string AdvanceSequenceSql => "SELECT setval('audit_outbox_seq_seq', GREATEST(@sequence, (SELECT last_value FROM audit_outbox_seq_seq)))";

    /// <param name="migrations">All steps this program knows; tests pass others.</param>
    public static async Task<PostgresEngine> OpenAsync(
        string connectionString, IReadOnlyList<Migration> migrations, TimeProvider time, CancellationToken ct)
    {
        var server = new PostgresServer(connectionString);
        ServerLock? serverLock = null;
        try
        {
            serverLock = await ServerLock.TakeAsync(server, ct);
            await using var connection = await server.ConnectAsync(ct);
            await server.MigrateAsync(connection, migrations, time, ct);
            return new PostgresEngine(server, serverLock);
        }
        catch (Exception e)
        {
            if (serverLock is not null)
                await serverLock.DisposeAsync();

            if (PostgresErrors.IsDatabaseError(e))
                throw PostgresErrors.MapOpening(e, server.Place);

            throw;
        }
    }

    public ValueTask<T> ReadAsync<TState, T>(TState state, SqlWork<TState, T> read, CancellationToken ct) =>
        WithSessionAsync((state, read), static (session, work, ct) => work.read(session, work.state, ct), ct);

    public async ValueTask<T> WriteAsync<TState, T>(TState state, SqlWork<TState, T> change, CancellationToken ct)
    {
        var watch = Watch;
        var begun = watch?.Begin() ?? 0;
        var isCommitted = false;
        Interlocked.Increment(ref writing);
        try
        {
            var result = await WriteUntilWonAsync(state, change, ct);
            isCommitted = true;
            return result;
        }
        finally
        {
            Interlocked.Decrement(ref writing);
            watch?.End(begun, 1, isCommitted);
        }
    }

    private async ValueTask<T> WriteUntilWonAsync<TState, T>(TState state, SqlWork<TState, T> change, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            serverLock.Require();
            try
            {
                return await WithSessionAsync((state, change), static (session, work, ct) => CommitAsync(session, work.state, work.change, ct), ct);
            }
            catch (PostgresException e) when (PostgresErrors.IsLostRace(e) && attempt < MaxAttempts)
            {
                // Rolled back whole. The next attempt sees what the winner wrote.
            }
            catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected)
            {
                throw new StoreUnavailableException($"The PostgreSQL server {server.Place} is too busy with changes to the same secrets. Try again.", e);
            }
        }
    }

    public async ValueTask EraseReplacedSettingsAsync(CancellationToken ct)
    {
        serverLock.Require();

        // Writes the table into a new file and removes the old one. It can't run inside a transaction.
        await WithSessionAsync(0, static async (session, _, ct) =>
        {
            await using var command = session.Connection.CreateCommand();
            command.CommandText = "VACUUM FULL setting";
            return await command.ExecuteNonQueryAsync(ct);
        }, ct);
    }

    public async ValueTask DisposeAsync()
    {
        disposed = true;
        await DropIdleAsync();
        await serverLock.DisposeAsync();
    }

    private static async ValueTask<T> CommitAsync<TState, T>(SqlSession session, TState state, SqlWork<TState, T> change, CancellationToken ct)
    {
        session.IsAbandoned = false;
        await using var transaction = await session.Connection.BeginTransactionAsync(IsolationLevel.ReadCommitted, ct);
        var result = await change(session, state, ct);

        // Giving up on a commit that is under way would leave the caller in doubt.
        if (session.IsAbandoned)
            await transaction.RollbackAsync(CancellationToken.None);
        else
            await transaction.CommitAsync(CancellationToken.None);

        return result;
    }

    private async ValueTask<T> WithSessionAsync<TState, T>(TState state, SqlWork<TState, T> work, CancellationToken ct)
    {
        ObjectDisposedException.ThrowIf(disposed, typeof(SqlStore));
        await places.WaitAsync(ct);
        SqlSession? session = null;
        try
        {
            if (!idle.TryPop(out session))
                session = new SqlSession(await server.ConnectAsync(ct));

            return await work(session, state, ct);
        }
        catch (Exception e) when (PostgresErrors.IsDatabaseError(e))
        {
            // When one connection is gone the others most likely are too: better to connect anew than to fail once for each.
            if (session is null or { Connection.State: not ConnectionState.Open })
                await DropIdleAsync();

            if (PostgresErrors.Map(e, server.Place) is StoreUnavailableException outage)
                throw outage;

            throw;
        }
        finally
        {
            if (session is { Connection.State: ConnectionState.Open } && !disposed)
                idle.Push(session);
            else if (session is not null)
                await CloseAsync(session);

            places.Release();
        }
    }

    private async Task DropIdleAsync()
    {
        while (idle.TryPop(out var session))
            await CloseAsync(session);
    }

    private static async Task CloseAsync(SqlSession session)
    {
        try
        {
            await session.DisposeAsync();
        }
        catch (Exception e) when (PostgresErrors.IsDatabaseError(e))
        {
            // Whatever it had to say, nothing was lost with it.
        }
    }

    private const int MaxAttempts = 10;
}
