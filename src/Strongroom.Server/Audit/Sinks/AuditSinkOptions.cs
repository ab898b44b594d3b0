using Strongroom.Server.Hosting;
using Strongroom.Server.Webhooks;

namespace Strongroom.Server.Audit.Sinks;

/// <summary>Where audit records go beside the log, which decides alone whether a call is answered. Nowhere by default.</summary>
public sealed record AuditSinkOptions
{
    private const int SyslogPort = 6514; // Source: RFC 5425, 4.1

    /// <summary>Host and port of a syslog receiver over TLS; null for none.</summary>
    public Uri? Syslog { get; init; }

    /// <summary>PEM file with the authorities of the receiver's certificate; null for the system's.</summary>
    public string? SyslogCertificateAuthorities { get; init; }

    /// <summary>PEM file with the certificate that this server shows; with <see cref="SyslogKey"/>.</summary>
    public string? SyslogCertificate { get; init; }

    public string? SyslogKey { get; init; }

    /// <summary>https, or http on this machine; null for none.</summary>
    public Uri? Webhook { get; init; }

    public string? WebhookSecretFile { get; init; }

    public Crypto.SecretBytes? WebhookSecret { get; init; }

    public string? WebhookCertificateAuthorities { get; init; }

    /// <summary>Writes records to standard output, a line each.</summary>
    public bool StandardOutput { get; init; }

    /// <summary>Tests look at this instead of standard output.</summary>
    internal Stream? Output { get; init; }

    /// <summary>Whether a sink that is used for the first time gets what the log holds already.</summary>
    public bool FromBeginning { get; init; }

    /// <exception cref="SettingsException">No address of a syslog receiver.</exception>
    internal static Uri ReadSyslog(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri is { Scheme: "tls", UserInfo: "", Host.Length: > 0, PathAndQuery: "" or "/", Fragment: "" }
            ? uri.Port > 0 ? uri : new Uri($"tls://{uri.Host}:{SyslogPort}")
            : throw new SettingsException($"'{text}' is no syslog receiver (audit-syslog). Use for example tls://logs.example.com:6514; syslog without TLS is not supported.");

    /// <exception cref="SettingsException">Settings that don't fit together.</exception>
    internal void Check()
    {
        if (Syslog is null && (SyslogCertificateAuthorities ?? SyslogCertificate ?? SyslogKey) is not null)
            throw new SettingsException("audit-syslog-ca, audit-syslog-certificate and audit-syslog-key are for the receiver that audit-syslog names, and there is none.");
        if ((SyslogCertificate is null) != (SyslogKey is null))
            throw new SettingsException("audit-syslog-certificate and audit-syslog-key belong together: give both, or neither.");
        if (Webhook is null && (WebhookSecretFile is not null || WebhookSecret is not null || WebhookCertificateAuthorities is not null))
            throw new SettingsException("audit-webhook-ca and audit-webhook-secret-file are for the address that audit-webhook names, and there is none.");
        if (Webhook is not null && (WebhookSecretFile is null) == (WebhookSecret is null))
            throw new SettingsException("audit-webhook needs its signing secret in one place: a file that audit-webhook-secret-file names, or STRONGROOM_AUDIT_WEBHOOK_SECRET.");
    }

    internal WebhookOptions WebhookOptions => new()
    {
        Address = Webhook!,
        SecretFile = WebhookSecretFile,
        Secret = WebhookSecret,
        CertificateAuthorities = WebhookCertificateAuthorities,
    };

    /// <summary>Two records of options print alike whatever their secrets are.</summary>
    public override string ToString() =>
        $"syslog {Syslog?.Authority ?? "off"}, webhook {Webhook?.Authority ?? "off"}, standard output {(StandardOutput ? "on" : "off")}";
}
