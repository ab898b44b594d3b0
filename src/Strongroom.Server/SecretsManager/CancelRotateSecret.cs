using Strongroom.Policy;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Rotation;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>Source: API fact sheet 3.2. Rules, function and AWSPENDING stay; no new rotation starts.</summary>
internal sealed class CancelRotateSecret(SecretTargets targets, SecretVault vault)
    : IOperation<SecretIdRequest, SecretTarget, UpdateSecretResponse>
{
    public ValueTask<SecretTarget> ResolveAsync(CallContext call, SecretIdRequest request, CancellationToken ct) =>
        targets.ResolveAsync(call, request.SecretId!, ct);

    public async ValueTask<Plan<UpdateSecretResponse>> PlanAsync(
        CallContext call, Authorized<SecretIdRequest, SecretTarget> authorized, CancellationToken ct)
    {
        var secret = authorized.Target.Changeable;
        var after = secret with { ChangedAt = call.Now, Document = RotationState.Cancelled(secret, secret.Document, call.Now) };
        var pending = RotationState.IsPending(secret.Document) ? secret.Document.Versions.HolderOf(StagingLabels.Pending) : null;
        return (await vault.ChangeAllAsync(call, secret, after, [], call.Now, ct)).ToPlan(
            new UpdateSecretResponse(secret.Arn(), secret.Name, pending), pending is null ? [] : [RotationState.Event("RotationAbandoned", secret, pending)]);
    }
}
