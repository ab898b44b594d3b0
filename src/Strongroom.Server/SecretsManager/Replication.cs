using Strongroom.Protocol;
using Strongroom.Server.Endpoint;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>Plans replicas in other regions. Regions are namespaces of one store, so a replica is made in its primary's commit. Source: API fact sheet, section 8.</summary>
internal sealed class Replication(ISecretStore store, SecretVault vault, Regions regions)
{
    /// <summary>Adds or re-keys replicas.</summary>
    /// <param name="versions">Labelled versions of the primary, opened.</param>
    /// <returns>The primary with its new statuses, the replicas' changes, and the statuses as the answer shows them: new ones in progress.</returns>
    public async ValueTask<(StoredSecret Primary, IReadOnlyList<SecretChange> Changes, IReadOnlyList<ReplicaStatus>? Shown)> AddAsync(
        CallContext call, StoredSecret primary, IReadOnlyList<ReplicaRegionParameter> wanted, bool overwrite, IReadOnlyList<NewVersion> versions, DateTimeOffset now, CancellationToken ct)
    {
        if (wanted.Count == 0)
            return (primary, [], primary.Document.Replicas);

        Check(primary, wanted);
        primary = primary with { Document = primary.Document with { PrimaryRegion = primary.Region } };
        var stored = (primary.Document.Replicas ?? []).ToList();
        var shown = stored.ToList();
        var changes = new List<SecretChange>();
        foreach (var region in wanted)
        {
            var key = string.IsNullOrEmpty(region.KmsKeyId) ? null : region.KmsKeyId;
            var at = stored.FindIndex(r => r.Region == region.Region);
            if (at >= 0 && stored[at].Status == Replicas.InSync && stored[at].KmsKeyId == key)
                continue;
            var (status, made) = await PlaceAsync(call, primary, new ReplicaStatus(region.Region!, key, Replicas.InSync, Replicas.Succeeded), overwrite, versions, now, ct);
            changes.AddRange(made);
            Replace(stored, at, status);
            Replace(shown, at, status with { Status = Replicas.InProgress, StatusMessage = null });
        }

        return (primary with { Document = primary.Document with { Replicas = stored } }, changes, shown);
    }

    private async ValueTask<(ReplicaStatus Status, IReadOnlyList<SecretChange> Changes)> PlaceAsync(
        CallContext call, StoredSecret primary, ReplicaStatus wanted, bool overwrite, IReadOnlyList<NewVersion> versions, DateTimeOffset now, CancellationToken ct)
    {
        if (!await vault.CanSealAsync(call, Replicas.New(primary, wanted, now), ct))
            return (Fail(wanted, "Replication failed: the KMS key can't be used. It needs GenerateDataKey and Decrypt."), []);

        var existing = await store.FindAsync(primary.Account, wanted.Region, primary.Name, ct);
        if (existing is null)
            return (wanted, [await vault.ChangeAsync(call, null, Replicas.New(primary, wanted, now), versions, now, ct)]);

        if (existing.Suffix == primary.Suffix && existing.Document.PrimaryRegion == primary.Region)
        {
            // Our own replica under another key: everything in it is sealed anew.
            var rekeyed = Replicas.Follow(existing with { Document = existing.Document with { KmsKeyId = wanted.KmsKeyId } }, primary);
            return (wanted, [await vault.ChangeAsync(call, existing, rekeyed, versions, now, ct)]);
        }

        if (existing.IsReplica())
            return (Fail(wanted, $"Replication failed: Secret {primary.Name} is currently replicated to {wanted.Region} with a different arn."), []);
        if (!overwrite)
            return (Fail(wanted, $"Replication failed: Secret name {primary.Name} already exists in region {wanted.Region}."), []);
        return existing.Document.Replicas is { Count: > 0 }
            ? (Fail(wanted, $"Replication failed: Secret name {primary.Name} in region {wanted.Region} has replicas of its own."), [])
            : (wanted,
            [
                new SecretChange { Before = existing },
                await vault.ChangeAsync(call, null, Replicas.New(primary, wanted, now), versions, now, ct),
            ]);
    }

    private void Check(StoredSecret primary, IReadOnlyList<ReplicaRegionParameter> wanted)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal) { primary.Region };
        foreach (var region in wanted)
        {
            if (region.Region is null || !seen.Add(region.Region) || !regions.IsValid(region.Region)
                || Arn.PartitionOf(region.Region) != Arn.PartitionOf(primary.Region))
                throw SecretsManagerErrors.InvalidReplicaRegion();
        }
    }

    private static ReplicaStatus Fail(ReplicaStatus status, string message) => status with { Status = Replicas.Failed, StatusMessage = message };

    private static void Replace(List<ReplicaStatus> list, int at, ReplicaStatus status)
    {
        if (at >= 0)
            list[at] = status;
        else
            list.Add(status);
    }
}
