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
        },
    };

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
