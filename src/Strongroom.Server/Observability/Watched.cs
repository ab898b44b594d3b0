using System.Diagnostics.Metrics;
using Strongroom.Crypto;
using Strongroom.Server.Audit;
using Strongroom.Server.Audit.Sinks;
using Strongroom.Server.Directories;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Hosting;
using Strongroom.Server.Notifications;
using Strongroom.Server.Quotas;
using Strongroom.Storage;

namespace Strongroom.Server.Observability;

/// <summary>The parts of a server that have numbers to show, as far as they are there yet, and the gauges that show them.</summary>
/// <remarks>Gauges are read at a scrape: each answers from memory, none waits.</remarks>
internal sealed class Watched(IStoreFigures store, CachingSecretStore? records, DirectoryCache directories, string seal, JobLedger jobs, Observed observed, TimeProvider time)
{
    private readonly long startedAt = time.GetTimestamp();

    /// <summary>Null until the root key is there.</summary>
    public OpenParts? Open { get; set; }

    /// <summary>Null without TLS.</summary>
    public TlsCertificate? Certificate { get; set; }

    public void Show(Meter meter)
    {
        KeyValuePair<string, object?>[] sealTags = [new("strongroom.seal", seal)];
        meter.CreateObservableGauge("strongroom.seal.open", () => new Measurement<int>(Open is null ? 0 : 1, sealTags), null, "1 once the seal has given the root key; 0 while it is waited for.");
        meter.CreateObservableGauge("strongroom.healthy", () => Open is { Health.IsHealthy: true } ? 1 : 0, null, "1 while /health answers 200, else 0.");
        meter.CreateObservableGauge("process.uptime", () => time.GetElapsedTime(startedAt).TotalSeconds, "s", "Time since the server was started.");

        meter.CreateObservableCounter("strongroom.cache.lookups", Lookups, "{lookup}", "Lookups in the server's caches, by cache and result.");
        if (records is not null)
        {
            meter.CreateObservableGauge("strongroom.cache.size", () => new Measurement<long>(records.Bytes, RecordsTag), "By", "Estimated memory that the cache holds now.");
            meter.CreateObservableGauge("strongroom.cache.limit", () => new Measurement<long>(records.MaxBytes, RecordsTag), "By", "Memory that the cache may hold.");
        }

        meter.CreateObservableGauge("strongroom.calls.active", () => Some<int>(Open?.Limiter.InFlight), "{call}", "Calls that are worked on now.");
        meter.CreateObservableGauge("strongroom.store.queue.length", () => store.QueuedChanges, "{change}", "Changes that wait for the store's writer.");
        meter.CreateObservableGauge("strongroom.disk.free", () => Some(observed.Current.Disk?.Free), "By", "Free space on the disk of the data directory.");
        meter.CreateObservableGauge("strongroom.disk.size", () => Some(observed.Current.Disk?.Size), "By", "Size of the disk of the data directory.");

        meter.CreateObservableCounter("strongroom.audit.appends", () => Some(Open?.Audit.Figures.Appended), "{append}", "Appends to the audit log. One holds a call's record and those that belong to it.");
        meter.CreateObservableCounter("strongroom.audit.failures", () => Some(Open?.Audit.Figures.Failures), "{append}", "Appends that the audit log refused. Each made a call fail.");
        meter.CreateObservableGauge("strongroom.audit.failing", () => Some<int>(Open is { } open ? open.Audit.Figures.IsFailing ? 1 : 0 : null), null, "1 while the audit log takes no records.");
        meter.CreateObservableGauge("strongroom.audit.unsettled", () => Some(Open?.Audit.Figures.Unsettled), "{record}", "Records of changes that are not known to be on stable storage in the log yet.");
        meter.CreateObservableGauge("strongroom.audit.last_append.time", () => Some(Seconds(Open?.Audit.Figures.AppendedAtMs)), "s", "When the last record was appended, as Unix time.");
        meter.CreateObservableGauge("strongroom.audit.outbox.size", () => Some(observed.Current.Store?.Outbox), "{record}", "Audit records in the store's outbox.");

        meter.CreateObservableCounter("strongroom.job.runs", () => jobs.Jobs.Select(j => new Measurement<long>(Volatile.Read(ref j.Runs), JobTag(j))), "{run}", "Runs of background jobs.");
        meter.CreateObservableCounter("strongroom.job.failures", () => jobs.Jobs.Select(j => new Measurement<long>(Volatile.Read(ref j.Failures), JobTag(j))), "{run}", "Runs of background jobs that failed.");
        meter.CreateObservableGauge(
            "strongroom.job.last_success.time",
            () => jobs.Jobs.Where(j => Volatile.Read(ref j.SucceededAtMs) != 0).Select(j => new Measurement<double>(Volatile.Read(ref j.SucceededAtMs) / 1000.0, JobTag(j))),
            "s", "When a background job last succeeded, as Unix time.");

        meter.CreateObservableGauge("strongroom.rotation.enabled", () => Some(observed.Current.Rotations?.Enabled), "{secret}", "Secrets with rotation on.");
        meter.CreateObservableGauge("strongroom.rotation.overdue", () => Some(observed.Current.Rotations?.Overdue), "{secret}", "Secrets whose rotation window has ended without a rotation.");
        meter.CreateObservableGauge("strongroom.secrets.purge_waiting", () => Some(observed.Current.Store?.MarkedForDeletion), "{secret}", "Secrets marked for deletion and not purged yet.");
        meter.CreateObservableGauge(
            "strongroom.tls.certificate.expiry", () => Some<double>(Certificate is { } certificate ? (certificate.ExpiresAt - time.GetUtcNow()).TotalSeconds : null), "s",
            "Time until the server's certificate expires.");
        new WatchedDeliveries(() => Open?.Sinks.Figures ?? [], () => Open?.Senders.Figures ?? [], () => observed.Current.Notifications, time).Show(meter);
    }

    private static readonly KeyValuePair<string, object?> RecordsTag = new("strongroom.cache", "records");

    private IEnumerable<Measurement<long>> Lookups()
    {
        List<(string Cache, (long Hits, long Misses) Lookups)> caches = [("directories", directories.Lookups)];
        if (records is not null)
            caches.Add(("records", records.Lookups));
        if (Open is { } open)
            caches.Add(("data_keys", open.Keyring.DataKeyLookups));
        foreach (var (cache, (hits, misses)) in caches)
        {
            yield return new(hits, new("strongroom.cache", cache), new("strongroom.result", "hit"));
            yield return new(misses, new("strongroom.cache", cache), new("strongroom.result", "miss"));
        }
    }

    private static KeyValuePair<string, object?> JobTag(JobLedger.Job job) => new("strongroom.job", job.Name);

    private static double? Seconds(long? ms) => ms is null or 0 ? null : ms / 1000.0;

    // A number that is not known is left out: zero would be a claim.
    private static IEnumerable<Measurement<T>> Some<T>(T? value)
        where T : struct => value is { } known ? [new Measurement<T>(known)] : [];

    internal sealed record OpenParts(AuditTrail Audit, Keyring Keyring, HealthEndpoint Health, Limiter Limiter, AuditSinks Sinks, NotificationSenders Senders);
}
