using System.Text.Json;
using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>Source: API fact sheet 3.3.</summary>
internal sealed class CreateSecretRequest : IDisposable, IConditionKeys
{
    public string? Name { get; private set; }
    public string? ClientRequestToken { get; private set; }
    public string? Description { get; private set; }
    public string? KmsKeyId { get; private set; }
    public SecretValue? SecretBinary { get; private set; }
    public SecretValue? SecretString { get; private set; }
    public IReadOnlyList<TagParameter>? Tags { get; private set; }
    public IReadOnlyList<ReplicaRegionParameter>? AddReplicaRegions { get; private set; }
    public bool? ForceOverwriteReplicaSecret { get; private set; }
    public string? Type { get; private set; }

    public static Shape<CreateSecretRequest> Shape { get; } = new(
        Member.String<CreateSecretRequest>("Name", r => r.Name, (r, v) => r.Name = v, Constraint.Length(1, 512), required: true),
        Member.String<CreateSecretRequest>("ClientRequestToken", r => r.ClientRequestToken, (r, v) => r.ClientRequestToken = v, Limits.VersionId),
        Member.String<CreateSecretRequest>("Description", r => r.Description, (r, v) => r.Description = v, Limits.Description),
        Member.String<CreateSecretRequest>("KmsKeyId", r => r.KmsKeyId, (r, v) => r.KmsKeyId = v, Limits.KmsKeyId),
        Member.Secret<CreateSecretRequest>("SecretBinary", true, r => r.SecretBinary?.Bytes.Length, (r, v) => r.SecretBinary = SecretValue.Blob(v)),
        Member.Secret<CreateSecretRequest>("SecretString", false, r => r.SecretString?.Bytes.Length, (r, v) => r.SecretString = SecretValue.Text(v)),
        Member.Structs<CreateSecretRequest, TagParameter>("Tags", TagParameter.Shape, r => r.Tags, (r, v) => r.Tags = v),
        Member.Structs<CreateSecretRequest, ReplicaRegionParameter>(
            "AddReplicaRegions", ReplicaRegionParameter.Shape, r => r.AddReplicaRegions, (r, v) => r.AddReplicaRegions = v, min: 1),
        Member.Bool<CreateSecretRequest>("ForceOverwriteReplicaSecret", r => r.ForceOverwriteReplicaSecret, (r, v) => r.ForceOverwriteReplicaSecret = v),
        Member.String<CreateSecretRequest>("Type", r => r.Type, (r, v) => r.Type = v, Limits.Type));

    public void Dispose()
    {
        SecretBinary?.Dispose();
        SecretString?.Dispose();
    }

    /// <remarks>Source: IAM fact sheet 4.1.</remarks>
    public ConditionValues Find(ConditionKey key) => key.Name switch
    {
        "secretsmanager:name" => Name,
        "secretsmanager:description" => Description,
        "secretsmanager:kmskeyid" => KmsKeyId,
        "secretsmanager:addreplicaregions" => Parameters.Regions(AddReplicaRegions),
        "secretsmanager:forceoverwritereplicasecret" => Parameters.Bool(ForceOverwriteReplicaSecret),
        "secretsmanager:type" => Type,
        _ => default,
    };
}

internal sealed record CreateSecretResponse(
    string Arn, string Name, string? VersionId, IReadOnlyList<ReplicaStatus>? ReplicationStatus) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteString("ARN"u8, Arn);
        writer.WriteString("Name"u8, Name);
        writer.WriteReplicas(ReplicationStatus?.Select(r => (r, (DateOnly?)null)).ToList());
        writer.WriteOptional("VersionId"u8, VersionId);
    }

    public bool HasAuditElements => true;

    public void WriteAuditElements(Utf8JsonWriter writer)
    {
        writer.WriteString("arn"u8, Arn);
        writer.WriteString("name"u8, Name);
        writer.WriteOptional("versionId"u8, VersionId);
    }
}

