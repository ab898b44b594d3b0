using Strongroom.Server.SecretsManager;
using Strongroom.Storage;

namespace Strongroom.Server.Strongroom;

/// <summary>The limits that a report measures secrets by. Defaults as Security Hub has them.</summary>
/// <param name="UnusedDays">SecretsManager.3, <c>unusedForDays</c>.</param>
/// <param name="RotationDays">SecretsManager.4, <c>maxDaysSinceRotation</c>.</param>
/// <param name="MaxRotationFrequency">SecretsManager.1, <c>maximumAllowedRotationFrequency</c>; null: any schedule will do.</param>
/// <param name="RequiredTags">SecretsManager.5, <c>requiredTagKeys</c>; empty: any tag will do.</param>
internal sealed record ControlLimits(long UnusedDays, long RotationDays, long? MaxRotationFrequency, IReadOnlyList<string> RequiredTags)
{
    public const long UsualUnusedDays = 90;
    public const long UsualRotationDays = 90;
}

/// <summary>What is the matter with one secret.</summary>
/// <param name="Kind">Our own word for it.</param>
/// <param name="Control">Security Hub's identifier; null for what it has no control for.</param>
/// <param name="Since">When it began, or for a purge when it is due; null when nobody can tell.</param>
internal sealed record SecretFinding(string Kind, string? Control, StoredSecret Secret, string Detail, DateTimeOffset? Since);

/// <summary>How the last rotation that the audit log tells of ended.</summary>
internal sealed record RotationOutcome(DateTimeOffset Time, bool HasFailed);

/// <summary>Security Hub's controls for Secrets Manager, and what else a report finds. Pure.</summary>
/// <remarks>Source: AWS Security Hub User Guide, "Security Hub CSPM controls for Secrets Manager"; AWS Config rules secretsmanager-rotation-enabled-check,
/// secretsmanager-scheduled-rotation-success-check, secretsmanager-secret-unused, secretsmanager-secret-periodic-rotation, tagged-secretsmanager-secret.</remarks>
internal static class SecretControls
{
    public static IReadOnlyList<(string Id, string Title)> All { get; } =
    [
        ("SecretsManager.1", "Secrets Manager secrets should have automatic rotation enabled"),
        ("SecretsManager.2", "Secrets Manager secrets configured with automatic rotation should rotate successfully"),
        ("SecretsManager.3", "Remove unused Secrets Manager secrets"),
        ("SecretsManager.4", "Secrets Manager secrets should be rotated within a specified number of days"),
        ("SecretsManager.5", "Secrets Manager secrets should be tagged"),
    ];

    /// <summary>Whether a control says anything about a secret: rotation is a primary's matter, and what is being deleted is past improving.</summary>
    public static bool Covers(string control, StoredSecret secret) => secret.PurgeAt is null && control switch
    {
        "SecretsManager.1" or "SecretsManager.4" => !secret.IsReplica(),
        "SecretsManager.2" => !secret.IsReplica() && secret.Document.Rotation is { Enabled: true },
        _ => true,
    };

    public static IEnumerable<SecretFinding> Find(StoredSecret secret, ControlLimits limits, RotationOutcome? last, DateTimeOffset now)
    {
        if (secret.PurgeAt is { } purge)
            return [new("AboutToBePurged", null, secret, "marked for deletion; it can be restored until then", purge)];
        SecretFinding?[] all =
        [
            WithoutRotation(secret, limits), NotRotating(secret, last, now), Unused(secret, limits, now), OldValue(secret, limits, now), Untagged(secret, limits),
        ];
        return all.OfType<SecretFinding>();
    }

    private static SecretFinding? WithoutRotation(StoredSecret secret, ControlLimits limits)
    {
        if (!Covers("SecretsManager.1", secret))
            return null;
        if (secret.Document.Rotation is not { Enabled: true } rotation)
            return new("WithoutRotation", "SecretsManager.1", secret, "automatic rotation is off", secret.CreatedAt);
        return limits.MaxRotationFrequency is { } most && rotation.AutomaticallyAfterDays > most
            ? new("WithoutRotation", "SecretsManager.1", secret, $"rotates every {rotation.AutomaticallyAfterDays} days, allowed are {most}", null)
            : null;
    }

    private static SecretFinding? NotRotating(StoredSecret secret, RotationOutcome? last, DateTimeOffset now)
    {
        if (!Covers("SecretsManager.2", secret))
            return null;
        if (last is { HasFailed: true } failed && failed.Time > (secret.Document.Rotation!.LastRotatedAt ?? DateTimeOffset.MinValue))
            return new("RotationFailed", "SecretsManager.2", secret, "the last rotation failed", failed.Time);
        return secret.Document.Rotation!.IsOverdue(now)
            ? new("RotationOverdue", "SecretsManager.2", secret, "the rotation window has passed without one", secret.Document.Rotation.NextRotationAt)
            : null;
    }

    private static SecretFinding? Unused(StoredSecret secret, ControlLimits limits, DateTimeOffset now)
    {
        // Days are kept, not instants; what was never read is as old as the secret.
        var last = secret.AccessedOn is { } day ? new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero) : secret.CreatedAt;
        return (now - last).TotalDays > limits.UnusedDays
            ? new("Unused", "SecretsManager.3", secret, secret.AccessedOn is null ? "never read" : $"not read for {(long)(now - last).TotalDays} days", last)
            : null;
    }

    private static SecretFinding? OldValue(StoredSecret secret, ControlLimits limits, DateTimeOffset now)
    {
        if (!Covers("SecretsManager.4", secret))
            return null;
        var last = secret.Document.Rotation?.LastRotatedAt ?? secret.CreatedAt;
        return (now - last).TotalDays > limits.RotationDays
            ? new("NotRotatedInTime", "SecretsManager.4", secret, $"not rotated for {(long)(now - last).TotalDays} days", last)
            : null;
    }

    private static SecretFinding? Untagged(StoredSecret secret, ControlLimits limits)
    {
        var keys = (secret.Document.Tags ?? []).Select(tag => tag.Key).Where(key => !key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase)).ToList();
        if (keys.Count == 0)
            return new("Untagged", "SecretsManager.5", secret, "has no tags", null);
        var missing = limits.RequiredTags.Where(key => !keys.Contains(key, StringComparer.Ordinal)).ToList();
        return missing.Count == 0 ? null : new("Untagged", "SecretsManager.5", secret, $"lacks the tags {string.Join(", ", missing)}", null);
    }
}
