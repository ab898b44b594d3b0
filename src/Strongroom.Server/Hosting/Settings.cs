using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Strongroom.Crypto;
using Strongroom.Crypto.KeyProviders;
using Strongroom.Server.Backup;
using Strongroom.Server.Audit.Sinks;
using Strongroom.Server.Observability;
using Strongroom.Server.Quotas;
using Strongroom.Server.Rotation;
using Strongroom.Server.Webhooks;

namespace Strongroom.Server.Hosting;

/// <summary>Every setting of the server in one table. docs/configuration.md shows the same table, which a test compares.</summary>
public static class Settings
{
    public const string VariablePrefix = "STRONGROOM_";

    /// <summary>Where the data directory is. Not in <see cref="All"/>, because the file is found with it.</summary>
    public const string DataVariable = VariablePrefix + "DATA";

    /// <summary>A configuration file elsewhere than in the data directory.</summary>
    public const string ConfigVariable = VariablePrefix + "CONFIG";

    public static IReadOnlyList<Setting> All { get; } =
    [
        new("listen", SettingKind.Text, "http://127.0.0.1:4584",
            "Scheme, address and port to listen on. Port 0 takes a free one. An https address without a certificate gets one from a generated CA.",
            (o, v) => o with { Listen = v[0] }),
        new("store", SettingKind.Text, "SQLite in the data directory",
            "PostgreSQL connection string. One that holds a password belongs into the environment: other users can read command lines.",
            (o, v) => o with { Store = v[0] }),
        new("seal", SettingKind.Text, "file",
            "What protects the root key at rest: `file`, `aws-kms` or `pkcs11`. To change it for existing data run `strongroom seal move`.",
            (o, v) => o with { Seal = o.Seal with { Name = SealName(v[0]) } }),
        new("seal-key-file", SettingKind.Text, "root.key in the data directory",
            "Key file of the seal file.",
            (o, v) => o with { Seal = o.Seal with { KeyFile = Path.GetFullPath(v[0]) } }),
        new("seal-kms-key", SettingKind.Text, "none",
            "Symmetric KMS key of the seal aws-kms: its id, ARN, alias name or alias ARN.",
            (o, v) => o with { Seal = o.Seal with { KmsKey = v[0] } }),
        new("seal-kms-region", SettingKind.Text, "of the key's ARN, else as the AWS SDK finds it",
            "Region of the KMS key.",
            (o, v) => o with { Seal = o.Seal with { KmsRegion = Region(v[0]) } }),
        new("seal-kms-endpoint", SettingKind.Text, "AWS",
            "Address of another KMS than AWS's, such as a second Strongroom. Must be https, except on this machine.",
            (o, v) => o with { Seal = o.Seal with { KmsEndpoint = KmsEndpoint(v[0]) } }),
        new("seal-pkcs11-module", SettingKind.Text, "none",
            "PKCS#11 library of the seal pkcs11, such as /usr/lib/softhsm/libsofthsm2.so.",
            (o, v) => o with { Seal = o.Seal with { Pkcs11Module = Path.GetFullPath(v[0]) } }),
        new("seal-pkcs11-token", SettingKind.Text, "none",
            "Label of the PKCS#11 token.",
            (o, v) => o with { Seal = o.Seal with { Pkcs11Token = v[0] } }),
        new("seal-pkcs11-slot", SettingKind.Text, "none",
            "Number of the token's slot, where the label is missing or not the only one.",
            (o, v) => o with { Seal = o.Seal with { Pkcs11Slot = Slot(v[0]) } }),
        new("seal-pkcs11-key", SettingKind.Text, "strongroom",
            "Label of the AES key in the token. The first start makes the key when there is none.",
            (o, v) => o with { Seal = o.Seal with { Pkcs11Key = v[0] } }),
        new("seal-pkcs11-key-id", SettingKind.Text, "none",
            "Id of that key in hexadecimal digits, where the label is not the only one.",
            (o, v) => o with { Seal = o.Seal with { Pkcs11KeyId = Setting.Matching(v[0], Setting.Hex(), "seal-pkcs11-key-id must be pairs of hexadecimal digits, such as 01a2.") } }),
        new("seal-pkcs11-pin-file", SettingKind.Text, "none",
            "File with the token's user PIN, mode 0600.",
            (o, v) => o with { Seal = o.Seal with { Pkcs11PinFile = Path.GetFullPath(v[0]) } }),
        new("seal-pkcs11-pin", SettingKind.Text, "none",
            "The token's user PIN, where no PIN file is named.",
            (o, v) => o with { Seal = o.Seal with { Pkcs11Pin = SecretBytes.CopyFrom(Encoding.UTF8.GetBytes(v[0])) } })
        { OnlyInEnvironment = true },
        new("tls-certificate", SettingKind.Text, "generated",
            "PEM file with the server's certificate, followed by its intermediates. Read again when it changes.",
            (o, v) => o with { TlsCertificate = Path.GetFullPath(v[0]) }),
        new("tls-key", SettingKind.Text, "generated",
            "PEM file with the certificate's private key, not encrypted.",
            (o, v) => o with { TlsKey = Path.GetFullPath(v[0]) }),
        new("tls-name", SettingKind.List, "none",
            "Host name or address that clients use, for the generated certificate beside localhost, this machine's name and the listen address.",
            (o, v) => o with { TlsNames = [.. v.Select(TlsName)] }),
        new("allow-plain-http-on-network", SettingKind.Switch, "false",
            "Allow http on an address that other machines reach. Secrets then cross the network readable.",
            (o, v) => o with { AllowPlainHttpOnNetwork = v[0] == "true" }),
        new("default-region", SettingKind.Text, "us-east-1",
            "Region that `strongroom env` and `strongroom profile` name.",
            (o, v) => o with { DefaultRegion = Region(v[0]) }),
        new("extra-region", SettingKind.List, "none",
            "Region name to accept beside all that look like AWS's, such as `local`.",
            (o, v) => o with { Regions = [.. v.Select(Region)] }),
        new("account-id", SettingKind.Text, "random",
            "Account id, 12 digits. Used on the first start only.",
            (o, v) => o with { AccountId = Setting.Matching(v[0], Setting.AccountId(), "account-id must be 12 digits.") }),
        new("root-access-key-id", SettingKind.Text, "generated",
            "Id of the root access key, 16 to 128 letters, digits or `_`. Used on the first start only, with the next one.",
            (o, v) => o with { RootAccessKeyId = Setting.Matching(v[0], Setting.AccessKeyId(), "STRONGROOM_ROOT_ACCESS_KEY_ID must be 16 to 128 letters, digits or underscores, such as AKIA and 16 more.") })
        { OnlyInEnvironment = true },
        new("root-secret-access-key", SettingKind.Text, "generated",
            "Secret of the root access key, 16 to 128 visible ASCII characters. Used on the first start only.",
            (o, v) => o with { RootSecretAccessKey = Setting.Matching(v[0], Setting.SecretAccessKey(), "STRONGROOM_ROOT_SECRET_ACCESS_KEY must be 16 to 128 visible ASCII characters.") })
        { OnlyInEnvironment = true },
        new("oidc-directory", SettingKind.Text, "none",
            "Directory with files about OIDC issuers, `NAME.jwks.json` and `NAME.pem`: keys of one that can't be reached, authorities of one with a CA of its own. See identity.md.",
            (o, v) => o with { OidcDirectory = Path.GetFullPath(v[0]) }),
        new("allow-private-oidc-issuers", SettingKind.Switch, "false",
            "Allow OIDC issuers on loopback and private networks, as inside a Kubernetes cluster.",
            (o, v) => o with { AllowPrivateOidcIssuers = v[0] == "true" }),
        new("audit-segment-megabytes", SettingKind.Text, "256",
            "An audit segment is closed when it has grown past this, 1 to 4096 MiB.",
            (o, v) => o with { AuditLog = o.AuditLog with { SegmentBytes = Setting.Number(v[0], 1, 4096, "audit-segment-megabytes") << 20 } }),
        new("audit-segment-hours", SettingKind.Text, "24",
            "An audit segment that holds anything is closed after this, 1 to 8760 hours.",
            (o, v) => o with { AuditLog = o.AuditLog with { SegmentAge = TimeSpan.FromHours(Setting.Number(v[0], 1, 8760, "audit-segment-hours")) } }),
        new("audit-retention-days", SettingKind.Text, "for ever",
            "Closed audit segments are removed this many days after they were closed, 1 to 36500. A signed statement says that they were.",
            (o, v) => o with { AuditRetention = TimeSpan.FromDays(Setting.Number(v[0], 1, 36500, "audit-retention-days")) }),
        new("audit-read-durability", SettingKind.Text, "os",
            "What an answer to a read waits for: `os`, its record survives the end of the server; `disk`, also a power loss. Changes always wait for the disk.",
            (o, v) => o with { AuditReadsWaitForDisk = v[0] switch { "os" => false, "disk" => true, _ => throw new SettingsException($"'{v[0]}' is no durability (audit-read-durability). Use os or disk.") } }),
        new("no-audit-compression", SettingKind.Switch, "false",
            "Leave closed segments of the audit log as they are, not compressed.",
            (o, v) => o with { CompressAudit = v[0] != "true" }),
        new("audit-syslog", SettingKind.Text, "none",
            "Syslog receiver that gets every audit record over TLS, such as tls://logs.example.com:6514. See audit-sinks.md.",
            (o, v) => o with { AuditSinks = o.AuditSinks with { Syslog = AuditSinkOptions.ReadSyslog(v[0]) } }),
        new("audit-syslog-ca", SettingKind.Text, "the system's",
            "PEM file with the authorities that the syslog receiver's certificate may come from.",
            (o, v) => o with { AuditSinks = o.AuditSinks with { SyslogCertificateAuthorities = Path.GetFullPath(v[0]) } }),
        new("audit-syslog-certificate", SettingKind.Text, "none",
            "PEM file with the certificate that the server shows to the syslog receiver, followed by its intermediates.",
            (o, v) => o with { AuditSinks = o.AuditSinks with { SyslogCertificate = Path.GetFullPath(v[0]) } }),
        new("audit-syslog-key", SettingKind.Text, "none",
            "PEM file with that certificate's private key, not encrypted.",
            (o, v) => o with { AuditSinks = o.AuditSinks with { SyslogKey = Path.GetFullPath(v[0]) } }),
        new("audit-webhook", SettingKind.Text, "none",
            "Address that every audit record is posted to, in signed batches of JSON lines. Must be https, except on this machine.",
            (o, v) => o with { AuditSinks = o.AuditSinks with { Webhook = WebhookOptions.ReadAddress(v[0], "audit-webhook") } }),
        new("audit-webhook-ca", SettingKind.Text, "the system's",
            "PEM file with the authorities that the webhook's certificate may come from.",
            (o, v) => o with { AuditSinks = o.AuditSinks with { WebhookCertificateAuthorities = Path.GetFullPath(v[0]) } }),
        new("audit-webhook-secret-file", SettingKind.Text, "none",
            "File with the secret that signs these requests, mode 0600; two lines while it is exchanged.",
            (o, v) => o with { AuditSinks = o.AuditSinks with { WebhookSecretFile = Path.GetFullPath(v[0]) } }),
        new("audit-webhook-secret", SettingKind.Text, "none",
            "The secret that signs these requests, where no file is named.",
            (o, v) => o with { AuditSinks = o.AuditSinks with { WebhookSecret = SecretBytes.CopyFrom(Encoding.UTF8.GetBytes(v[0])) } })
        { OnlyInEnvironment = true },
        new("audit-stdout", SettingKind.Switch, "false",
            "Write every audit record to standard output, a line each.",
            (o, v) => o with { AuditSinks = o.AuditSinks with { StandardOutput = v[0] == "true" } }),
        new("audit-sink-start", SettingKind.Text, "end",
            "Where a sink that is used for the first time begins: at the `end` of the audit log, or at its `beginning`.",
            (o, v) => o with { AuditSinks = o.AuditSinks with { FromBeginning = v[0] switch { "end" => false, "beginning" => true, _ => throw new SettingsException($"'{v[0]}' is no place to begin (audit-sink-start). Use end or beginning.") } } }),
        new("backup-directory", SettingKind.Text, "none",
            "Directory for backups that the server makes by itself. Made with mode 0700 when missing. Better on another disk.",
            (o, v) => o with { Backup = o.Backup with { Directory = Path.GetFullPath(v[0]) } }),
        new("backup-schedule", SettingKind.Text, "rate(1 day)",
            "When a backup is due, UTC: `rate(6 hours)`, at least 5 minutes, or `cron(0 3 * * ? *)` as in rotation schedules.",
            (o, v) => o with { Backup = o.Backup with { Schedule = BackupSchedule(v[0]) } }),
        new("backup-keep", SettingKind.Text, "7",
            "How many of these backups to keep, 1 to 10000. Older ones go once a new one was made and read back.",
            (o, v) => o with { Backup = o.Backup with { Keep = BackupKeep(v[0]) } }),
        new("backup-with-audit", SettingKind.Switch, "false",
            "Put the audit log into these backups.",
            (o, v) => o with { Backup = o.Backup with { WithAudit = v[0] == "true" } }),
        new("notifications-file", SettingKind.Text, "none",
            "JSON file with the destinations that changes of secrets are posted to. See notifications.md.",
            (o, v) => o with { NotificationsFile = Path.GetFullPath(v[0]) }),
        new("notifications-max-dead", SettingKind.Text, "10000",
            "Notifications that were given up and are kept for each destination, 1 to 1000000. Beyond, the oldest are dropped, with an audit record.",
            (o, v) => o with { MaxDeadNotifications = Count(v[0], "notifications-max-dead", 1) }),
        new("notifications-purge-days", SettingKind.Text, "3",
            "Days before the end of a secret's recovery window that its purge is announced, 1 to 30.",
            (o, v) => o with { PurgeNotice = TimeSpan.FromDays(Count(v[0], "notifications-purge-days", 1, 30)) }),
        new("rotation-concurrency", SettingKind.Text, "16",
            "Rotations of secrets that run at the same time, 1 to 1000.",
            (o, v) => o with { Rotation = o.Rotation with { Concurrency = (int)Setting.Number(v[0], 1, 1000, "rotation-concurrency") } }),
        new("rotations-per-second", SettingKind.Text, "50",
            "Rotations of secrets that are begun in a second at most, 1 to 10000, so that many that are due together leave the machine to readers.",
            (o, v) => o with { Rotation = o.Rotation with { PerSecond = (int)Setting.Number(v[0], 1, 10000, "rotations-per-second") } }),
        new("functions-file", SettingKind.Text, "none",
            "JSON file with rotation functions: settings of those that are built in, addresses of those over HTTP, code of those that run here. See rotation-functions.md.",
            (o, v) => o with { Functions = o.Functions with { File = Path.GetFullPath(v[0]) } }),
        new("functions", SettingKind.Text, "off",
            "`process` lets functions run as processes of this machine, those of functions-file and those that callers store. They need a functions-user.",
            (o, v) => o with { Functions = o.Functions with { RunsProcesses = v[0] switch { "off" => false, "process" => true, _ => throw new SettingsException($"'{v[0]}' is no way to run functions (functions). Use off or process.") } } }),
        new("functions-user", SettingKind.Text, "none",
            "User that functions run as, a name of /etc/passwd or `uid:gid`. Not the root. The server's own only where functions may read all that the server can.",
            (o, v) => o with { Functions = o.Functions with { User = v[0] } }),
        new("functions-path", SettingKind.Text, "/usr/local/bin:/usr/bin:/bin",
            "Directories where python3, node and the functions' programs are looked for.",
            (o, v) => o with { Functions = o.Functions with { SearchPath = v[0] } }),
        new("log-level", SettingKind.Text, "warning",
            "Least severe log lines to write to stderr: `trace`, `debug`, `information`, `warning`, `error`, `critical` or `none`.",
            (o, v) => o with { LogLevel = Level(v[0]) }),
        new("log-format", SettingKind.Text, "text",
            "How log lines are written: `text`, or `json` for an object a line.",
            (o, v) => o with { LogFormat = Format(v[0]) }),
        new("metrics-listen", SettingKind.Text, "none",
            "Scheme, address and port of the Prometheus endpoint /metrics, such as http://127.0.0.1:9464. Other addresses than loopback need a token and https. See observability.md.",
            (o, v) => o with { Telemetry = o.Telemetry with { MetricsListen = v[0] } }),
        new("metrics-token-file", SettingKind.Text, "none",
            "File with the bearer token that scrapes must carry, mode 0600.",
            (o, v) => o with { Telemetry = o.Telemetry with { MetricsTokenFile = Path.GetFullPath(v[0]) } }),
        new("metrics-secret-label", SettingKind.Switch, "false",
            "Count reads by secret, with its ARN as a label, and name it in traces. Whoever sees metrics then knows which secrets there are.",
            (o, v) => o with { Telemetry = o.Telemetry with { SecretLabel = v[0] == "true" } }),
        new("otlp-endpoint", SettingKind.Text, "none",
            "OTLP collector to export to, such as http://127.0.0.1:4318, or `environment` for what the standard variables OTEL_EXPORTER_OTLP_* say.",
            (o, v) => o with { Telemetry = o.Telemetry with { OtlpEndpoint = OtlpEndpoint(v[0]) } }),
        new("otlp-protocol", SettingKind.Text, "http/protobuf",
            "`http/protobuf` or `grpc`.",
            (o, v) => o with { Telemetry = o.Telemetry with { OtlpGrpc = IsGrpc(v[0]) } }),
        new("otlp-headers", SettingKind.Text, "none",
            "Headers for the collector, `name=value` separated by commas, such as its API key.",
            (o, v) => o with { Telemetry = o.Telemetry with { OtlpHeaders = Setting.Matching(v[0], Setting.Headers(), "STRONGROOM_OTLP_HEADERS must be pairs name=value separated by commas.") } })
        { OnlyInEnvironment = true },
        new("otlp-signal", SettingKind.List, "metrics, traces",
            "What is exported to the collector: `metrics`, `traces`, `logs`.",
            (o, v) => o with { Telemetry = o.Telemetry with { OtlpSignals = [.. v.Select(Signal)] } }),
        new("trace-ratio", SettingKind.Text, "1",
            "Part of the calls that is traced, from 0 to 1.",
            (o, v) => o with { Telemetry = o.Telemetry with { TraceRatio = Ratio(v[0]) } }),
        new("rate-limit", SettingKind.List, "none",
            "Calls a second, such as `GetSecretValue=5000/s`, `principal:GetSecretValue=100/s`, `account:*=10000/s`, or `aws` for AWS's own rates. See compatibility/quotas.md.",
            (o, v) => o with { Limits = o.Limits with { Rates = RateRule.ParseAll(v) } }),
        new("authentication-failure-limit", SettingKind.Text, "none",
            "Failed authentications that one source address may have, such as `10/s:100`; beyond it its calls are refused before their signature is checked. See compatibility/quotas.md.",
            (o, v) => o with { Limits = o.Limits with { AuthenticationFailures = Rate.Parse(v[0], "authentication-failure-limit") } }),
        new("max-in-flight", SettingKind.Text, "2048",
            "Requests that are worked on at once, 2 to 1000000. More get 503, which clients retry, the greediest principal's first.",
            (o, v) => o with { Limits = o.Limits with { MaxInFlight = Count(v[0], "max-in-flight", 2) } }),
        new("max-connections", SettingKind.Text, "10000",
            "Connections that are open at once, 2 to 1000000. More are closed, the greediest source address's first.",
            (o, v) => o with { Limits = o.Limits with { MaxConnections = Count(v[0], "max-connections", 2) } }),
        new("stop-timeout", SettingKind.Text, "30",
            "Seconds that a stop waits for requests in flight before it breaks them off.",
            (o, v) => o with { StopTimeout = TimeSpan.FromSeconds(Count(v[0], "stop-timeout", 0, 86_400)) }),
        new("stop-delay", SettingKind.Text, "0",
            "Seconds that a server that is to stop goes on serving, while /health says 503 already, so that load balancers send calls elsewhere.",
            (o, v) => o with { StopDelay = TimeSpan.FromSeconds(Count(v[0], "stop-delay", 0, 86_400)) }),
    ];

