using System.Collections.Concurrent;

namespace Strongroom.Server.Observability;

/// <summary>When each background job last ran, and how often it failed.</summary>
internal sealed class JobLedger(TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Job> jobs = new(StringComparer.Ordinal);

    public IEnumerable<Job> Jobs => jobs.Values;

    /// <summary>The same job, with its runs written down.</summary>
    /// <param name="name">One of our own words: a label of metrics.</param>
    public Func<CancellationToken, Task> Watch(string name, Func<CancellationToken, Task> job)
    {
        var entry = jobs.GetOrAdd(name, static name => new Job(name.Replace(' ', '_')));
        return async ct =>
        {
            Interlocked.Increment(ref entry.Runs);
            try
            {
                await job(ct);
                Volatile.Write(ref entry.SucceededAtMs, time.GetUtcNow().ToUnixTimeMilliseconds());
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                Interlocked.Increment(ref entry.Failures);
                throw;
            }
        };
    }

    internal sealed class Job(string name)
    {
        // Fields, because they are counted up in place.
        public long Runs;
        public long Failures;
        public long SucceededAtMs;

        public string Name => name;
    }
}
