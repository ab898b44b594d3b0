using Microsoft.Extensions.Logging;
using Strongroom.Crypto;
using Strongroom.Server.Webhooks;
using Strongroom.Storage;

namespace Strongroom.Server.Audit.Sinks;

/// <summary>The sinks of a server and what follows the log for them.</summary>
internal sealed class AuditSinks : IAsyncDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);

    private readonly List<SinkFollower> followers;
    private readonly TimeProvider time;
    private Task running = Task.CompletedTask;

    private AuditSinks(List<SinkFollower> followers, TimeProvider time) => (this.followers, this.time) = (followers, time);

    public IEnumerable<SinkFigures> Figures => followers.Select(f => f.Figures);

    /// <param name="auditDirectory">The log, which is open already.</param>
    /// <param name="cursors">Directory for a file a sink.</param>
    /// <exception cref="StoreRefusedException">A sink can't be used as configured; the message says what to do.</exception>
    public static AuditSinks Open(AuditSinkOptions options, string auditDirectory, string cursors, TimeProvider time, Entropy entropy, ILogger log)
    {
        var sinks = new List<IAuditSink>();
        if (options.Syslog is not null)
            sinks.Add(new SyslogSink(options, time));
        if (options.Webhook is not null)
            sinks.Add(new WebhookSink(new WebhookClient(options.WebhookOptions, "audit-webhook", time), entropy));
        if (options.StandardOutput)
            sinks.Add(new OutputSink(options.Output ?? OutputSink.Open()));
        var followers = sinks.ConvertAll(
            sink => new SinkFollower(auditDirectory, sink, Path.Combine(cursors, sink.Name + ".cursor"), options.FromBeginning, time, entropy, log));
        try
        {
            followers.ForEach(f => f.Begin());
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new StoreRefusedException($"An audit sink can't begin: {e.Message}", e);
        }

        return new AuditSinks(followers, time);
    }

    public void Run(CancellationToken ct) => running = Task.WhenAll(followers.ConvertAll(f => Task.Run(() => f.RunAsync(ct), CancellationToken.None)));

    /// <summary>What time brings, at once, for tests.</summary>
    internal async Task StepAsync()
    {
        foreach (var follower in followers)
            await follower.TryStepAsync(CancellationToken.None);
    }

    /// <summary>Sends what is left, if that goes quickly. After the token of <see cref="Run"/> was cancelled, and after the last append.</summary>
    public async Task FinishAsync()
    {
        try
        {
            // A pipe that nobody reads holds a write up for ever.
            await running.WaitAsync(StopLimit, time);
            await Task.WhenAll(followers.ConvertAll(f => f.FinishAsync())).WaitAsync(StopLimit, time);
        }
        catch (TimeoutException)
        {
            // The next start goes on from the cursors.
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var follower in followers)
            await follower.DisposeAsync();
    }
}
