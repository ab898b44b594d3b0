namespace Strongroom.Storage;

/// <summary>What differs between the databases: opening, running statements durably, retrying, telling what went wrong.</summary>
internal interface ISqlEngine : IAsyncDisposable
{
    /// <summary>Kind and place of the database, for people.</summary>
    string Place { get; }

    /// <summary>Changes handed over and not ended yet.</summary>
    int QueuedChanges { get; }

    ICommitWatch? Watch { get; set; }

    /// <summary>Gives the highest number that the change sequence gave out, or no row.</summary>
    string LastSequenceSql { get; }

    /// <summary>Moves the change sequence to <c>@sequence</c> unless it is further, once a number was given out.</summary>
    string AdvanceSequenceSql { get; }

    /// <summary>Runs a function that only reads. It sees every change acknowledged before it was called.</summary>
    /// <exception cref="StoreUnavailableException">The database can't be read now.</exception>
    ValueTask<T> ReadAsync<TState, T>(TState state, SqlWork<TState, T> read, CancellationToken ct);

    /// <summary>Runs a function in a transaction and completes once the transaction is on stable storage, or is undone because the
    /// function called <see cref="SqlSession.Abandon"/>. The function may run more than once: it touches nothing but its session.</summary>
    /// <exception cref="StoreUnavailableException">Nothing was written; or, when a remote database was lost during the commit itself,
    /// it is not known whether all of it was.</exception>
    ValueTask<T> WriteAsync<TState, T>(TState state, SqlWork<TState, T> change, CancellationToken ct);

    /// <summary>Rewrites the table <c>setting</c> so that the database's files hold none of its former rows.</summary>
    /// <exception cref="StoreUnavailableException">Some may still be there; another attempt is safe.</exception>
    ValueTask EraseReplacedSettingsAsync(CancellationToken ct);
}

/// <summary>Statements to run. The state is passed rather than captured, so that a read allocates no closure.</summary>
internal delegate ValueTask<T> SqlWork<TState, T>(SqlSession session, TState state, CancellationToken ct);
