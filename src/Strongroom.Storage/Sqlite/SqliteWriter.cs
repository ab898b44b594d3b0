using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace Strongroom.Storage.Sqlite;

/// <summary>
/// The one thread that writes. It commits all changes that wait together (group commit), so that many callers share one wait for the disk.
/// </summary>
/// <remarks>A change that fails, or finds itself stale, takes no other with it.</remarks>
internal sealed class SqliteWriter : IAsyncDisposable
{
    private readonly object gate = new();
    private readonly Queue<PendingChange> waiting = new();
    private readonly List<PendingChange> batch = new(MaxBatch);
    private readonly SqliteFile file;
    private readonly Thread thread;
    private SqlSession? session;
    private bool stopping;
    private long walBound = MaxWalBytes;

    public SqliteWriter(SqliteFile file, SqlSession session)
    {
        (this.file, this.session) = (file, session);
        thread = new Thread(Run) { IsBackground = true, Name = "store writer" };
        thread.Start();
    }

    public ICommitWatch? Watch { get; set; }

    /// <summary>Changes that no batch has taken yet.</summary>
    public int Waiting
    {
        get
        {
            lock (gate)
                return waiting.Count;
        }
    }

    public Task<T> WriteAsync<TState, T>(TState state, SqlWork<TState, T> change)
    {
        var pending = new PendingChange<TState, T>(state, change);
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(stopping, typeof(SqlStore));
            waiting.Enqueue(pending);
            if (waiting.Count == 1)
                Monitor.Pulse(gate);
        }

        return pending.Completion;
    }

    /// <summary>Finishes what was handed over, then closes the connection.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            stopping = true;
            Monitor.Pulse(gate);
        }

        thread.Join();
        if (session is not null)
            await session.DisposeAsync();
    }

    private void Run()
    {
        while (TakeBatch())
        {
            var watch = Watch;
            var begun = watch?.Begin() ?? 0;
            var failure = CommitBatch();
            watch?.End(begun, batch.Count, failure is null);
            if (failure is not null)
            {
                foreach (var change in batch)
                    change.Fail(failure);
            }
            else
            {
                foreach (var change in batch)
                    change.Complete();

                BoundWal();
            }
        }
    }

    private bool TakeBatch()
    {
        batch.Clear();
        lock (gate)
        {
            while (waiting.Count == 0 && !stopping)
                Monitor.Wait(gate);

            while (batch.Count < MaxBatch && waiting.TryDequeue(out var change))
                batch.Add(change);
        }

        return batch.Count > 0;
    }

    /// <returns>Null once the batch is on stable storage; otherwise why nothing of it was written.</returns>
    private Exception? CommitBatch()
    {
        try
        {
            session ??= new SqlSession(file.Connect());
            Execute("BEGIN IMMEDIATE");
            if (!RunTogether())
            {
                Execute("ROLLBACK");
                Execute("BEGIN IMMEDIATE");
                foreach (var change in batch)
                    RunAlone(change);
            }

            Execute("COMMIT");
            return null;
        }
        catch (Exception e)
        {
            // A fresh connection knows nothing of what went wrong; once the disk has room again the next batch succeeds.
            CloseAfterFailure();
            return e is SqliteException failure ? SqliteErrors.Map(failure, file.Path) : e;
        }
    }

    /// <summary>Runs the batch without savepoints, which cost a third of the work and which hardly any batch needs: a change that finds
    /// itself stale has nearly always written nothing yet.</summary>
    /// <returns>False when a change has to be undone by itself; the whole batch must then be undone and run anew.</returns>
    private bool RunTogether()
    {
        foreach (var change in batch)
        {
            var before = TotalChanges();
            session!.IsAbandoned = false;
            try
            {
                change.Run(session);
            }
            catch (Exception e) when (e is not SqliteException failure || !SqliteErrors.IsStorageFailure(failure))
            {
                return false;
            }

            if (session.IsAbandoned && TotalChanges() != before)
                return false;
        }

        return true;
    }

    private void RunAlone(PendingChange change)
    {
        Execute("SAVEPOINT change");
        session!.IsAbandoned = false;
        try
        {
            change.Run(session);
        }
        catch (Exception e) when (e is not SqliteException failure || !SqliteErrors.IsStorageFailure(failure))
        {
            change.Fault(e);
            session.Abandon();
        }

        if (session.IsAbandoned)
            Execute("ROLLBACK TO change");

        Execute("RELEASE change");
    }

    private int TotalChanges() => raw.sqlite3_total_changes(((SqliteConnection)session!.Connection).Handle);

    /// <summary>SQLite starts the log over after a checkpoint only when no reader is in it, which under steady reads may never be so. Short reads are waited
    /// for; one that stays, a backup's, is not: the log grows meanwhile, and is looked at again when it has grown by as much again.</summary>
    private void BoundWal()
    {
        try
        {
            if (new FileInfo(file.Path + "-wal") is not { Exists: true, Length: var length } || length <= walBound)
                return;
            Execute("PRAGMA busy_timeout = 100");
            walBound = EmptyWal() ? MaxWalBytes : length + MaxWalBytes;
            Execute("PRAGMA busy_timeout = 5000");
        }
        catch (Exception e) when (e is SqliteException or IOException)
        {
            // Everything acknowledged is in the log; the next commit tells its caller if the disk fails for good.
        }
    }

    /// <returns>False when a reader kept the log from being emptied.</returns>
    private bool EmptyWal()
    {
        using var reader = session!.QueryAsync("PRAGMA wal_checkpoint(TRUNCATE)", CancellationToken.None).AsTask().GetAwaiter().GetResult();
        return reader.Read() && reader.GetInt64(0) == 0;
    }

    private void CloseAfterFailure()
    {
        try
        {
            // Closing rolls back. Over SQLite it completes before it returns.
            session?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
        catch (SqliteException)
        {
            // The failure that brought us here is the one to report.
        }

        session = null;
    }

    private void Execute(string sql) => session!.ExecuteAsync(sql, CancellationToken.None).AsTask().GetAwaiter().GetResult();

    private const int MaxBatch = 256;
    private const long MaxWalBytes = 64 << 20;
}
