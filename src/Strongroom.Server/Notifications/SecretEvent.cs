using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Strongroom.Server.Notifications;

/// <summary>Something that happened to a secret, or to the server, as a notification tells it. Never holds a value, a policy's text or a tag's value.</summary>
/// <param name="Name">Of the secret; empty for what is about none.</param>
/// <param name="Arn">Of the secret; null for what is about none.</param>
/// <param name="Detail">Writes what is particular to the type into an object that is already open; null for nothing.</param>
internal sealed record SecretEvent(string DetailType, string Account, string Region, string Name, string? Arn, Action<Utf8JsonWriter>? Detail = null)
{
    public const string Created = "Secret Created";
    public const string ValueChanged = "Secret Value Changed";
    public const string LabelMoved = "Secret Label Moved";
    public const string DeletionScheduled = "Secret Deletion Scheduled";
    public const string Deleted = "Secret Deleted";
    public const string Purged = "Secret Purged";
    public const string Restored = "Secret Restored";
    public const string PolicyChanged = "Secret Policy Changed";
    public const string TagsChanged = "Secret Tags Changed";
    public const string ConfigurationChanged = "Secret Configuration Changed";
    public const string RotationConfigured = "Secret Rotation Configured";
    public const string RotationStarted = "Secret Rotation Started";
    public const string RotationSucceeded = "Secret Rotation Succeeded";
    public const string RotationFailed = "Secret Rotation Failed";
    public const string RotationAbandoned = "Secret Rotation Abandoned";
    public const string RotationOverdue = "Secret Rotation Overdue";
    public const string PurgeApproaching = "Secret Purge Approaching";
    public const string ReplicationFailed = "Secret Replication Failed";
    public const string ReplicationRecovered = "Secret Replication Recovered";
    public const string CertificateExpiring = "Certificate Expiring";

    // Not aws.*: who receives both must be able to tell them apart.
    private const string Source = "strongroom.secretsmanager";

    /// <summary>In the order of docs/notifications.md.</summary>
    public static IReadOnlyList<string> DetailTypes { get; } =
    [
        Created, ValueChanged, LabelMoved, DeletionScheduled, Deleted, Purged, Restored, PolicyChanged, TagsChanged, ConfigurationChanged, RotationConfigured,
        RotationStarted, RotationSucceeded, RotationFailed, RotationAbandoned, RotationOverdue, PurgeApproaching, ReplicationFailed, ReplicationRecovered, CertificateExpiring,
    ];

    /// <summary>The event in EventBridge's shape. Source: Amazon EventBridge User Guide, "Event structure".</summary>
    /// <param name="cause">The audit record that was committed with it.</param>
    public byte[] ToJson(Guid id, DateTimeOffset now, AuditedCause cause)
    {
        var output = new ArrayBufferWriter<byte>(1024);
        using var writer = new Utf8JsonWriter(output);
        writer.WriteStartObject();
        writer.WriteString("version"u8, "0"u8);
        writer.WriteString("id"u8, id);
        writer.WriteString("detail-type"u8, DetailType);
        writer.WriteString("source"u8, Source);
        writer.WriteString("account"u8, Account);
        writer.WriteString("time"u8, now.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
        writer.WriteString("region"u8, Region);
        writer.WriteStartArray("resources"u8);
        if (Arn is not null)
            writer.WriteStringValue(Arn);
        writer.WriteEndArray();
        writer.WriteStartObject("detail"u8);
        if (Arn is not null)
            writer.WriteString("name"u8, Name);
        writer.WriteString("principal"u8, cause.Principal);
        writer.WriteString("eventName"u8, cause.EventName);
        writer.WriteString("auditEventId"u8, cause.EventId);
        Detail?.Invoke(writer);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.Flush();
        return output.WrittenSpan.ToArray();
    }
}

/// <summary>What an audit record says of who did what.</summary>
/// <param name="Principal">ARN of the caller, or the service that acted by itself.</param>
/// <param name="SecretArn">Of the record of something the service did; null for calls.</param>
/// <param name="Due">The date that the record is about, as it stands there.</param>
internal sealed record AuditedCause(Guid EventId, string EventName, string Principal, bool IsCall, string? SecretArn, string? Due)
{
    public static AuditedCause Read(Storage.AuditEntry record)
    {
        using var document = JsonDocument.Parse(record.Json);
        var root = document.RootElement;
        var who = root.GetProperty("userIdentity");
        var hasData = root.TryGetProperty("additionalEventData", out var data);
        return new AuditedCause(
            record.EventId,
            root.GetProperty("eventName").GetString()!,
            Text(who, "arn") ?? Text(who, "invokedBy") ?? Text(who, "userName") ?? "unknown",
            root.GetProperty("eventType").ValueEquals("AwsApiCall"),
            hasData ? Text(data, "SecretId") : null,
            hasData ? Text(data, "DueDate") : null);
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
