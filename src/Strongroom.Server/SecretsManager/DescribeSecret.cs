using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Server.Endpoint;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>Source: API fact sheet 3.6, presence rules 1.7.</summary>
internal sealed record DescribeSecretResponse(StoredSecret Secret, IReadOnlyList<(ReplicaStatus Status, DateOnly? AccessedOn)> Replicas) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        SecretEntry.WriteHead(writer, Secret);
        writer.WriteReplicas(Replicas);
        SecretEntry.WriteTail(writer, Secret, "VersionIdsToStages"u8, versionsLast: true);
    }
}

internal sealed class DescribeSecret(SecretTargets targets, SecretVault vault)
    : IOperation<SecretIdRequest, SecretTarget, DescribeSecretResponse>
{
    public ValueTask<SecretTarget> ResolveAsync(CallContext call, SecretIdRequest request, CancellationToken ct) =>
        targets.ResolveAsync(call, request.SecretId!, ct);

    public async ValueTask<Plan<DescribeSecretResponse>> PlanAsync(
        CallContext call, Authorized<SecretIdRequest, SecretTarget> authorized, CancellationToken ct)
    {
        var secret = authorized.Target.Existing;
        var replicas = new List<(ReplicaStatus, DateOnly?)>();
        foreach (var status in secret.Document.Replicas ?? [])
            replicas.Add((status, (await vault.FindReplicaAsync(secret, status.Region, ct))?.AccessedOn));
        return new DescribeSecretResponse(secret, replicas);
    }
}

/// <summary>The members that DescribeSecret and ListSecrets share, in alphabetical order around the one they don't.</summary>
internal static class SecretEntry
{
    /// <summary>ARN to PrimaryRegion.</summary>
    public static void WriteHead(Utf8JsonWriter writer, StoredSecret secret)
    {
        var document = secret.Document;
        writer.WriteString("ARN"u8, secret.Arn());
        writer.WriteDate("CreatedDate"u8, secret.CreatedAt);
        if (secret.PurgeAt is { } purgeAt)
            writer.WriteDate("DeletedDate"u8, purgeAt);
        writer.WriteOptional("Description"u8, document.Description);
        writer.WritePairs("ExternalSecretRotationMetadata"u8, document.Rotation?.ExternalMetadata);
        writer.WriteOptional("ExternalSecretRotationRoleArn"u8, document.Rotation?.ExternalRoleArn);
        writer.WriteOptional("KmsKeyId"u8, document.KmsKeyId);
        writer.WriteDate("LastAccessedDate"u8, secret.AccessedOn);
        writer.WriteDate("LastChangedDate"u8, secret.ChangedAt);
        if (document.Rotation?.LastRotatedAt is { } lastRotated)
            writer.WriteDate("LastRotatedDate"u8, lastRotated);
        writer.WriteString("Name"u8, secret.Name);
        if (document.Rotation is { Enabled: true, NextRotationAt: { } next })
            writer.WriteDate("NextRotationDate"u8, next);
        writer.WriteOptional("OwningService"u8, document.OwningService);
        writer.WriteOptional("PrimaryRegion"u8, document.PrimaryRegion);
    }

    /// <summary>RotationEnabled to the versions.</summary>
    /// <param name="versionsLast">DescribeSecret's <c>VersionIdsToStages</c> sorts last; ListSecrets' <c>SecretVersionsToStages</c> before <c>Tags</c>.</param>
    public static void WriteTail(Utf8JsonWriter writer, StoredSecret secret, ReadOnlySpan<byte> versionsName, bool versionsLast)
    {
        var document = secret.Document;
        if (document.Rotation is { } rotation)
            writer.WriteRules(rotation);
        if (!versionsLast)
            writer.WriteVersions(versionsName, document.Versions);
        writer.WritePairs("Tags"u8, document.Tags);
        writer.WriteOptional("Type"u8, document.Type);
        if (versionsLast)
            writer.WriteVersions(versionsName, document.Versions);
    }
}
