using Strongroom.Server.Hosting;

namespace Strongroom.Server.Observability;

/// <summary>What is to be exported, and where to. All off by default.</summary>
public sealed record TelemetryOptions
{
    public const string Metrics = "metrics";
    public const string Traces = "traces";
    public const string Logs = "logs";

    /// <summary>Value of <see cref="OtlpEndpoint"/> for whatever the standard variables <c>OTEL_EXPORTER_OTLP_*</c> say.</summary>
    public const string FromEnvironment = "environment";

    /// <summary>Scheme, address and port of the Prometheus endpoint; null for none.</summary>
    public string? MetricsListen { get; init; }

    /// <summary>File with the token that scrapes must carry; null for none.</summary>
    public string? MetricsTokenFile { get; init; }

    /// <summary>Names secrets in a label of the read counter and in traces.</summary>
    public bool SecretLabel { get; init; }

    /// <summary>OTLP collector, or <see cref="FromEnvironment"/>; null for none.</summary>
    public string? OtlpEndpoint { get; init; }

    public bool OtlpGrpc { get; init; }

    /// <summary><c>name=value,name=value</c>, such as an API key of the collector. A secret.</summary>
    public string? OtlpHeaders { get; init; }

    public IReadOnlyList<string> OtlpSignals { get; init; } = [Metrics, Traces];

    /// <summary>The part of calls that is traced, from 0 to 1.</summary>
    public double TraceRatio { get; init; } = 1;

    /// <summary>How long one answer serves all scrapes; tests read at once what they did.</summary>
    internal TimeSpan ScrapeCache { get; init; } = TimeSpan.FromMilliseconds(300);

    internal bool ExportsMetrics => MetricsListen is not null || Exports(Metrics);

    internal bool Exports(string signal) => OtlpEndpoint is not null && OtlpSignals.Contains(signal);

    /// <exception cref="SettingsException">Something would be readable for others, or has no effect.</exception>
    internal void Check()
    {
        if (MetricsTokenFile is not null && MetricsListen is null)
            throw new SettingsException("metrics-token-file is for the address that metrics-listen names, and there is none.");
        if (OtlpEndpoint is null && (OtlpHeaders is not null || OtlpGrpc))
            throw new SettingsException("otlp-headers and otlp-protocol are for the collector that otlp-endpoint names, and there is none.");
        if (OtlpHeaders is not null && OtlpEndpoint is { } text && text != FromEnvironment && new Uri(text) is { Scheme: "http", IsLoopback: false })
            throw new SettingsException($"otlp-endpoint {text} is plain HTTP to another machine, and otlp-headers would cross the network readable. Use https.");
    }

    /// <summary>Never the headers: they are a secret.</summary>
    public override string ToString() => $"metrics {MetricsListen ?? "off"}, otlp {OtlpEndpoint ?? "off"}";
}
