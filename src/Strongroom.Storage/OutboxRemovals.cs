using System.Collections.Concurrent;

namespace Strongroom.Storage;

/// <summary>
/// Records that may leave the outbox. They travel with the commits that follow, because a commit of their own would cost as much as the
/// change they belong to; when none follows for a while, or at the end, they are removed by themselves.
/// </summary>
/// <remarks>Losing the queue in a crash is harmless: the records are still in the outbox and the log knows that it has them.</remarks>
internal sealed class OutboxRemovals : IAsyncDisposable
{
    private readonly ConcurrentQueue<Guid> queue = new();
    private readonly Func<CancellationToken, ValueTask> sweep;
    private readonly ITimer timer;
    private int armed;

    public OutboxRemovals(TimeProvider time, Func<CancellationToken, ValueTask> sweep)
    {
        this.sweep = sweep;
        timer = time.CreateTimer(_ => _ = SweepQuietlyAsync(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How long a record may linger while nothing is committed.</summary>
    public static TimeSpan IdleDelay { get; } = TimeSpan.FromSeconds(3);

    public bool IsEmpty => queue.IsEmpty;

    public void Add(IReadOnlyCollection<Guid> eventIds)
    {
        foreach (var id in eventIds)
            queue.Enqueue(id);

        if (eventIds.Count > 0 && Interlocked.Exchange(ref armed, 1) == 0)
            timer.Change(IdleDelay, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Takes up to <paramref name="limit"/> ids. Whoever fails to commit their removal gives them back with <see cref="Add"/>.</summary>
    public IReadOnlyList<Guid> Take(int limit)
    {
        if (queue.IsEmpty)
            return [];

        var taken = new List<Guid>();
        while (taken.Count < limit && queue.TryDequeue(out var id))
            taken.Add(id);

        return taken;
    }

    public async ValueTask DisposeAsync()
    {
        await timer.DisposeAsync();
        await SweepQuietlyAsync();
    }

    private async Task SweepQuietlyAsync()
    {
        Interlocked.Exchange(ref armed, 0);
        try
        {
            await sweep(CancellationToken.None);
        }
        catch (Exception e) when (e is StoreUnavailableException or ObjectDisposedException)
        {
            // Nothing is lost: the sweep has put the ids back and armed the timer again, and a later start knows them from the log.
        }
    }
}
