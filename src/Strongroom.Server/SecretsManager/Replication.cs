using Strongroom.Protocol;
using Strongroom.Server.Audit;
using Strongroom.Server.Endpoint;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>Plans replicas in other regions. Regions are namespaces of one store, so a replica is made in its primary's commit. Source: API fact sheet, section 8.</summary>
internal sealed class Replication(ISecretStore store, SecretVault vault, SecretQuota quota, Regions regions)
{
    /// <summary>Adds or re-keys replicas.</summary>
    /// <param name="versions">Labelled versions of the primary, opened.</param>
    /// <returns>The primary with its new statuses, the replicas' changes, the statuses as the answer shows them (new ones in progress), and what the
    /// audit is to tell.</returns>
    public async ValueTask<(StoredSecret Primary, IReadOnlyList<SecretChange> Changes, IReadOnlyList<ReplicaStatus>? Shown, IReadOnlyList<ServiceEvent> Events)> AddAsync(
        CallContext call, StoredSecret primary, IReadOnlyList<ReplicaRegionParameter> wanted, bool overwrite, IReadOnlyList<NewVersion> versions, DateTimeOffset now, CancellationToken ct)
    {
        if (wanted.Count == 0)
            return (primary, [], primary.Document.Replicas, []);

        Check(primary, wanted);
        primary = primary with { Document = primary.Document with { PrimaryRegion = primary.Region } };
        var stored = (primary.Document.Replicas ?? []).ToList();
        var shown = stored.ToList();
        var (changes, events) = (new List<SecretChange>(), new List<ServiceEvent>());
        foreach (var region in wanted)
        {
            var key = string.IsNullOrEmpty(region.KmsKeyId) ? null : region.KmsKeyId;
            var at = stored.FindIndex(r => r.Region == region.Region);
            if (at >= 0 && stored[at].Status == Replicas.InSync && stored[at].KmsKeyId == key)
                continue;
            var (status, made) = await PlaceAsync(call, primary, new ReplicaStatus(region.Region!, key, Replicas.InSync, Replicas.Succeeded), overwrite, versions, now, ct);
            changes.AddRange(made);
            events.AddRange(Replicas.Events(primary, at < 0 ? null : stored[at], status));
            Replace(stored, at, status);
            Replace(shown, at, status with { Status = Replicas.InProgress, StatusMessage = null });
        }

        return (primary with { Document = primary.Document with { Replicas = stored } }, changes, shown, events);
    }

    private async ValueTask<(ReplicaStatus Status, IReadOnlyList<SecretChange> Changes)> PlaceAsync(
        CallContext call, StoredSecret primary, ReplicaStatus wanted, bool overwrite, IReadOnlyList<NewVersion> versions, DateTimeOffset now, CancellationToken ct)
    {
        var existing = await store.FindAsync(primary.Account, wanted.Region, primary.Name, ct);
        if (existing is not null && !(existing.Suffix == primary.Suffix && existing.Document.PrimaryRegion == primary.Region))
        {
            if (existing.IsReplica())
                return (Replicas.Refused(wanted, $"Secret {primary.Name} is currently replicated to {wanted.Region} with a different arn."), []);
            if (!overwrite)
                return (Replicas.Taken(wanted, primary.Name), []);
            if (existing.Document.Replicas is { Count: > 0 })
                return (Replicas.Refused(wanted, $"Secret name {primary.Name} in region {wanted.Region} has replicas of its own."), []);
            var (over, placed) = await vault.PlaceAsync(call, null, Replicas.New(primary, wanted, now), wanted, versions, now, ct);
            return (over, placed is null ? [] : [new SecretChange { Before = existing }, placed]);
        }

        if (existing is null)
            await quota.DemandRoomAsync(primary.Account, wanted.Region, ct);
        // Or our own replica under another key: everything in it is sealed anew.
        var (status, change) = await vault.PlaceAsync(call, existing, Replicas.Wanted(existing, primary, wanted, now), wanted, versions, now, ct);
        return (status, change is null ? [] : [change]);
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

    private static void Replace(List<ReplicaStatus> list, int at, ReplicaStatus status)
    {
        if (at >= 0)
            list[at] = status;
        else
            list.Add(status);
    }
}
