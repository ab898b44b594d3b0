using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>Source: API fact sheet 3.15, 8.2.</summary>
internal sealed class ReplicateSecretToRegionsRequest : IConditionKeys
{
    public string? SecretId { get; private set; }
    public IReadOnlyList<ReplicaRegionParameter>? AddReplicaRegions { get; private set; }
    public bool? ForceOverwriteReplicaSecret { get; private set; }

    public static Shape<ReplicateSecretToRegionsRequest> Shape { get; } = new(
        Member.String<ReplicateSecretToRegionsRequest>("SecretId", r => r.SecretId, (r, v) => r.SecretId = v, Limits.SecretId, required: true),
        Member.Structs<ReplicateSecretToRegionsRequest, ReplicaRegionParameter>(
            "AddReplicaRegions", ReplicaRegionParameter.Shape, r => r.AddReplicaRegions, (r, v) => r.AddReplicaRegions = v, min: 1, required: true),
        Member.Bool<ReplicateSecretToRegionsRequest>(
            "ForceOverwriteReplicaSecret", r => r.ForceOverwriteReplicaSecret, (r, v) => r.ForceOverwriteReplicaSecret = v));

    /// <remarks>Source: IAM fact sheet 4.1.</remarks>
    public ConditionValues Find(ConditionKey key) => key.Name switch
    {
        "secretsmanager:addreplicaregions" => Parameters.Regions(AddReplicaRegions),
        "secretsmanager:forceoverwritereplicasecret" => Parameters.Bool(ForceOverwriteReplicaSecret),
        _ => default,
    };
}

internal sealed record ReplicationResponse(string Arn, IReadOnlyList<ReplicaStatus>? ReplicationStatus) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteString("ARN"u8, Arn);
        writer.WriteReplicas(ReplicationStatus?.Select(r => (r, (DateOnly?)null)).ToList());
    }

    public bool HasAuditElements => true;

    public void WriteAuditElements(Utf8JsonWriter writer) => writer.WriteString("arn"u8, Arn);
}

internal sealed class ReplicateSecretToRegions(SecretTargets targets, SecretVault vault, Replication replication)
    : IOperation<ReplicateSecretToRegionsRequest, SecretTarget, ReplicationResponse>
{
    public ValueTask<SecretTarget> ResolveAsync(CallContext call, ReplicateSecretToRegionsRequest request, CancellationToken ct) =>
        targets.ResolveAsync(call, request.SecretId!, request, tags: null, ct);

    public async ValueTask<Plan<ReplicationResponse>> PlanAsync(
        CallContext call, Authorized<ReplicateSecretToRegionsRequest, SecretTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var secret = target.Changeable;
        var versions = await vault.OpenVersionsAsync(call, secret, secret.Document.Versions.Select(v => v.VersionId), ct);
        try
        {
            var (after, changes, shown, events) = await replication.AddAsync(
                call, secret with { ChangedAt = call.Now }, request.AddReplicaRegions!, request.ForceOverwriteReplicaSecret ?? false, versions, call.Now, ct);
            var own = await vault.ChangeAsync(call, secret, after, [], call.Now, ct);
            return new Plan<ReplicationResponse>(new ReplicationResponse(secret.Arn(), shown), [own, .. changes]) { Events = events };
        }
        finally
        {
            foreach (var version in versions)
                version.Value?.Dispose();
        }
    }
}
