using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.SecretsManager;

/// <summary>Source: API fact sheet 3.4. Removing a policy that is not there succeeds.</summary>
internal sealed class DeleteResourcePolicy(SecretTargets targets, SecretVault vault) : IOperation<SecretIdRequest, SecretTarget, SecretNamed>
{
    public ValueTask<SecretTarget> ResolveAsync(CallContext call, SecretIdRequest request, CancellationToken ct) =>
        targets.ResolveAsync(call, request.SecretId!, ct);

    public async ValueTask<Plan<SecretNamed>> PlanAsync(
        CallContext call, Authorized<SecretIdRequest, SecretTarget> authorized, CancellationToken ct)
    {
        var secret = authorized.Target.Changeable;
        var after = secret with { ChangedAt = call.Now, Document = secret.Document with { ResourcePolicy = null, PolicyPrincipals = null } };
        return (await vault.ChangeAllAsync(call, secret, after, [], call.Now, ct)).ToPlan(SecretNamed.Of(secret));
    }
}
