using System.Text.Json;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>Parts of answers that several operations show. Source: API fact sheet 1.2, 1.7.</summary>
internal static class JsonParts
{
    /// <summary>Epoch seconds with at most three fraction digits.</summary>
    public static void WriteDate(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, DateTimeOffset date)
    {
        var milliseconds = date.ToUnixTimeMilliseconds();
        if (milliseconds % 1000 == 0)
            writer.WriteNumber(name, milliseconds / 1000);
        else
            writer.WriteNumber(name, milliseconds / 1000m);
    }

    public static void WriteDate(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, DateOnly? day)
    {
        if (day is { } value)
            writer.WriteDate(name, new DateTimeOffset(value.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero));
    }

    public static void WriteOptional(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
            writer.WriteString(name, value);
    }

    public static void WriteStrings(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, IReadOnlyList<string> values)
    {
        if (values.Count == 0)
            return;
        writer.WriteStartArray(name);
        foreach (var value in values)
            writer.WriteStringValue(value);
        writer.WriteEndArray();
    }

    /// <summary>Version ids with their labels; absent for a secret without versions.</summary>
    public static void WriteVersions(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, IReadOnlyList<LabelledVersion> versions)
    {
        if (versions.Count == 0)
            return;
        writer.WriteStartObject(name);
        foreach (var version in versions)
        {
            writer.WriteStartArray(version.VersionId);
            foreach (var label in version.Labels)
                writer.WriteStringValue(label);
            writer.WriteEndArray();
        }

        writer.WriteEndObject();
    }

    /// <summary>Absent when never set, an empty list when all were removed.</summary>
    public static void WritePairs(this Utf8JsonWriter writer, ReadOnlySpan<byte> name, IReadOnlyList<SecretTag>? tags)
    {
        if (tags is null)
            return;
        writer.WriteStartArray(name);
        foreach (var tag in tags)
        {
            writer.WriteStartObject();
            writer.WriteString("Key"u8, tag.Key);
            writer.WriteString("Value"u8, tag.Value);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    /// <param name="replicas">With the day each replica was last read.</param>
    public static void WriteReplicas(this Utf8JsonWriter writer, IReadOnlyList<(ReplicaStatus Status, DateOnly? AccessedOn)>? replicas)
    {
        if (replicas is null or { Count: 0 })
            return;
        writer.WriteStartArray("ReplicationStatus"u8);
        foreach (var (status, accessedOn) in replicas)
        {
            writer.WriteStartObject();
            writer.WriteString("KmsKeyId"u8, Replicas.ShownKey(status));
            writer.WriteDate("LastAccessedDate"u8, accessedOn);
            writer.WriteString("Region"u8, status.Region);
            writer.WriteString("Status"u8, status.Status);
            writer.WriteOptional("StatusMessage"u8, status.StatusMessage);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    /// <summary>Members that rotation adds to DescribeSecret and ListSecrets entries, without the dates.</summary>
    public static void WriteRules(this Utf8JsonWriter writer, SecretRotation rotation)
    {
        writer.WriteBoolean("RotationEnabled"u8, rotation.Enabled);
        writer.WriteOptional("RotationLambdaARN"u8, rotation.LambdaArn);
        if (rotation.AutomaticallyAfterDays is null && rotation.ScheduleExpression is null && rotation.Duration is null)
            return;
        writer.WriteStartObject("RotationRules"u8);
        if (rotation.AutomaticallyAfterDays is { } days)
            writer.WriteNumber("AutomaticallyAfterDays"u8, days);
        writer.WriteOptional("Duration"u8, rotation.Duration);
        writer.WriteOptional("ScheduleExpression"u8, rotation.ScheduleExpression);
        writer.WriteEndObject();
    }
}
