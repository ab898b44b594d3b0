using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>Source: API fact sheet 3.14.</summary>
internal sealed class RemoveRegionsFromReplicationRequest
{
    public string? SecretId { get; private set; }
    public IReadOnlyList<string>? RemoveReplicaRegions { get; private set; }

    public static Shape<RemoveRegionsFromReplicationRequest> Shape { get; } = new(
        Member.String<RemoveRegionsFromReplicationRequest>("SecretId", r => r.SecretId, (r, v) => r.SecretId = v, Limits.SecretId, required: true),
        Member.Strings<RemoveRegionsFromReplicationRequest>(
            "RemoveReplicaRegions", r => r.RemoveReplicaRegions, (r, v) => r.RemoveReplicaRegions = v, Limits.Region, min: 1, required: true));
}

internal sealed class RemoveRegionsFromReplication(SecretTargets targets, SecretVault vault)
    : IOperation<RemoveRegionsFromReplicationRequest, SecretTarget, ReplicationResponse>
{
    public ValueTask<SecretTarget> ResolveAsync(CallContext call, RemoveRegionsFromReplicationRequest request, CancellationToken ct) =>
        targets.ResolveAsync(call, request.SecretId!, ct);

    /// <summary>Replicas go at once, without a recovery window. A region that has none is ignored.</summary>
    public async ValueTask<Plan<ReplicationResponse>> PlanAsync(
        CallContext call, Authorized<RemoveRegionsFromReplicationRequest, SecretTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var secret = target.Changeable;
        var changes = new List<SecretChange>();
        foreach (var region in request.RemoveReplicaRegions!.Distinct(StringComparer.Ordinal))
        {
            if (await vault.FindReplicaAsync(secret, region, ct) is { } replica)
                changes.Add(new SecretChange { Before = replica });
        }

        var remaining = (secret.Document.Replicas ?? [])
            .Where(r => !request.RemoveReplicaRegions!.Contains(r.Region, StringComparer.Ordinal)).ToList();
        var after = Without(secret, remaining) with { ChangedAt = call.Now };
        changes.Insert(0, await vault.ChangeAsync(call, secret, after, [], call.Now, ct));
        return new Plan<ReplicationResponse>(new ReplicationResponse(secret.Arn(), remaining), changes);
    }

    /// <summary>The primary with only the remaining replicas; an ordinary secret when none remain.</summary>
    public static StoredSecret Without(StoredSecret primary, IReadOnlyList<ReplicaStatus> remaining) => primary with
    {
        Document = primary.Document with
        {
            Replicas = remaining.Count == 0 ? null : remaining,
            PrimaryRegion = remaining.Count == 0 ? null : primary.Region,
        },
    };
}
