using Microsoft.Extensions.Logging;
using Strongroom.Crypto.KeyProviders;
using Strongroom.Storage;

namespace Strongroom.Server.Hosting;

/// <summary>Opens the installation again and again while its seal is out of reach. Says so once, and once that it is over.</summary>
internal static partial class SealRetry
{
    /// <param name="report">Gets the latest reason, for the health check.</param>
    /// <param name="opened">Called after the attempt that succeeded.</param>
    /// <param name="first">Why the first attempt failed.</param>
    /// <exception cref="SealException">The seal is back, and the root key still can't be had.</exception>
    public static async Task RunAsync(
        Func<CancellationToken, Task> open, Action<string> report, Action opened, SealException first, TimeProvider time, ILogger log, CancellationToken ct)
    {
        Waits(log, first.Message);
        for (var pause = FirstPause; ; pause = Next(pause))
        {
            await Task.Delay(pause, time, ct);
            try
            {
                await open(ct);
                break;
            }
            catch (Exception e) when (e is SealException { IsOutage: true } or StoreUnavailableException)
            {
                report(e.Message);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                report(e.Message);
                throw;
            }
        }

        opened();
        Over(log);
    }

    /// <summary>1, 2, 4, 8, 16 seconds, then every 30: soon after a short outage, and no burden in a long one.</summary>
    internal static TimeSpan Next(TimeSpan pause) => pause >= TimeSpan.FromSeconds(16) ? TimeSpan.FromSeconds(30) : pause * 2;

    internal static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The seal is out of reach, and calls are refused until it is back: {Reason} It is tried again at least every 30 seconds.")]
    private static partial void Waits(ILogger log, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The seal is back. The server takes calls.")]
    private static partial void Over(ILogger log);
}
