using System.Globalization;
using System.Text.Json;
using Strongroom.Protocol;
using Strongroom.Server.SecretsManager;
using Strongroom.Storage;

namespace Strongroom.Server.Notifications;

/// <summary>What a commit means to somebody who watches secrets. Pure: the difference between what a secret was and what it is to be.</summary>
internal static class SecretEvents
{
    /// <summary>The service's records that are told: under which type, and which member of the detail has their date.</summary>
    private static readonly Dictionary<string, (string Type, string? Date)> OfTheService = new(StringComparer.Ordinal)
    {
        ["RotationStarted"] = (SecretEvent.RotationStarted, null),
        ["RotationSucceeded"] = (SecretEvent.RotationSucceeded, null),
        ["RotationFailed"] = (SecretEvent.RotationFailed, null),
        ["RotationAbandoned"] = (SecretEvent.RotationAbandoned, null),
        ["RotationOverdue"] = (SecretEvent.RotationOverdue, "nextRotationDate"),
        ["PurgeApproaching"] = (SecretEvent.PurgeApproaching, "deletionDate"),
        ["ReplicationFailed"] = (SecretEvent.ReplicationFailed, null),
        ["ReplicationSucceeded"] = (SecretEvent.ReplicationRecovered, null),
    };

    /// <param name="byCall">Whether somebody asked for it, not the service by itself.</param>
    public static IEnumerable<SecretEvent> Of(SecretChange change, bool byCall)
    {
        if (change is { Before: { } gone, After: null })
            return [Make(byCall ? SecretEvent.Deleted : SecretEvent.Purged, gone)];
        var after = change.After!;
        return change.Before is { } before ? Of(before, after) : [Make(SecretEvent.Created, after, Version(after))];
    }

    /// <summary>What the service's own record tells; null for records that changes of secrets tell better.</summary>
    public static SecretEvent? Of(AuditedCause cause)
    {
        if (!OfTheService.TryGetValue(cause.EventName, out var told) || cause.SecretArn is not { } text || Arn.TryParse(text) is not { } arn)
            return null;
        return new SecretEvent(
            told.Type, arn.Account, arn.Region, SecretArn.NameOf(text), text, told.Date is { } member && cause.Due is { } due ? writer => writer.WriteString(member, due) : null);
    }

    private static IEnumerable<SecretEvent> Of(StoredSecret before, StoredSecret after)
    {
        if (before.PurgeAt is null && after.PurgeAt is { } purge)
            yield return Make(SecretEvent.DeletionScheduled, after, w => w.WriteString("deletionDate"u8, purge.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture)));
        if (before.PurgeAt is not null && after.PurgeAt is null)
            yield return Make(SecretEvent.Restored, after);

        var (was, now) = (Labels(before), Labels(after));
        if (now.GetValueOrDefault(StagingLabels.Current) is { } current && was.GetValueOrDefault(StagingLabels.Current) is var former && former != current)
        {
            yield return Make(SecretEvent.ValueChanged, after, w =>
            {
                w.WriteString("versionId"u8, current);
                if (former is not null)
                    w.WriteString("previousVersionId"u8, former);
            });
        }

        // AWSCURRENT is the event above, and AWSPREVIOUS follows it by itself.
        var moved = was.Keys.Union(now.Keys).Where(l => l is not (StagingLabels.Current or StagingLabels.Previous) && was.GetValueOrDefault(l) != now.GetValueOrDefault(l))
            .Order(StringComparer.Ordinal).ToList();
        if (moved.Count > 0)
            yield return Make(SecretEvent.LabelMoved, after, w => WriteMoves(w, moved, was, now));

        if (before.Document.ResourcePolicy != after.Document.ResourcePolicy)
            yield return Make(SecretEvent.PolicyChanged, after, w => w.WriteBoolean("hasPolicy"u8, after.Document.ResourcePolicy is not null));

        var (tagsWere, tags) = (Tags(before), Tags(after));
        var set = tags.Where(t => tagsWere.GetValueOrDefault(t.Key) != t.Value).Select(t => t.Key).Order(StringComparer.Ordinal).ToList();
        var removed = tagsWere.Keys.Except(tags.Keys).Order(StringComparer.Ordinal).ToList();
        if (set.Count + removed.Count > 0)
        {
            yield return Make(SecretEvent.TagsChanged, after, w =>
            {
                WriteTexts(w, "setKeys", set);
                WriteTexts(w, "removedKeys", removed);
            });
        }

        var changed = Configuration(before.Document, after.Document).ToList();
        if (changed.Count > 0)
            yield return Make(SecretEvent.ConfigurationChanged, after, w => WriteTexts(w, "changed", changed));
        if (Rules(before.Document.Rotation) != Rules(after.Document.Rotation))
            yield return Make(SecretEvent.RotationConfigured, after, w => w.WriteBoolean("rotationEnabled"u8, after.Document.Rotation?.Enabled ?? false));
    }

    private static SecretEvent Make(string type, StoredSecret secret, Action<Utf8JsonWriter>? detail = null) =>
        new(type, secret.Account, secret.Region, secret.Name, secret.Arn(), secret.IsReplica() ? w =>
        {
            w.WriteString("primaryRegion"u8, secret.Document.PrimaryRegion);
            detail?.Invoke(w);
        } : detail);

    private static Action<Utf8JsonWriter>? Version(StoredSecret secret) =>
        secret.Document.Versions.HolderOf(StagingLabels.Current) is { } version ? w => w.WriteString("versionId"u8, version) : null;

    private static Dictionary<string, string> Labels(StoredSecret secret) =>
        secret.Document.Versions.SelectMany(v => v.Labels.Select(label => (label, v.VersionId))).ToDictionary(l => l.label, l => l.VersionId, StringComparer.Ordinal);

    private static Dictionary<string, string> Tags(StoredSecret secret) =>
        (secret.Document.Tags ?? []).ToDictionary(t => t.Key, t => t.Value, StringComparer.Ordinal);

    private static IEnumerable<string> Configuration(SecretDocument before, SecretDocument after)
    {
        if (before.Description != after.Description)
            yield return "description";
        if (before.KmsKeyId != after.KmsKeyId)
            yield return "kmsKeyId";
        if (before.Type != after.Type)
            yield return "type";
        if (before.PrimaryRegion is not null && after.PrimaryRegion is null && before.Replicas is null)
            yield return "primaryRegion";
    }

    private static (bool, string?, long?, string?, string?) Rules(SecretRotation? rotation) =>
        (rotation?.Enabled ?? false, rotation?.LambdaArn, rotation?.AutomaticallyAfterDays, rotation?.ScheduleExpression, rotation?.Duration);

    private static void WriteMoves(Utf8JsonWriter writer, List<string> labels, Dictionary<string, string> was, Dictionary<string, string> now)
    {
        writer.WriteStartArray("labels"u8);
        foreach (var label in labels)
        {
            writer.WriteStartObject();
            writer.WriteString("label"u8, label);
            if (was.GetValueOrDefault(label) is { } from)
                writer.WriteString("fromVersionId"u8, from);
            if (now.GetValueOrDefault(label) is { } to)
                writer.WriteString("toVersionId"u8, to);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteTexts(Utf8JsonWriter writer, string name, List<string> texts)
    {
        writer.WriteStartArray(name);
        texts.ForEach(writer.WriteStringValue);
        writer.WriteEndArray();
    }
}
