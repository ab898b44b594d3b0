using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Server.Endpoint;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

internal sealed record StopReplicationToReplicaResponse(string Arn) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer) => writer.WriteString("ARN"u8, Arn);

    public bool HasAuditElements => true;

    public void WriteAuditElements(Utf8JsonWriter writer) => writer.WriteString("arn"u8, Arn);
}

/// <summary>Called in the replica's region; the replica becomes a secret of its own. Source: API fact sheet 3.18.</summary>
internal sealed class StopReplicationToReplica(SecretTargets targets, ISecretStore store, SecretVault vault)
    : IOperation<SecretIdRequest, SecretTarget, StopReplicationToReplicaResponse>
{
    public ValueTask<SecretTarget> ResolveAsync(CallContext call, SecretIdRequest request, CancellationToken ct) =>
        targets.ResolveAsync(call, request.SecretId!, ct);

    public async ValueTask<Plan<StopReplicationToReplicaResponse>> PlanAsync(
        CallContext call, Authorized<SecretIdRequest, SecretTarget> authorized, CancellationToken ct)
    {
        var replica = authorized.Target.Usable;
        if (!replica.IsReplica())
            throw SecretsManagerErrors.NotAReplica();

        // Rotation ran on the primary only; a promoted secret starts without it.
        var promoted = replica with
        {
            ChangedAt = call.Now,
            Document = replica.Document with
            {
                PrimaryRegion = null,
                Rotation = replica.Document.Rotation is { } rotation ? rotation with { Enabled = false, NextRotationAt = null } : null,
            },
        };
        List<SecretChange> changes = [await vault.ChangeAsync(call, replica, promoted, [], call.Now, ct)];
        if (await store.FindAsync(replica.Account, replica.Document.PrimaryRegion!, replica.Name, ct) is { } primary && primary.Suffix == replica.Suffix)
        {
            var remaining = (primary.Document.Replicas ?? []).Where(r => r.Region != replica.Region).ToList();
            var after = RemoveRegionsFromReplication.Without(primary, remaining) with { ChangedAt = call.Now };
            changes.Add(await vault.ChangeAsync(call, primary, after, [], call.Now, ct));
        }

        return new Plan<StopReplicationToReplicaResponse>(new StopReplicationToReplicaResponse(replica.Arn()), changes);
    }
}
