using Npgsql;

namespace Strongroom.Storage.Postgres;

/// <summary>
/// The lock that says which server uses the database. PostgreSQL holds it for as long as one connection lives; when that is lost, this
/// server writes nothing until it has the lock again, because another may have taken it.
/// </summary>
internal sealed class ServerLock : IAsyncDisposable
{
    private readonly CancellationTokenSource stopping = new();
    private readonly PostgresServer server;
    private readonly Task watch;
    private volatile bool isHeld = true;

    private ServerLock(PostgresServer server, NpgsqlConnection connection) =>
        (this.server, watch) = (server, Task.Run(() => WatchAsync(connection)));

    public bool IsHeld => isHeld;

    /// <exception cref="StoreRefusedException">Another server holds the lock.</exception>
    public static async Task<ServerLock> TakeAsync(PostgresServer server, CancellationToken ct) =>
        await TryConnectAsync(server, ct) is { } connection
            ? new ServerLock(server, connection)
            : throw new StoreRefusedException(
                $"Another Strongroom server uses the PostgreSQL database {server.Place}. Stop it first, or give this server a database of its own.");

    /// <exception cref="StoreUnavailableException">The lock is lost.</exception>
    public void Require()
    {
        if (!isHeld)
        {
            throw new StoreUnavailableException(
                $"The connection that keeps the PostgreSQL database {server.Place} to this server was lost. It writes again once it has the lock back; " +
                "if another Strongroom server took the database over, stop one of the two.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await watch;
        stopping.Dispose();
    }

    private async Task WatchAsync(NpgsqlConnection? connection)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                connection ??= await TryConnectAsync(server, stopping.Token);
                if (connection is not null)
                {
                    isHeld = true;
                    await connection.WaitAsync(stopping.Token); // nobody notifies: this ends when the connection does
                    continue;
                }
            }
            catch (OperationCanceledException)
            {
                break;
            }
            catch (Exception e) when (PostgresErrors.IsDatabaseError(e) || e is InvalidOperationException or ObjectDisposedException)
            {
                // Lost, or the server is still away: tried again below.
                isHeld = false;
                await CloseAsync(connection);
                connection = null;
            }

            // Real time, whatever clock the store was given: this paces attempts to reach another machine.
            await Task.Delay(Pause, TimeProvider.System, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await CloseAsync(connection);
    }

    /// <returns>An open connection that holds the lock; null when another holds it.</returns>
    private static async Task<NpgsqlConnection?> TryConnectAsync(PostgresServer server, CancellationToken ct)
    {
        var connection = await server.ConnectForLockAsync(ct);
        try
        {
            await using var command = new NpgsqlCommand("SELECT pg_try_advisory_lock(@key)", connection);
            command.Parameters.AddWithValue("key", LockKey);
            if (await command.ExecuteScalarAsync(ct) is true)
                return connection;
        }
        catch
        {
            await CloseAsync(connection);
            throw;
        }

        await CloseAsync(connection);
        return null;
    }

    private static async Task CloseAsync(NpgsqlConnection? connection)
    {
        try
        {
            if (connection is not null)
                await connection.DisposeAsync();
        }
        catch (Exception e) when (PostgresErrors.IsDatabaseError(e))
        {
            // It was broken already; that is why it is closed.
        }
    }

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    private const long LockKey = 0x5374726F6E67726D; // "Strongrm": one server a database
}
