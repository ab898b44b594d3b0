using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace Strongroom.Storage.Sqlite;

/// <summary>The embedded engine: one writer with group commit, and readers that run on their caller's thread and never wait for it.</summary>
internal sealed class SqliteEngine : ISqlEngine
{
    private readonly ConcurrentStack<SqlSession> readers = new();
    private readonly SqliteFile file;
    private readonly SqliteWriter writer;
    private volatile bool disposed;

    private SqliteEngine(SqliteFile file, SqlSession session) => (this.file, writer) = (file, new SqliteWriter(file, session));

    public string Place => $"sqlite {file.Path}";

    public int QueuedChanges => writer.Waiting;

    public ICommitWatch? Watch
    {
        get => writer.Watch;
        set => writer.Watch = value;
    }

    public string LastSequenceSql => "SELECT seq FROM sqlite_sequence WHERE name = 'audit_outbox'";

    public string AdvanceSequenceSql => "UPDATE sqlite_sequence SET seq = MAX(seq, @sequence) WHERE name = 'audit_outbox' RETURNING seq";

    /// <param name="migrations">All steps this program knows; tests pass others.</param>
    public static Task<SqliteEngine> OpenAsync(string path, IReadOnlyList<Migration> migrations, TimeProvider time, CancellationToken ct) =>
        // Off the caller's thread: a migration may take long, and SQLite does nothing asynchronously.
        Task.Run(() => Open(path, migrations, time), ct);

    public async ValueTask<T> ReadAsync<TState, T>(TState state, SqlWork<TState, T> read, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(disposed, typeof(SqlStore));
        SqlSession? session = null;
        try
        {
            if (!readers.TryPop(out session))
                session = new SqlSession(file.ConnectReader());

            // Nothing here can wait, so there is nothing to cancel.
            var result = await read(session, state, CancellationToken.None);
            Return(session);
            return result;
        }
        catch (Exception e)
        {
            if (session is not null)
                await session.DisposeAsync();

            if (e is SqliteException failure)
                throw SqliteErrors.Map(failure, file.Path);

            throw;
        }
    }

    public async ValueTask<T> WriteAsync<TState, T>(TState state, SqlWork<TState, T> change, CancellationToken ct)
    {
        // Once handed over, a change is committed whether or not its caller still waits: giving up then would leave the caller in doubt.
        ct.ThrowIfCancellationRequested();
        return await writer.WriteAsync(state, change);
    }

    public async ValueTask EraseReplacedSettingsAsync(CancellationToken ct)
    {
        try
        {
            await Task.Run(file.EraseReplacedSettings, ct);
        }
        catch (SqliteException e)
        {
            throw SqliteErrors.Map(e, file.Path);
        }
    }

    public async ValueTask DisposeAsync()
    {
        disposed = true;
        while (readers.TryPop(out var session))
            await session.DisposeAsync();

        // Last, so that closing it moves the log into the database file.
        await writer.DisposeAsync();
    }

    private static SqliteEngine Open(string path, IReadOnlyList<Migration> migrations, TimeProvider time)
    {
        var file = new SqliteFile(path);
        file.Create();
        SqliteConnection? connection = null;
        try
        {
            connection = file.Connect();
            SqliteFile.EnableWal(connection, path);
            file.Migrate(connection, migrations, time);
            return new SqliteEngine(file, new SqlSession(connection));
        }
        catch (Exception e)
        {
            connection?.Dispose();
            throw e is SqliteException failure ? SqliteErrors.MapOpening(failure, path) : e;
        }
    }

    private void Return(SqlSession session)
    {
        if (disposed || readers.Count >= MaxIdleReaders)
            session.DisposeAsync().AsTask().GetAwaiter().GetResult();
        else
            readers.Push(session);
    }

    // Reads hold a thread while they run, so no more than this many are useful at once.
    private static readonly int MaxIdleReaders = Math.Max(4, 2 * Environment.ProcessorCount);
}
