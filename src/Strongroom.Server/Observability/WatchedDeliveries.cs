using System.Diagnostics.Metrics;
using Strongroom.Server.Audit.Sinks;
using Strongroom.Server.Notifications;
using Strongroom.Storage;

namespace Strongroom.Server.Observability;

/// <summary>The gauges of what leaves the server by itself: audit records to sinks, notifications to destinations. Answered from memory, as all of <see cref="Watched"/>.</summary>
/// <param name="sinks">None before the root key is there.</param>
/// <param name="deliveries">None before the root key is there.</param>
/// <param name="counts">By destination, as last counted in the store; null when that is not known.</param>
internal sealed class WatchedDeliveries(
    Func<IEnumerable<SinkFigures>> sinks, Func<IEnumerable<DeliveryFigures>> deliveries, Func<IReadOnlyList<NotificationCount>?> counts, TimeProvider time)
{
    /// <summary>More series than sinks, destinations and outcomes make.</summary>
    public const int MaxSeries = 1000;

    /// <summary>What the names of all instruments begin with whose label is a destination.</summary>
    public const string Prefix = "strongroom.notification.";

    public void Show(Meter meter)
    {
        meter.CreateObservableCounter("strongroom.audit.sink.sent", () => OfSinks(s => s.Sent), "{record}", "Records handed over to a sink, repeated ones too.");
        meter.CreateObservableCounter("strongroom.audit.sink.failures", () => OfSinks(s => s.Failures), "{attempt}", "Attempts to hand records over that failed. They are repeated.");
        meter.CreateObservableCounter("strongroom.audit.sink.lost_segments", () => OfSinks(s => s.LostSegments), "{segment}", "Segments of the audit log that were removed before a sink had all of their records.");
        meter.CreateObservableGauge("strongroom.audit.sink.failing", () => OfSinks(s => s.IsFailing ? 1 : 0), null, "1 while a sink takes no records.");
        meter.CreateObservableGauge("strongroom.audit.sink.lag", () => OfSinks(s => s.LagBytes), "By", "How much of the log's files a sink has not had.");
        meter.CreateObservableGauge("strongroom.audit.sink.behind", () => OfSinks(Behind), "s", "For how long a sink has not had everything.");

        meter.CreateObservableGauge(Prefix + "waiting", () => OfCounts(c => c?.Waiting ?? 0), "{notification}", "Notifications that wait for their destination.");
        meter.CreateObservableGauge(Prefix + "dead", () => OfCounts(c => c?.Dead ?? 0), "{notification}", "Notifications that were given up and are kept.");
        meter.CreateObservableGauge(Prefix + "oldest_waiting.age", () => OfCounts(Age), "s", "Age of the oldest notification that waits; 0 when none does.");
        meter.CreateObservableCounter(
            Prefix + "dropped", () => deliveries().Select(d => new Measurement<long>(d.Dropped, Tag(d.Destination))), "{notification}",
            "Notifications that had been given up and were dropped, because there were too many of them.");
        meter.CreateObservableCounter(Prefix + "deliveries", Outcomes, "{attempt}", "Attempts to deliver a notification, by outcome.");
    }

    private IEnumerable<Measurement<T>> OfSinks<T>(Func<SinkFigures, T> figure)
        where T : struct => sinks().Select(sink => new Measurement<T>(figure(sink), new KeyValuePair<string, object?>("strongroom.sink", sink.Sink)));

    // Also destinations that have nothing, and those that are configured no more.
    private IEnumerable<Measurement<T>> OfCounts<T>(Func<NotificationCount?, T> figure)
        where T : struct => counts() is not { } known ? [] : deliveries().Select(d => d.Destination).Union(known.Select(c => c.Destination))
        .Select(name => new Measurement<T>(figure(known.FirstOrDefault(c => c.Destination == name)), Tag(name)));

    private IEnumerable<Measurement<long>> Outcomes()
    {
        foreach (var figures in deliveries())
        {
            yield return Outcome(figures, "delivered", figures.Delivered);
            yield return Outcome(figures, "failed", figures.Failed);
            yield return Outcome(figures, "given_up", figures.GivenUp);
        }
    }

    private double Behind(SinkFigures sink) => sink.BehindSinceMs == 0 ? 0 : Math.Max(0, (time.GetUtcNow().ToUnixTimeMilliseconds() - sink.BehindSinceMs) / 1000.0);

    private double Age(NotificationCount? count) => count?.OldestWaiting is { } oldest ? Math.Max(0, (time.GetUtcNow() - oldest).TotalSeconds) : 0;

    private static Measurement<long> Outcome(DeliveryFigures figures, string outcome, long count) =>
        new(count, Tag(figures.Destination), new KeyValuePair<string, object?>("strongroom.outcome", outcome));

    private static KeyValuePair<string, object?> Tag(string destination) => new("strongroom.destination", destination);
}
