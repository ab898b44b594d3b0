using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Strongroom.Storage;

namespace Strongroom.Server.Observability;

/// <summary>The meter of one server. Its names are a promise: docs/observability.md lists them, the dashboard and the alert rules use them.</summary>
/// <remarks>Nothing is measured while nobody listens. <see cref="Meter.Scope"/> is this object, so that two servers in one process are told apart.</remarks>
internal sealed class ServerMeter : ICommitWatch, IDisposable
{
    public const string Name = "Strongroom";

    // From the time of a cached read to that of a client that gives up.
    private static readonly InstrumentAdvice<double> Seconds = new()
    {
        HistogramBucketBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    };

    private readonly TimeProvider time;
    private readonly Histogram<double> calls;
    private readonly Histogram<double> commits;
    private readonly Histogram<long> batches;
    // Shown from the start, at zero: Prometheus sees no rise in a series that begins with its first count.
    private readonly ConcurrentDictionary<string, long> events = new(
        new[] { "RotationSucceeded", "RotationFailed", "RotationAbandoned" }.Select(name => KeyValuePair.Create(name, 0L)), StringComparer.Ordinal);

    private long commitFailures;
    private readonly Counter<long> reads;

    public ServerMeter(TimeProvider time)
    {
        this.time = time;
        Meter = new Meter(new MeterOptions(Name) { Version = ProductVersion.Text, Scope = this });
        calls = Meter.CreateHistogram("rpc.server.call.duration", "s", "Time from the first byte of a call to the last of its answer.", [], Seconds);
        commits = Meter.CreateHistogram("strongroom.store.commit.duration", "s", "Time that a commit takes until it is on stable storage.", [], Seconds);
        batches = Meter.CreateHistogram(
            "strongroom.store.commit.size", "{change}", "Changes that one commit makes durable together.", [],
            new InstrumentAdvice<long> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256] });
        Meter.CreateObservableCounter("strongroom.store.commit.failures", () => Volatile.Read(ref commitFailures), "{commit}", "Commits that wrote nothing.");
        Meter.CreateObservableCounter(
            "strongroom.events", () => events.Select(e => new Measurement<long>(e.Value, new KeyValuePair<string, object?>("strongroom.event", e.Key))), "{event}",
            "What the server did by itself, such as rotations and deletions, by the name of its audit record.");
        reads = Meter.CreateCounter<long>("strongroom.secret.reads", "{read}", "Values given out, by secret. Only with metrics-secret-label.");
    }

    public Meter Meter { get; }

    /// <summary>Whether anybody listens to the durations of calls.</summary>
    public bool IsOn => calls.Enabled;

    /// <returns>What <see cref="EndCall"/> needs; 0 while nobody listens.</returns>
    public long BeginCall() => calls.Enabled ? time.GetTimestamp() | 1 : 0;

    /// <param name="code">AWS's error code; null for a call that succeeded.</param>
    public void EndCall(long begun, CallTags tags, string? code, int status)
    {
        if (begun != 0)
            calls.Record(time.GetElapsedTime(begun).TotalSeconds, tags.For(code, status));
    }

    /// <param name="name">As its audit record is named: one of our own words.</param>
    public void CountEvent(string name) => events.AddOrUpdate(name, 1, static (_, count) => count + 1);

    public void CountRead(KeyValuePair<string, object?>[] tags) => reads.Add(1, tags);

    public long Begin() => commits.Enabled ? time.GetTimestamp() | 1 : 0;

    public void End(long begun, int changes, bool isCommitted)
    {
        if (!isCommitted)
            Interlocked.Increment(ref commitFailures);
        if (begun == 0)
            return;
        commits.Record(time.GetElapsedTime(begun).TotalSeconds);
        batches.Record(changes);
    }

    public void Dispose() => Meter.Dispose();
}
