using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>Source: API fact sheet 3.22.</summary>
internal sealed class UpdateSecretVersionStageRequest : IConditionKeys
{
    public string? SecretId { get; private set; }
    public string? VersionStage { get; private set; }
    public string? RemoveFromVersionId { get; private set; }
    public string? MoveToVersionId { get; private set; }

    public static Shape<UpdateSecretVersionStageRequest> Shape { get; } = new(
        Member.String<UpdateSecretVersionStageRequest>("SecretId", r => r.SecretId, (r, v) => r.SecretId = v, Limits.SecretId, required: true),
        Member.String<UpdateSecretVersionStageRequest>("VersionStage", r => r.VersionStage, (r, v) => r.VersionStage = v, Limits.Label, required: true),
        Member.String<UpdateSecretVersionStageRequest>(
            "RemoveFromVersionId", r => r.RemoveFromVersionId, (r, v) => r.RemoveFromVersionId = v, Limits.VersionId),
        Member.String<UpdateSecretVersionStageRequest>("MoveToVersionId", r => r.MoveToVersionId, (r, v) => r.MoveToVersionId = v, Limits.VersionId));

    /// <remarks>Source: IAM fact sheet 4.1.</remarks>
    public ConditionValues Find(ConditionKey key) => key.Name switch
    {
        "secretsmanager:versionstage" => VersionStage,
        _ => default,
    };
}

internal sealed class UpdateSecretVersionStage(SecretTargets targets, ISecretStore store, SecretVault vault)
    : IOperation<UpdateSecretVersionStageRequest, SecretTarget, SecretNamed>
{
    public ValueTask<SecretTarget> ResolveAsync(CallContext call, UpdateSecretVersionStageRequest request, CancellationToken ct) =>
        targets.ResolveAsync(call, request.SecretId!, request, tags: null, ct);

    public async ValueTask<Plan<SecretNamed>> PlanAsync(
        CallContext call, Authorized<UpdateSecretVersionStageRequest, SecretTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var secret = target.Changeable;
        var versions = request.MoveToVersionId is { } destination
            ? await MoveAsync(secret, request, destination, ct)
            : Remove(secret, request);
        if (ReferenceEquals(versions, secret.Document.Versions))
            return SecretNamed.Of(secret);

        var after = secret with { ChangedAt = call.Now, Document = secret.Document with { Versions = versions } };
        return (await vault.ChangeAllAsync(call, secret, after, [], call.Now, ct)).ToPlan(SecretNamed.Of(secret));
    }

    private async ValueTask<IReadOnlyList<LabelledVersion>> MoveAsync(
        StoredSecret secret, UpdateSecretVersionStageRequest request, string destination, CancellationToken ct)
    {
        var label = request.VersionStage!;
        var holder = secret.Document.Versions.HolderOf(label);
        if (await store.FindVersionAsync(secret.Id, destination, ct) is not { } version)
            throw SecretsManagerErrors.NoValueForVersion(destination);
        if (holder == destination)
            return secret.Document.Versions;
        if (holder is not null && request.RemoveFromVersionId is null)
            throw SecretsManagerErrors.RemoveFromMissing(label, holder);
        if (request.RemoveFromVersionId is not null && request.RemoveFromVersionId != holder)
            throw SecretsManagerErrors.RemoveFromWrong(label);
        return StagingLabels.Attach(secret.Document.Versions, destination, [label], hasValue: version.Value is not null);
    }

    private static IReadOnlyList<LabelledVersion> Remove(StoredSecret secret, UpdateSecretVersionStageRequest request)
    {
        var label = request.VersionStage!;
        if (request.RemoveFromVersionId is not { } from)
            throw SecretsManagerErrors.NoVersionGiven();
        if (label == StagingLabels.Current)
            throw SecretsManagerErrors.CurrentCannotBeRemoved();
        return secret.Document.Versions.HolderOf(label) switch
        {
            // Rotation functions detach AWSPENDING after it is already gone.
            null => secret.Document.Versions,
            var holder when holder == from => StagingLabels.Detach(secret.Document.Versions, label),
            _ => throw SecretsManagerErrors.RemoveFromWrong(label),
        };
    }
}
