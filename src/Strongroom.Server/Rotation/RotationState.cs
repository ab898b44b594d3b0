using Strongroom.Server.Audit;
using Strongroom.Server.SecretsManager;
using Strongroom.Storage;

namespace Strongroom.Server.Rotation;

/// <summary>What changes of a secret mean for its rotation. Pure. Source: API fact sheet 4.3, 4.6.</summary>
internal static class RotationState
{
    /// <summary>A current value put by hand counts as a rotation for the schedule, though not as its last rotation.</summary>
    public static SecretDocument AfterNewVersion(SecretDocument document, string versionId, DateTimeOffset now) =>
        document.Rotation is { Enabled: true } rotation && document.Versions.HolderOf(StagingLabels.Current) == versionId
            ? document with { Rotation = rotation with { NextRotationAt = NextAfter(rotation, now) } }
            : document;

    /// <summary>The latest instant of the next window; null without rules.</summary>
    public static DateTimeOffset? NextAfter(SecretRotation rotation, DateTimeOffset basis) =>
        RotationSchedule.TryParse(
            rotation.ScheduleExpression is null ? rotation.AutomaticallyAfterDays : null, rotation.ScheduleExpression, rotation.Duration, out var schedule, out _)
            ? schedule.NextRotationAt(basis)
            : null;

    /// <summary>Whether an earlier rotation has not ended: AWSPENDING is on a version other than the current one.</summary>
    public static bool IsPending(SecretDocument document) =>
        document.Versions.HolderOf(StagingLabels.Pending) is { } pending && pending != document.Versions.HolderOf(StagingLabels.Current);

    /// <summary>The event for a rotation that a new current value, or a deletion, has ended.</summary>
    public static IReadOnlyList<ServiceEvent> Abandoned(StoredSecret before, StoredSecret after) =>
        before.Document.Rotation is { Enabled: true } && IsPending(before.Document) && !IsPending(after.Document)
        && after.Document.Versions.HolderOf(StagingLabels.Current) != before.Document.Versions.HolderOf(StagingLabels.Pending)
            ? [Event("RotationAbandoned", before, before.Document.Versions.HolderOf(StagingLabels.Pending)!)]
            : [];

    public static ServiceEvent Event(string name, StoredSecret secret, string token) =>
        new(name, secret.Account, secret.Region, secret.Arn(), RequestId: $"Rotation-{secret.Arn()}-{token}");
}
