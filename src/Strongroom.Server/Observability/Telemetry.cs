using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Strongroom.Server.Observability;

/// <summary>Exports what a server measures: metrics for Prometheus, and metrics, traces and logs for an OTLP collector. Each is off until configured.</summary>
internal sealed class Telemetry(TelemetryOptions options, Guid instance) : IDisposable
{
    private const string KestrelMeter = "Microsoft.AspNetCore.Server.Kestrel";
    private const string RuntimeMeter = "System.Runtime";

    private TracerProvider? traces;

    /// <summary>Null while metrics are off.</summary>
    public MeterProvider? Metrics { get; private set; }

    public void AddLogs(ILoggingBuilder logging)
    {
        if (!options.Exports(TelemetryOptions.Logs))
            return;
        logging.AddOpenTelemetry(log =>
        {
            log.SetResourceBuilder(Resource());
            log.IncludeFormattedMessage = true;
            log.IncludeScopes = false;
            log.AddOtlpExporter(otlp => Configure(otlp, "v1/logs"));
        });
    }

    /// <param name="services">Of the server whose connections are measured.</param>
    public void Begin(ServerMeter meter, IServiceProvider services)
    {
        if (options.ExportsMetrics)
            Metrics = BuildMetrics(meter, services.GetService<IMeterFactory>());
        if (options.Exports(TelemetryOptions.Traces))
            traces = BuildTraces();
    }

    /// <summary>Sends what was not sent yet, for a few seconds at most.</summary>
    public void Dispose()
    {
        traces?.Shutdown(FlushLimitMs);
        traces?.Dispose();
        Metrics?.Shutdown(FlushLimitMs);
        Metrics?.Dispose();
    }

    private MeterProvider BuildMetrics(ServerMeter meter, IMeterFactory? kestrel)
    {
        var builder = Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(Resource())
            .AddMeter(ServerMeter.Name, KestrelMeter, RuntimeMeter)
            .AddView(instrument => Choose(instrument, meter, kestrel));
        if (options.Exports(TelemetryOptions.Metrics))
            builder.AddOtlpExporter(otlp => Configure(otlp, "v1/metrics"));
        if (options.MetricsListen is not null)
        {
            builder.AddPrometheusExporter(prometheus =>
            {
                prometheus.ScrapeResponseCacheDurationMilliseconds = (int)options.ScrapeCache.TotalMilliseconds;
                prometheus.ScopeInfoEnabled = false;
                prometheus.ScrapeResponseTimeoutMilliseconds = 10_000;
            });
        }

        return builder.Build();
    }

    // Several servers may run in one process, each with meters of the same names. Without a limit of its own the library sets memory aside for
    // two thousand series of each instrument.
    private static MetricStreamConfiguration? Choose(Instrument instrument, ServerMeter meter, IMeterFactory? kestrel)
    {
        var isOurs = instrument.Meter.Name switch
        {
            ServerMeter.Name => instrument.Meter.Scope == meter,
            KestrelMeter => instrument.Meter.Scope == kestrel,
            _ => true,
        };
        return !isOurs ? MetricStreamConfiguration.Drop : new MetricStreamConfiguration
        {
            CardinalityLimit = instrument.Name switch
            {
                "rpc.server.call.duration" => 4000,
                "strongroom.secret.reads" => SecretReads.MaxSecrets + 10,
                _ when instrument.Name.StartsWith(WatchedDeliveries.Prefix, StringComparison.Ordinal) => WatchedDeliveries.MaxSeries,
                _ => 100,
            },
        };
    }

    private TracerProvider BuildTraces()
    {
        // Callers' own decisions count only within the ratio: nobody outside decides how much we export.
        var ratio = new TraceIdRatioBasedSampler(options.TraceRatio);
        return Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(Resource())
            .AddSource(Spans.SourceName)
            .SetSampler(new ParentBasedSampler(ratio, remoteParentSampled: ratio))
            .AddOtlpExporter(otlp => Configure(otlp, "v1/traces"))
            .Build();
    }

    // Built from nothing: the default takes attributes from the environment.
    private ResourceBuilder Resource() => ResourceBuilder.CreateEmpty().AddService("strongroom", serviceVersion: ProductVersion.Text, serviceInstanceId: instance.ToString());

    private void Configure(OtlpExporterOptions otlp, string path)
    {
        if (options.OtlpEndpoint == TelemetryOptions.FromEnvironment)
            return;
        otlp.Protocol = options.OtlpGrpc ? OtlpExportProtocol.Grpc : OtlpExportProtocol.HttpProtobuf;
        // The library adds the path to an address from the environment only.
        otlp.Endpoint = options.OtlpGrpc ? new Uri(options.OtlpEndpoint!) : new Uri(options.OtlpEndpoint!.TrimEnd('/') + "/" + path);
        otlp.Headers = options.OtlpHeaders;
        otlp.TimeoutMilliseconds = FlushLimitMs;
        otlp.HttpClientFactory = static () => new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false })
        {
            Timeout = TimeSpan.FromMilliseconds(FlushLimitMs),
        };
    }

    private const int FlushLimitMs = 5000;
}
