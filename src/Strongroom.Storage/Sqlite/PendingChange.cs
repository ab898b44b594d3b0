namespace Strongroom.Storage.Sqlite;

/// <summary>A change that waits for the writer, and its caller that waits for the disk.</summary>
internal abstract class PendingChange
{
    /// <summary>Runs the change function to its end; over SQLite it never waits.</summary>
    public abstract void Run(SqlSession session);

    /// <summary>Remembers why this change alone failed; its caller hears of it with the batch's end.</summary>
    public abstract void Fault(Exception e);

    /// <summary>The batch is on stable storage: hands the result, or the fault, to the caller.</summary>
    public abstract void Complete();

    /// <summary>The batch failed: nothing of this change was written.</summary>
    public abstract void Fail(Exception e);
}

internal sealed class PendingChange<TState, T>(TState state, SqlWork<TState, T> change) : PendingChange
{
    // The writer must not run what its callers do next.
    private readonly TaskCompletionSource<T> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Exception? fault;
    private T? result;

    public Task<T> Completion => completion.Task;

    public override void Run(SqlSession session)
    {
        var work = change(session, state, CancellationToken.None);
        result = work.IsCompletedSuccessfully ? work.Result : work.AsTask().GetAwaiter().GetResult();
    }

    public override void Fault(Exception e) => fault = e;

    public override void Complete()
    {
        if (fault is null)
            completion.SetResult(result!);
        else
            completion.SetException(fault);
    }

    public override void Fail(Exception e) => completion.SetException(fault ?? e);
}