internal sealed class CreateSecret(ISecretStore store, SecretVault vault, Replication replication, SecretQuota quota, Entropy entropy)
    : IOperation<CreateSecretRequest, SecretTarget, CreateSecretResponse>
{
    private const string Alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

    public async ValueTask<SecretTarget> ResolveAsync(CallContext call, CreateSecretRequest request, CancellationToken ct)
    {
        var hasValue = request.SecretString is not null || request.SecretBinary is not null;
        if (hasValue && request.ClientRequestToken is null)
            throw SecretsManagerErrors.NoToken();
        SecretName.CheckNew(request.Name!);

        // Policies are asked about the ARN the secret is about to have, so that secret:NAME-?????? matches on creation too.
        var suffix = entropy.NewAlphanumeric(6, Alphanumeric);
        var arn = SecretArn.Of(call.Caller.Account, call.Region, $"{request.Name}-{suffix}");
        var existing = await store.FindAsync(call.Caller.Account, call.Region, request.Name!, ct);
        return new SecretTarget(call.Caller.Account, arn, request.Name, existing)
        {
            IsCreation = true,
            RequestKeys = request,
            RequestTags = TagParameter.ToTagSet(request.Tags),
            KmsKeyArn = await vault.KeyArnAsync(call.Caller.Account, call.Region, request.KmsKeyId, ct),
        };
    }

    public async ValueTask<Plan<CreateSecretResponse>> PlanAsync(
        CallContext call, Authorized<CreateSecretRequest, SecretTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        if (request.Tags is { Count: > 0 })
            AccessDenied.Demand(call, "secretsmanager:TagResource", target);
        if (request.AddReplicaRegions is { Count: > 0 })
            AccessDenied.Demand(call, "secretsmanager:ReplicateSecretToRegions", target);
        if (request.SecretString is not null && request.SecretBinary is not null)
            throw SecretsManagerErrors.BothValues();
        var value = request.SecretString ?? request.SecretBinary;

        if (target.Secret is { } existing)
            return await RepeatAsync(call, request, value, existing, ct);

        await quota.DemandRoomAsync(call.Caller.Account, call.Region, ct);
        List<NewVersion> versions = value is null ? [] : [new NewVersion(request.ClientRequestToken!, call.Now, value)];
        var secret = new StoredSecret
        {
            Account = call.Caller.Account,
            Region = call.Region,
            Name = request.Name!,
            Suffix = target.ResourceArn[^6..],
            CreatedAt = call.Now,
            ChangedAt = call.Now,
            Document = new SecretDocument
            {
                Description = string.IsNullOrEmpty(request.Description) ? null : request.Description,
                KmsKeyId = string.IsNullOrEmpty(request.KmsKeyId) ? null : request.KmsKeyId,
                Type = string.IsNullOrEmpty(request.Type) ? null : request.Type,
                Tags = request.Tags is null ? null : SecretTags.Merge([], request.Tags),
                Versions = value is null ? [] : StagingLabels.AttachNew([], request.ClientRequestToken!, null),
            },
        };

        // A key that can't be used is refused even when there is no value to seal with it yet.
        await vault.CheckKeyAsync(call, secret, ct);
        var (after, changes, shown, events) = await replication.AddAsync(
            call, secret, request.AddReplicaRegions ?? [], request.ForceOverwriteReplicaSecret ?? false, versions, call.Now, ct);
        var own = await vault.ChangeAsync(call, null, after, versions, call.Now, ct);
        return new Plan<CreateSecretResponse>(
            new CreateSecretResponse(after.Arn(), after.Name, value is null ? null : request.ClientRequestToken, shown), [own, .. changes]) { Events = events };
    }

    // Source: API fact sheet 2.6, idempotency of CreateSecret.
    private async ValueTask<CreateSecretResponse> RepeatAsync(
        CallContext call, CreateSecretRequest request, SecretValue? value, StoredSecret existing, CancellationToken ct)
    {
        if (existing.PurgeAt is not null)
            throw SecretsManagerErrors.NameMarkedForDeletion();
        if (value is null || await store.FindVersionAsync(existing.Id, request.ClientRequestToken!, ct) is not { Value: not null } version)
            throw SecretsManagerErrors.Exists(existing.Name);
        return await vault.HoldsAsync(call, existing, version, value, ct)
            ? new CreateSecretResponse(existing.Arn(), existing.Name, version.VersionId, existing.Document.Replicas)
            : throw SecretsManagerErrors.TokenInUse(request.ClientRequestToken!, existing.Arn());
    }
}
