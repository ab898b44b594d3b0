using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
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

/// <summary>Everything that a server measures itself with, and where that is exported to.</summary>
internal sealed class Instruments : IAsyncDisposable
{
    private readonly ServerOptions options;
    private readonly DataDirectory directory;
    private readonly IStoreFigures store;
    private readonly TimeProvider time;
    private readonly Entropy entropy;
    private readonly Telemetry telemetry;
    private readonly Watched watched;
    private readonly long startedAt;
    private readonly Observed observed;
    private HealthEndpoint? health;
    private MetricsEndpoint? endpoint;

    public Instruments(
        ServerOptions options, DataDirectory directory, SqlStore store, CachingSecretStore? records, DirectoryCache directories, TimeProvider time, Entropy entropy)
    {
        (this.options, this.directory, this.store, this.time, this.entropy) = (options, directory, store, time, entropy);
        startedAt = time.GetTimestamp();
        telemetry = new Telemetry(options.Telemetry, entropy.NewGuid());
        Meter = new ServerMeter(time);
        Shed = new ShedCounts(Meter.Meter);
        Jobs = new JobLedger(time);
        Reads = options.Telemetry.SecretLabel ? new SecretReads(Meter) : null;
        observed = new Observed(store, store, directory.Root, time);
        watched = new Watched(store, records, directories, options.Seal.Name, Jobs, observed, time);
    }

    public ServerMeter Meter { get; }

    public ShedCounts Shed { get; }

    public JobLedger Jobs { get; }

    /// <summary>Null unless reads are counted by secret.</summary>
    public SecretReads? Reads { get; }

    /// <summary>Where metrics are scraped; null while that is off.</summary>
    public Uri? Address => endpoint?.Address;

    public TimeSpan Uptime => time.GetElapsedTime(startedAt);

    public DateTimeOffset? CertificateExpiresAt => watched.Certificate?.ExpiresAt;

    /// <summary>The certificate that is served now, renewed or read again if that is due; null without TLS.</summary>
    public System.Security.Cryptography.X509Certificates.X509Certificate2? ServedCertificate => watched.Certificate?.Current().TargetCertificate;

    public void AddLogs(ILoggingBuilder logging) => telemetry.AddLogs(logging);

    /// <summary>Begins to export. Before the server listens, so that a seal that is waited for can be seen.</summary>
    public async Task BeginAsync(IServiceProvider services, CancellationToken ct)
    {
        if (!options.Telemetry.ExportsMetrics && !options.Telemetry.Exports(TelemetryOptions.Traces))
            return;
        var log = services.GetRequiredService<ILoggerFactory>().CreateLogger("Strongroom.Telemetry");
        if (options.Telemetry.ExportsMetrics)
        {
            watched.Show(Meter.Meter);
            store.CommitWatch = Meter;
            await observed.BeginAsync(log, ct);
        }

        telemetry.Begin(Meter, services);
        if (options.Telemetry.MetricsListen is not null)
            endpoint = await MetricsEndpoint.StartAsync(options, telemetry.Metrics!, _ => Certificate(log), ct);
    }

    /// <summary>The root key is there: so are these parts.</summary>
    public void Open(AuditTrail audit, Keyring keyring, HealthEndpoint healthEndpoint, Limiter limiter, AuditSinks sinks, NotificationSenders senders)
    {
        health = healthEndpoint;
        watched.Open = new Watched.OpenParts(audit, keyring, healthEndpoint, limiter, sinks, senders);
    }

    /// <summary>The one certificate, for calls and for scrapes.</summary>
    public TlsCertificate Certificate(ILogger log) => watched.Certificate ??= Tls.Open(
        options, directory, new Uri(options.Listen.StartsWith("https:", StringComparison.Ordinal) ? options.Listen : options.Telemetry.MetricsListen!), time, entropy, log);

    /// <summary>A background job: what a scrape must not wait for. Also looks whether an outage is over, should nobody ask for the health.</summary>
    public async Task LookAsync(CancellationToken ct)
    {
        if (health is not null)
            await health.RefreshAsync(ct);
        await observed.LookAsync(ct);
    }

    public async ValueTask DisposeAsync()
    {
        if (endpoint is not null)
            await endpoint.DisposeAsync();
        store.CommitWatch = null;
        telemetry.Dispose();
        Meter.Dispose();
    }
}
