using Strongroom.Server.Audit;
using Strongroom.Server.SecretsManager;
using Strongroom.Storage;

namespace Strongroom.Server.Rotation;

/// <summary>The rotation of a secret as a state machine: what each thing that happens makes of its document. Pure. Source: API fact sheet 4.3 to 4.6.</summary>
internal static class RotationState
{
    // How many attempts AWS makes, and how far apart, is not published. Source: API fact sheet 4.4.
    private static readonly TimeSpan[] Delays =
        [TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(60)];

    // Of a rotation without a schedule that has failed often.
    private static readonly TimeSpan LastDelay = TimeSpan.FromDays(1);

    private static readonly TimeSpan HoldInterval = TimeSpan.FromMinutes(1);

    /// <summary>A current value put by hand counts as a rotation for the schedule, though not as its last rotation, and ends the one under way.</summary>
    public static SecretDocument AfterNewVersion(StoredSecret secret, SecretDocument document, string versionId, DateTimeOffset now) =>
        document.Rotation is { Enabled: true } rotation && document.Versions.HolderOf(StagingLabels.Current) == versionId && rotation.Run?.Token != versionId
            ? document with { Rotation = Scheduled(secret, rotation, now) }
            : document;

    /// <summary>Nothing under way, and the next rotation in the first window after an instant; none without rules.</summary>
    public static SecretRotation Scheduled(StoredSecret secret, SecretRotation rotation, DateTimeOffset basis)
    {
        var window = NextWindow(rotation, basis);
        return rotation with { Run = null, NextRotationAt = window?.LatestInstant, DueAt = window?.MomentFor(Name(secret)) };
    }

    /// <summary>Begins a rotation: a version without a value holds AWSPENDING until the function stores one.</summary>
    public static SecretDocument Begun(SecretDocument document, string token, DateTimeOffset now) => document with
    {
        Rotation = document.Rotation! with { Run = new RotationRun { Token = token, StartedAt = now }, DueAt = now },
        Versions = StagingLabels.Attach(document.Versions, token, [StagingLabels.Pending], hasValue: false),
    };

    /// <summary>Begins a test of the function, which gets a version with a copy of the current value to look at.</summary>
    public static SecretDocument TestBegun(SecretDocument document, string token, DateTimeOffset now) => document with
    {
        Rotation = document.Rotation! with { Run = new RotationRun { Token = token, IsTest = true, StartedAt = now }, DueAt = now },
    };

    /// <summary>A step succeeded that is not the last.</summary>
    public static SecretDocument StepDone(SecretDocument document) =>
        WithRun(document, run => run with { StepsDone = run.StepsDone + 1, IsWaiting = false, AwaitedReaders = null });

    /// <summary>The rotation succeeded: the new version is current, AWSPENDING has no more use, and the schedule counts anew.</summary>
    public static SecretDocument Succeeded(StoredSecret secret, SecretDocument document, DateTimeOffset now)
    {
        var rotation = document.Rotation!;
        return document with
        {
            Rotation = Scheduled(secret, rotation, now) with { LastRotatedAt = now },
            Versions = document.Versions.HolderOf(StagingLabels.Pending) == rotation.Run!.Token
                ? StagingLabels.Detach(document.Versions, StagingLabels.Pending)
                : document.Versions,
        };
    }

    /// <summary>A step failed: everything from the first step is tried again, soon at first, later in the windows of the schedule. AWSPENDING stays.</summary>
    public static SecretDocument Failed(StoredSecret secret, SecretDocument document, DateTimeOffset now)
    {
        var attempt = document.Rotation!.Run!.Attempt;
        var next = attempt <= Delays.Length ? now + Delays[attempt - 1]
            : NextWindow(document.Rotation, now)?.MomentFor(Name(secret)) ?? now + LastDelay;
        return WithRun(document with { Rotation = document.Rotation with { DueAt = next } }, run => run with { Attempt = attempt + 1, StepsDone = 0, IsWaiting = true, AwaitedReaders = null });
    }

    /// <summary>The rotation waits until readers have the current version: it looks again soon, which counts as no attempt.</summary>
    public static SecretDocument Held(SecretDocument document, int readers, DateTimeOffset now) => WithRun(
        document with { Rotation = document.Rotation! with { DueAt = now + HoldInterval } }, run => run with { IsWaiting = false, AwaitedReaders = readers });

    /// <summary>A rotation that waits is tried again at once.</summary>
    public static SecretDocument Hurried(SecretDocument document, DateTimeOffset now) => document with { Rotation = document.Rotation! with { DueAt = now } };

    /// <summary>A test has ended, or a rotation was given up because its version lost AWSPENDING. The schedule goes on.</summary>
    public static SecretDocument Ended(StoredSecret secret, SecretDocument document, DateTimeOffset now) => document with
    {
        Rotation = Scheduled(secret, document.Rotation!, now),
        Versions = document.Rotation!.Run is { IsTest: true } test && document.Versions.HolderOf(StagingLabels.Pending) == test.Token
            ? StagingLabels.Detach(document.Versions, StagingLabels.Pending)
            : document.Versions,
    };

    /// <summary>Rotation is switched off: rules and function stay, and AWSPENDING stays on a version that a rotation has begun.</summary>
    public static SecretDocument Cancelled(StoredSecret secret, SecretDocument document, DateTimeOffset now)
    {
        var ended = document.Rotation?.Run is null ? document : Ended(secret, document, now);
        return ended with { Rotation = (ended.Rotation ?? new SecretRotation()) with { Enabled = false, NextRotationAt = null, DueAt = null } };
    }

    /// <summary>Whether an earlier rotation has not ended: AWSPENDING is on a version other than the current one, or a test is to begin.</summary>
    public static bool IsPending(SecretDocument document) =>
        document.Rotation?.Run is { IsTest: true }
        || (document.Versions.HolderOf(StagingLabels.Pending) is { } pending && pending != document.Versions.HolderOf(StagingLabels.Current));

    /// <summary>The event for a rotation that a new current value, or a deletion, has ended.</summary>
    public static IReadOnlyList<ServiceEvent> Abandoned(StoredSecret before, StoredSecret after) =>
        before.Document.Rotation is { Enabled: true } && IsPending(before.Document) && !IsPending(after.Document)
        && before.Document.Versions.HolderOf(StagingLabels.Pending) is { } pending
        && after.Document.Versions.HolderOf(StagingLabels.Current) != pending
            ? [Event("RotationAbandoned", before, pending)]
            : [];

    /// <param name="token">Id of the version that is being made.</param>
    /// <param name="error">For failures, in AWS's words.</param>
    public static ServiceEvent Event(string name, StoredSecret secret, string token, string? error = null) =>
        new(name, secret.Account, secret.Region, secret.Arn(), RequestId: $"Rotation-{secret.Arn()}-{token}") { ErrorMessage = error };

    private static RotationWindow? NextWindow(SecretRotation rotation, DateTimeOffset basis) =>
        RotationSchedule.TryParse(
            rotation.ScheduleExpression is null ? rotation.AutomaticallyAfterDays : null, rotation.ScheduleExpression, rotation.Duration, out var schedule, out _)
            ? schedule.NextWindow(basis)
            : null;

    private static string Name(StoredSecret secret) => $"{secret.Account}/{secret.Region}/{secret.Name}-{secret.Suffix}";

    private static SecretDocument WithRun(SecretDocument document, Func<RotationRun, RotationRun> change) =>
        document with { Rotation = document.Rotation! with { Run = change(document.Rotation.Run!) } };
}
