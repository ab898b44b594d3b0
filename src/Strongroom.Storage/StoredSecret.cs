using Strongroom.Crypto;

namespace Strongroom.Storage;

/// <summary>One secret in one region: what is known of it except its values.</summary>
/// <remarks>
/// Immutable. A change is a copy made with <c>with</c>, handed to <see cref="ISecretStore.CommitAsync"/> inside a
/// <see cref="SecretChange"/>. A replica is a row of its own in its own region; <see cref="SecretDocument.PrimaryRegion"/> names its primary,
/// which has the same account, name and suffix.
/// </remarks>
public sealed record StoredSecret
{
    /// <summary>Assigned by the store on insertion; 0 before that. Never reused.</summary>
    public long Id { get; init; }

    public required string Account { get; init; }
    public required string Region { get; init; }
    public required string Name { get; init; }

    /// <summary>The six random characters after the name in the ARN. Source: API fact sheet 2.1.</summary>
    public required string Suffix { get; init; }

    /// <summary>Grows by one with every committed change; a change names the revision it was computed from.</summary>
    public long Revision { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset ChangedAt { get; init; }

    /// <summary>UTC day of the last successful read of a value; null before the first. Not part of <see cref="Revision"/>.</summary>
    public DateOnly? AccessedOn { get; init; }

    /// <summary>When the secret, marked for deletion, may be purged; null while it is not marked.</summary>
    public DateTimeOffset? PurgeAt { get; init; }

    public required SecretDocument Document { get; init; }
}

/// <summary>The attributes of a secret that no query sorts or selects by; stored as one JSON document.</summary>
public sealed record SecretDocument
{
    public string? Description { get; init; }

    /// <summary>The KMS key as the caller named it; null for the default key <c>aws/secretsmanager</c>.</summary>
    public string? KmsKeyId { get; init; }

    public string? Type { get; init; }
    public string? OwningService { get; init; }

    /// <summary>Null when tags were never set; empty when all were removed, which AWS shows differently. Insertion order.</summary>
    public IReadOnlyList<SecretTag>? Tags { get; init; }

    public string? ResourcePolicy { get; init; }

    /// <summary>Unique ids of the users and roles that <see cref="ResourcePolicy"/> names, by their ARNs, as they were when it was put.</summary>
    public IReadOnlyDictionary<string, string>? PolicyPrincipals { get; init; }

    public SecretRotation? Rotation { get; init; }

    /// <summary>The <see cref="StoredSecret.PurgeAt"/> that was last announced as near; null before the first.</summary>
    public DateTimeOffset? AnnouncedPurge { get; init; }

    /// <summary>On a replica: the region of its primary. On a primary with replicas: its own region. Otherwise null.</summary>
    public string? PrimaryRegion { get; init; }

    /// <summary>On a primary: its replicas. Null or empty when there are none, and always null on a replica.</summary>
    public IReadOnlyList<ReplicaStatus>? Replicas { get; init; }

    /// <summary>Whether a replica waits for its key.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public bool IsLagging => Replicas?.Any(replica => replica.AwaitedKey is not null) ?? false;

    /// <summary>The versions that carry at least one staging label. A version without labels lives only in its own row.</summary>
    public IReadOnlyList<LabelledVersion> Versions { get; init; } = [];
}

/// <param name="HasValue">False for the placeholder that a rotation makes before its function stores a value.</param>
public sealed record LabelledVersion(string VersionId, IReadOnlyList<string> Labels, bool HasValue = true);

public sealed record SecretTag(string Key, string Value);

/// <param name="Status"><c>InProgress</c>, <c>InSync</c> or <c>Failed</c>.</param>
public sealed record ReplicaStatus(string Region, string? KmsKeyId, string Status, string? StatusMessage)
{
    /// <summary>True when it failed for its KMS key, so that the next change of the primary tries again; null otherwise.</summary>
    public bool? FailedByKey { get; init; }

    /// <summary>The id of the KMS key that the replica waits for: its user may use it, but it is disabled or to be deleted. Null when it waits for none.</summary>
    public string? AwaitedKey { get; init; }
}

/// <summary>Rotation as configured and as far as it has come.</summary>
public sealed record SecretRotation
{
    public bool Enabled { get; init; }
    public string? LambdaArn { get; init; }
    public long? AutomaticallyAfterDays { get; init; }
    public string? ScheduleExpression { get; init; }
    public string? Duration { get; init; }
    public DateTimeOffset? LastRotatedAt { get; init; }

    /// <summary>The latest instant of the next rotation window; null when none is due or rotation is off.</summary>
    public DateTimeOffset? NextRotationAt { get; init; }

    public string? ExternalRoleArn { get; init; }
    public IReadOnlyList<SecretTag>? ExternalMetadata { get; init; }

    /// <summary>The <see cref="NextRotationAt"/> that was last announced as missed; null before the first.</summary>
    public DateTimeOffset? AnnouncedMiss { get; init; }

    /// <summary>Whether a window has ended without a rotation.</summary>
    public bool IsOverdue(DateTimeOffset now) => Enabled && NextRotationAt < now;

    /// <summary>When there is something to do: a moment in the next window, the next attempt, or at once; null for nothing. Always null on a replica.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>The rotation that was begun and has not ended; null while none is under way.</summary>
    public RotationRun? Run { get; init; }
}

/// <summary>How far a rotation has come. Survives whoever works on it.</summary>
public sealed record RotationRun
{
    /// <summary>Id of the version that is being made.</summary>
    public required string Token { get; init; }

    /// <summary>Whether only the function is tried, with a copy of the current value.</summary>
    public bool IsTest { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>From 1: how often it was tried as a whole.</summary>
    public int Attempt { get; init; } = 1;

    /// <summary>Of this attempt, 0 to 3; the one after is next. A step that was begun and not noted as done is run again.</summary>
    public int StepsDone { get; init; }

    /// <summary>Whether the attempt before failed and this one waits for its time.</summary>
    public bool IsWaiting { get; init; }

    /// <summary>How many readers it waits for before its first step; null when it waits for none.</summary>
    public int? AwaitedReaders { get; init; }
}

internal static class RotationTimes
{
    /// <summary>When the store is to hand the secret out for rotation.</summary>
    public static DateTimeOffset? RotateAt(this StoredSecret secret) => secret.PurgeAt is null ? secret.Document.Rotation?.DueAt : null;
}

/// <summary>One version of a secret with its sealed value.</summary>
public sealed record StoredVersion
{
    public required string VersionId { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateOnly? AccessedOn { get; init; }

    /// <summary>What ListSecretVersionIds shows: <c>DefaultEncryptionKey</c> or the key's id.</summary>
    public required string KmsKeyId { get; init; }

    /// <summary>Null for a rotation's placeholder.</summary>
    public SealedValue? Value { get; init; }

    /// <summary>Keyed MAC of the value, to compare a repeated request with it; null for a placeholder.</summary>
    public ReadOnlyMemory<byte>? ContentMac { get; init; }
}

/// <summary>A version as a listing shows it: no value.</summary>
public sealed record VersionSummary(string VersionId, DateTimeOffset CreatedAt, DateOnly? AccessedOn, string KmsKeyId);