    /// <summary>The data directory: the flag, else <c>STRONGROOM_DATA</c>, else the user's data home.</summary>
    /// <param name="environment">All environment variables by name.</param>
    /// <exception cref="SettingsException">There is neither one of these nor a home directory.</exception>
    public static string DataDirectory(string? flag, IReadOnlyDictionary<string, string> environment)
    {
        if (!string.IsNullOrEmpty(flag ?? environment.GetValueOrDefault(DataVariable)))
            return Path.GetFullPath((flag ?? environment[DataVariable])!);

        // XDG Base Directory Specification: "All paths set in these environment variables must be absolute", others are ignored.
        if (environment.GetValueOrDefault("XDG_DATA_HOME") is { } home && Path.IsPathRooted(home))
            return Path.Combine(home, "strongroom");
        return environment.GetValueOrDefault("HOME") is { Length: > 0 } user
            ? Path.Combine(user, ".local", "share", "strongroom")
            : throw new SettingsException("Where to keep the data? There is no HOME; name a directory with --data or STRONGROOM_DATA.");
    }

    private static string Region(string name) =>
        Setting.Matching(name, Setting.Region(), $"'{name}' can't be a region name: use up to 32 letters, digits and hyphens.");

    private static string SealName(string name) =>
        name is SealOptions.FileName or SealOptions.AwsKmsName or SealOptions.Pkcs11Name
            ? name
            : throw new SettingsException($"'{name}' is no seal. Use file, aws-kms or pkcs11.");

