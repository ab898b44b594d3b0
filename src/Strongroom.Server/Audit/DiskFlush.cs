namespace Strongroom.Server.Audit;

/// <summary>Brings the log to stable storage for everybody who waits, one flush for all that came while the last one ran.</summary>
internal sealed class DiskFlush(AuditLog log)
{
    private readonly Lock gate = new();
    private TaskCompletionSource? waiting;
    private bool isRunning;

    /// <summary>Completes once everything that was appended before the call is on stable storage.</summary>
    /// <exception cref="AuditUnavailableException">The disk refused.</exception>
    public Task FlushAsync()
    {
        lock (gate)
        {
            waiting ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var mine = waiting.Task;
            if (!isRunning)
            {
                isRunning = true;
                ThreadPool.UnsafeQueueUserWorkItem(static self => self.Run(), this, preferLocal: false);
            }

            return mine;
        }
    }

    private void Run()
    {
        while (true)
        {
            TaskCompletionSource served;
            lock (gate)
            {
                if (waiting is null)
                {
                    isRunning = false;
                    return;
                }

                (served, waiting) = (waiting, null);
            }

            try
            {
                log.FlushToDisk();
                served.SetResult();
            }
            catch (IOException e)
            {
                served.SetException(new AuditUnavailableException($"The audit log can't be brought to stable storage ({e.Message}).", e));
            }
        }
    }
}
