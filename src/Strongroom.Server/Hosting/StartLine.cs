using Microsoft.Extensions.Logging;
using Strongroom.Crypto.KeyProviders;
using Strongroom.Server.Functions;
using Strongroom.Server.Observability;
using Strongroom.Storage;

namespace Strongroom.Server.Hosting;

/// <summary>One line of the log for each start: what runs, with what, where, and what of it is unsafe. One for each stop.</summary>
internal static partial class StartLine
{
    /// <summary>Of these lines alone, so that a host can show them at any level.</summary>
    public const string Category = "Strongroom.Start";

    public static void Write(ILogger log, ServerOptions options, DataDirectory directory, string store, string account, Uri endpoint, Uri? metrics, DateTimeOffset? certificateExpires)
    {
        var tls = certificateExpires is not { } expires ? "none"
            : $"{(options.TlsCertificate is null ? "generated" : options.TlsCertificate)} until {expires.UtcDateTime:yyyy-MM-dd}";
        var unsafeFindings = Unsafe(options, directory);
        Started(
            log, ProductVersion.Text, endpoint.ToString().TrimEnd('/'), account, options.DefaultRegion, options.Seal.Name, store, directory.AuditLog, tls,
            metrics is null ? "off" : metrics.ToString().TrimEnd('/') + MetricsEndpoint.Path, options.Telemetry.OtlpEndpoint ?? "off",
            unsafeFindings.Count == 0 ? "nothing" : string.Join("; ", unsafeFindings));
    }

    /// <param name="isSettled">Whether all records of changes are known to be on stable storage in the log.</param>
    public static void WriteStop(ILogger log, TimeSpan uptime, bool isSettled) => Stopped(
        log, ProductVersion.Text, (long)uptime.TotalSeconds, isSettled ? "all records are in the log" : "the next start takes records from the outbox into the log");

    /// <summary>The stop timeout ran out.</summary>
    public static void WriteBrokenOff(ILogger log, int count) => BrokenOff(log, count);

    /// <summary>What an operator may want to change, each in a few words. Names files and settings; holds no secret.</summary>
    public static IReadOnlyList<string> Unsafe(ServerOptions options, DataDirectory directory)
    {
        List<string> found = [];
        if (ListenAddress.IsReadableOnNetwork(options))
            found.Add("plain HTTP where other machines reach it");
        if (options.Seal.Name == SealOptions.FileName)
        {
            var key = options.Seal.KeyFile ?? directory.RootKey;
            if (Path.GetFullPath(key).StartsWith(Path.GetFullPath(directory.Root) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
                found.Add("the key that opens the root key lies next to the data");
        }

        foreach (var path in PrivateFiles(options, directory).OfType<string>().Distinct(StringComparer.Ordinal))
        {
            if (IsReadableByOthers(path))
                found.Add($"other users can read {path}");
        }

        if (options.Store is { } database && SqlStore.IsUnverifiedPostgres(database))
            found.Add("PostgreSQL on the network without a verified certificate");

        if (options.AllowPrivateOidcIssuers)
            found.Add("OIDC issuers on private networks are allowed");
        if (options.Functions is { RunsProcesses: true, User: { } user } && !FunctionUser.Resolve(user).IsOther)
            found.Add("functions run as the server's own user");
        if (options.Telemetry is { MetricsListen: not null, MetricsTokenFile: null })
            found.Add("every user of this machine can read the metrics");
        if (options.Telemetry.SecretLabel)
            found.Add("metrics and traces name secrets");
        if (options.Telemetry.OtlpEndpoint is { } otlp && Uri.TryCreate(otlp, UriKind.Absolute, out var collector) && collector is { Scheme: "http", IsLoopback: false })
            found.Add("telemetry crosses the network readable");
        if (options.RootSecretAccessKey is not null)
            found.Add("the root access key is in the environment");
        return found;
    }

    // What holds a secret, or may: a configuration file a password in the connection string, the notifications' file an address that is one.
    private static IEnumerable<string?> PrivateFiles(ServerOptions options, DataDirectory directory) =>
    [
        directory.Root, options.Seal.KeyFile ?? directory.RootKey, options.Seal.Pkcs11PinFile, options.TlsKey, directory.Credentials, options.ConfigurationFile,
        options.NotificationsFile, options.AuditSinks.SyslogKey, .. Keys(directory.Tls),
    ];

    private static string[] Keys(string tls) => Directory.Exists(tls) ? Directory.GetFiles(tls, "*-key.pem") : [];

    private static bool IsReadableByOthers(string path) =>
        (File.Exists(path) || Directory.Exists(path)) && File.GetUnixFileMode(path) is var mode && (mode & (UnixFileMode.GroupRead | UnixFileMode.OtherRead)) != 0
        && !PrivateFile.IsCredential(path, mode);

    [LoggerMessage(Level = LogLevel.Information, Message =
        "Strongroom {Version} started: listens on {Listen}, account {Account}, region {Region}, seal {Seal}, store {Store}, audit log {Audit}, TLS {Tls}, metrics {Metrics}, OTLP {Otlp}, unsafe: {Unsafe}")]
    private static partial void Started(
        ILogger log, string version, string listen, string account, string region, string seal, string store, string audit, string tls, string metrics, string otlp, string @unsafe);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} requests were not done when the stop timeout ran out, and were broken off.")]
    private static partial void BrokenOff(ILogger log, int count);

    [LoggerMessage(Level = LogLevel.Information, Message = "Strongroom {Version} stopped after {Seconds} s: {Records}.")]
    private static partial void Stopped(ILogger log, string version, long seconds, string records);
}