    private static Uri KmsEndpoint(string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri is { UserInfo: "", Query: "", Fragment: "", Scheme: "http" or "https" }
            ? AwsKmsSeal.IsPrivate(uri)
                ? uri
                : throw new SettingsException($"seal-kms-endpoint {uri} is plain HTTP to another machine, and the root key would cross the network readable. Use https.")
            : throw new SettingsException($"'{address}' is no address of a KMS (seal-kms-endpoint). Use for example https://kms.example.com:4584.");

    private static ulong Slot(string number) =>
        ulong.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var slot)
            ? slot
            : throw new SettingsException($"'{number}' is no slot number (seal-pkcs11-slot). The token's own tools list them.");

    private static BackupSchedule BackupSchedule(string expression) => Server.Backup.BackupSchedule.TryParse(expression)
        ?? throw new SettingsException($"'{expression}' is no schedule (backup-schedule). Use for example rate(6 hours), at least 5 minutes, or cron(0 3 * * ? *).");

    private static int BackupKeep(string number) => int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var keep) && keep is >= 1 and <= 10_000
        ? keep
        : throw new SettingsException($"'{number}' is no number of backups to keep (backup-keep). Use 1 to 10000.");

    private static string TlsName(string name) =>
        Uri.CheckHostName(name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name) != UriHostNameType.Unknown
            ? name
            : throw new SettingsException($"'{name}' is no host name or address for a certificate (tls-name).");

    private static LogFormat Format(string name) => name switch
    {
        "text" => LogFormat.Text,
        "json" => LogFormat.Json,
        _ => throw new SettingsException($"'{name}' is no log format. Use text or json."),
    };

    private static string OtlpEndpoint(string address) =>
        address == TelemetryOptions.FromEnvironment
        || (Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri is { UserInfo: "", Query: "", Fragment: "", Scheme: "http" or "https" })
            ? address
            : throw new SettingsException("otlp-endpoint is no address of a collector. Use for example http://127.0.0.1:4318; what authenticates belongs into STRONGROOM_OTLP_HEADERS.");

    private static bool IsGrpc(string protocol) => protocol switch
    {
        "http/protobuf" => false,
        "grpc" => true,
        _ => throw new SettingsException($"'{protocol}' is no protocol of OTLP (otlp-protocol). Use http/protobuf or grpc."),
    };

    private static string Signal(string name) =>
        name is TelemetryOptions.Metrics or TelemetryOptions.Traces or TelemetryOptions.Logs
            ? name
            : throw new SettingsException($"'{name}' is nothing to export (otlp-signal). Use metrics, traces or logs.");

    private static double Ratio(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var ratio) && ratio is >= 0 and <= 1
            ? ratio
            : throw new SettingsException($"'{text}' is no part of the calls (trace-ratio). Use a number from 0 to 1, such as 0.05.");

    private static int Count(string text, string setting, int min, int max = 1_000_000) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count >= min && count <= max
            ? count
            : throw new SettingsException(string.Create(CultureInfo.InvariantCulture, $"'{text}' can't be {setting}. Use a whole number from {min} to {max}."));

    private static LogLevel Level(string name) =>
        Enum.TryParse<LogLevel>(name, ignoreCase: true, out var level) && Enum.IsDefined(level) && !char.IsAsciiDigit(name[0])
            ? level
            : throw new SettingsException($"'{name}' is no log level. Use trace, debug, information, warning, error, critical or none.");
}
