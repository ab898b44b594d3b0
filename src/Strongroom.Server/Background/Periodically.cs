using Microsoft.Extensions.Logging;

namespace Strongroom.Server.Background;

/// <summary>Runs a job again and again until stopped. A failure is logged and does not end the series.</summary>
internal static partial class Periodically
{
    public static async Task RunAsync(TimeSpan interval, Func<CancellationToken, Task> job, string name, TimeProvider time, ILogger log, CancellationToken ct)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(ct))
            {
                try
                {
                    await job(ct);
                }
#pragma warning disable CA1031 // An outage now must not stop the job for good: it is tried again at the next tick.
                catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
                {
                    JobFailed(log, name, e.Message);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The stop.
        }
    }

    /// <summary>Takes steps, each of which says how long to wait before the next, until stopped.</summary>
    public static async Task RunAsync(Func<CancellationToken, Task<TimeSpan>> step, TimeProvider time, CancellationToken ct)
    {
        try
        {
            while (true)
                await Task.Delay(await step(ct), time, ct);
        }
        catch (OperationCanceledException)
        {
            // The stop.
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Background job {Job} failed and will be tried again: {Reason}")]
    private static partial void JobFailed(ILogger log, string job, string reason);
}
