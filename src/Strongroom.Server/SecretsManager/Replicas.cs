using Strongroom.Protocol;
using Strongroom.Server.Audit;
using Strongroom.Server.Keys;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>What replicas are made of. Pure. Source: API fact sheet, section 8.</summary>
internal static class Replicas
{
    public const string InProgress = "InProgress";
    public const string InSync = "InSync";
    public const string Failed = "Failed";

    /// <summary>The model's example of a successful replication's message.</summary>
    public const string Succeeded = "Replication succeeded";

    /// <summary>The replica as it is after its primary has changed: everything follows but its key, its region and its own dates of access.</summary>
    public static StoredSecret Follow(StoredSecret replica, StoredSecret primary) => replica with
    {
        ChangedAt = primary.ChangedAt,
        Document = primary.Document with
        {
            KmsKeyId = replica.Document.KmsKeyId,
            PrimaryRegion = primary.Region,
            Replicas = null,
            // Shown, but at work on the primary alone.
            Rotation = primary.Document.Rotation is { } rotation ? rotation with { DueAt = null, Run = null } : null,
        },
    };

    /// <summary>The replica as it is while its key can't be used: its versions stay the former ones, the rest follows, policy and tags among it.</summary>
    public static StoredSecret FollowBehind(StoredSecret replica, StoredSecret primary)
    {
        var following = Follow(replica, primary);
        return following with { Document = following.Document with { Versions = replica.Document.Versions } };
    }

    /// <summary>The replica of a primary under the key that its status wants: as it is in its region, or a new one.</summary>
    public static StoredSecret Wanted(StoredSecret? existing, StoredSecret primary, ReplicaStatus status, DateTimeOffset now) => existing is null
        ? New(primary, status, now)
        : Follow(existing with { Document = existing.Document with { KmsKeyId = status.KmsKeyId } }, primary);

    /// <summary>A replica that is as its primary.</summary>
    public static ReplicaStatus Synced(ReplicaStatus status) =>
        status with { Status = InSync, StatusMessage = Succeeded, FailedByKey = null, AwaitedKey = null };

    /// <summary>A replica that its key keeps from following.</summary>
    /// <param name="awaited">The key that may come back; null when somebody has to do something first.</param>
    public static ReplicaStatus Lagging(ReplicaStatus status, ServiceException refusal, string? awaited) => status with
    {
        Status = Failed,
        StatusMessage = refusal.Code == "AccessDeniedException"
            ? "Replication failed: access to the KMS key is not allowed. It needs kms:GenerateDataKey and kms:Decrypt."
            : "Replication failed: the KMS key can't be used. Check that it exists in the Region, is enabled, and not in an invalid state.",
        FailedByKey = true,
        AwaitedKey = awaited,
    };

    /// <summary>A replica whose name somebody else's secret has.</summary>
    public static ReplicaStatus Refused(ReplicaStatus status, string message) =>
        status with { Status = Failed, StatusMessage = "Replication failed: " + message, FailedByKey = null, AwaitedKey = null };

    public static ReplicaStatus Taken(ReplicaStatus status, string name) => Refused(status, $"Secret name {name} already exists in region {status.Region}.");

    /// <summary>What the audit tells of a change of status: the failure, and the recovery from one. In the replica's region, under its ARN.</summary>
    public static IReadOnlyList<ServiceEvent> Events(StoredSecret primary, ReplicaStatus? before, ReplicaStatus after)
    {
        var name = after.Status == Failed && before?.Status != Failed ? "ReplicationFailed"
            : after.Status == InSync && before?.Status == Failed ? "ReplicationSucceeded"
            : null;
        return name is null ? [] : [new ServiceEvent(name, primary.Account, after.Region, primary.ArnIn(after.Region))];
    }

    /// <summary>A new replica of a primary in a region.</summary>
    public static StoredSecret New(StoredSecret primary, ReplicaStatus where, DateTimeOffset now) => Follow(
        new StoredSecret
        {
            Account = primary.Account,
            Region = where.Region,
            Name = primary.Name,
            Suffix = primary.Suffix,
            CreatedAt = now,
            ChangedAt = now,
            Document = new SecretDocument { KmsKeyId = where.KmsKeyId },
        },
        primary);

    /// <summary>As AWS shows a replica's key when it is the default one.</summary>
    public static string ShownKey(ReplicaStatus replica) => replica.KmsKeyId ?? KeyDirectory.DefaultAlias;
}
