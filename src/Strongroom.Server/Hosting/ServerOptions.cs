using Microsoft.Extensions.Logging;
using Strongroom.Crypto.KeyProviders;
using Strongroom.Server.Audit;
using Strongroom.Server.Audit.Sinks;
using Strongroom.Server.Functions;
using Strongroom.Server.Observability;
using Strongroom.Server.Quotas;
using Strongroom.Server.Rotation;
using Strongroom.Storage;

namespace Strongroom.Server.Hosting;

public enum LogFormat
{
    /// <summary>A line of text each.</summary>
    Text,

    /// <summary>A JSON object each, on a line of its own.</summary>
    Json,
}

/// <summary>How a server is to run; every key is described in docs/configuration.md.</summary>
public sealed record ServerOptions
{
    /// <summary>Database, audit log, key file and TLS files live here. Created 0700.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>The configuration file that was read; null for none.</summary>
    public string? ConfigurationFile { get; init; }

    /// <summary>PostgreSQL connection string; null for the embedded SQLite database in the data directory.</summary>
    public string? Store { get; init; }

    /// <summary>What protects the root key at rest.</summary>
    public SealOptions Seal { get; init; } = new();

    /// <summary>Tests put a seal of their own here; given the id of the installation.</summary>
    internal Func<Guid, IRootKeySeal>? OtherSeal { get; init; }

    /// <summary>What runs functions; null: nothing does.</summary>
    internal IFunctionHost? FunctionHost { get; init; }

    /// <summary>Memory for secrets that were read lately, still encrypted; 0 reads each from the store, which the benchmark compares with.</summary>
    internal long CacheBytes { get; init; } = CachingSecretStore.DefaultMaxBytes;

    /// <summary>Scheme, address and port to listen on. Port 0 takes a free one.</summary>
    public string Listen { get; init; } = "http://127.0.0.1:4584";

    /// <summary>PEM certificate chain; with <see cref="TlsKey"/>. Null: with an https address a generated CA in the data directory is used.</summary>
    public string? TlsCertificate { get; init; }

    /// <summary>PEM private key of <see cref="TlsCertificate"/>.</summary>
    public string? TlsKey { get; init; }

    /// <summary>Names and addresses that a generated certificate is for, beside the listen address and localhost.</summary>
    public IReadOnlyList<string> TlsNames { get; init; } = [];

    /// <summary>Allows plain HTTP on an address that other machines reach. Secrets then cross the network readable.</summary>
    public bool AllowPlainHttpOnNetwork { get; init; }

    /// <summary>Region names to accept beside all that look like AWS's.</summary>
    public IReadOnlyList<string> Regions { get; init; } = [];

    /// <summary>Region that <c>strongroom env</c> names.</summary>
    public string DefaultRegion { get; init; } = "us-east-1";

    /// <summary>Twelve digits, for the first start only; random when null.</summary>
    public string? AccountId { get; init; }

    /// <summary>Root access key for the first start only; generated when null. With <see cref="RootSecretAccessKey"/>.</summary>
    public string? RootAccessKeyId { get; init; }

    public string? RootSecretAccessKey { get; init; }

    /// <summary>Directory with what the operator says about OIDC issuers; null for none. See docs/identity.md.</summary>
    public string? OidcDirectory { get; init; }

    /// <summary>Allows OIDC issuers on loopback and private networks.</summary>
    public bool AllowPrivateOidcIssuers { get; init; }

    /// <summary>What is exported of metrics, traces and logs; nothing by default.</summary>
    public TelemetryOptions Telemetry { get; init; } = new();

    /// <summary>Request rates, and how much is taken in at once.</summary>
    public LimitOptions Limits { get; init; } = new();

    /// <summary>How long a stop waits for requests in flight before it breaks them off.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a server that is to stop goes on serving while its health check says so already.</summary>
    public TimeSpan StopDelay { get; init; }

    /// <summary>How the host is to write its log lines.</summary>
    public LogFormat LogFormat { get; init; }

    /// <summary>When a segment of the audit log is closed.</summary>
    internal AuditLogOptions AuditLog { get; init; } = AuditLogOptions.Default;

    /// <summary>How long closed audit segments are kept; null: for ever.</summary>
    public TimeSpan? AuditRetention { get; init; }

    /// <summary>Whether an answer to a read waits until its record is on stable storage. Changes always do.</summary>
    public bool AuditReadsWaitForDisk { get; init; }

    /// <summary>Compresses segments of the audit log that are closed.</summary>
    public bool CompressAudit { get; init; } = true;

    /// <summary>Where audit records go beside the log; nowhere by default.</summary>
    public AuditSinkOptions AuditSinks { get; init; } = new();

    /// <summary>Backups that the server makes by itself.</summary>
    public BackupOptions Backup { get; init; } = new();

    /// <summary>File that says where notifications of changes go; null for nowhere. See docs/notifications.md.</summary>
    public string? NotificationsFile { get; init; }

    /// <summary>How many notifications that were given up are kept for each destination.</summary>
    public int MaxDeadNotifications { get; init; } = 10_000;

    /// <summary>How long before a secret is purged that is announced.</summary>
    public TimeSpan PurgeNotice { get; init; } = TimeSpan.FromDays(3);

    /// <summary>How much rotation there is at once.</summary>
    public RotationOptions Rotation { get; init; } = new();

    /// <summary>Functions that run here, or are reached from here; none by default.</summary>
    public FunctionOptions Functions { get; init; } = new();

    /// <summary>Least severe log lines to write. The host decides where.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Warning;
}
