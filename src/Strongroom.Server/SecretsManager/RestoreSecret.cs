using Strongroom.Policy;
using Strongroom.Server.Audit;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.SecretsManager;

/// <summary>Source: API fact sheet 3.16. On an active secret it succeeds without effect.</summary>
internal sealed class RestoreSecret(SecretTargets targets, SecretVault vault) : IOperation<SecretIdRequest, SecretTarget, SecretNamed>
{
    public ValueTask<SecretTarget> ResolveAsync(CallContext call, SecretIdRequest request, CancellationToken ct) =>
        targets.ResolveAsync(call, request.SecretId!, ct);

    public async ValueTask<Plan<SecretNamed>> PlanAsync(
        CallContext call, Authorized<SecretIdRequest, SecretTarget> authorized, CancellationToken ct)
    {
        var secret = authorized.Target.Primary;
        if (secret.PurgeAt is null)
            return SecretNamed.Of(secret);
        var after = secret with { ChangedAt = call.Now, PurgeAt = null };
        return (await vault.ChangeAllAsync(call, secret, after, [], call.Now, ct)).ToPlan(
            SecretNamed.Of(secret), [new ServiceEvent("CancelSecretVersionDelete", secret.Account, secret.Region, secret.Arn())]);
    }
}
