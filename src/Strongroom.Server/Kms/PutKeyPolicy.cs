using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Kms;

/// <summary>Source: KMS model, PutKeyPolicy; IAM fact sheet 7.5.</summary>
internal sealed class PutKeyPolicyRequest
{
    public string? KeyId { get; private set; }
    public string? PolicyName { get; private set; }
    public string? Policy { get; private set; }
    public bool? BypassPolicyLockoutSafetyCheck { get; private set; }

    public static Shape<PutKeyPolicyRequest> Shape { get; } = new(
        Member.String<PutKeyPolicyRequest>("KeyId", r => r.KeyId, (r, v) => r.KeyId = v, KmsLimits.KeyId, required: true),
        Member.String<PutKeyPolicyRequest>("PolicyName", r => r.PolicyName, (r, v) => r.PolicyName = v, KmsLimits.PolicyName),
        Member.String<PutKeyPolicyRequest>("Policy", r => r.Policy, (r, v) => r.Policy = v, KmsLimits.Policy, required: true),
        Member.Bool<PutKeyPolicyRequest>(
            "BypassPolicyLockoutSafetyCheck", r => r.BypassPolicyLockoutSafetyCheck, (r, v) => r.BypassPolicyLockoutSafetyCheck = v));
}

internal sealed class PutKeyPolicy(KmsTargets targets, KeyPolicyChecks policies) : IOperation<PutKeyPolicyRequest, KmsTarget, Done>
{
    public ValueTask<KmsTarget> ResolveAsync(CallContext call, PutKeyPolicyRequest request, CancellationToken ct) =>
        targets.ResolveKeyAsync(call, request.KeyId!, new KmsRequestKeys { BypassPolicyLockoutSafetyCheck = request.BypassPolicyLockoutSafetyCheck }, ct);

    public async ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<PutKeyPolicyRequest, KmsTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var key = target.Existing;
        if ((request.PolicyName ?? GetKeyPolicy.TheOne) != GetKeyPolicy.TheOne)
            throw KmsErrors.NoSuchPolicy();
        var principals = await policies.CheckAsync(call, target, request.Policy!, request.BypassPolicyLockoutSafetyCheck ?? false, ct);
        return new Plan<Done>(Done.Instance, target.Directory.Change([key with { Policy = request.Policy, PolicyPrincipals = principals }]));
    }
}
