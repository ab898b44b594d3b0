using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Simulation;

/// <summary>Source: IAM model, GetContextKeysForPrincipalPolicy.</summary>
internal sealed class GetContextKeysForPrincipalPolicyRequest
{
    public string? PolicySourceArn { get; private set; }
    public IReadOnlyList<string>? PolicyInputList { get; private set; }

    public static Shape<GetContextKeysForPrincipalPolicyRequest> Shape { get; } = new(
        Member.String<GetContextKeysForPrincipalPolicyRequest>("PolicySourceArn", r => r.PolicySourceArn, (r, v) => r.PolicySourceArn = v, IamLimits.Arn, required: true),
        Member.Strings<GetContextKeysForPrincipalPolicyRequest>(
            "PolicyInputList", r => r.PolicyInputList, (r, v) => r.PolicyInputList = v, IamLimits.PolicyDocument));
}

internal sealed class GetContextKeysForPrincipalPolicy(IamDirectories directories)
    : IOperation<GetContextKeysForPrincipalPolicyRequest, IamTarget, ContextKeysResponse>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, GetContextKeysForPrincipalPolicyRequest request, CancellationToken ct) =>
        PolicySourceTargets.ResolveAsync(directories, call, request.PolicySourceArn!, ct);

    public ValueTask<Plan<ContextKeysResponse>> PlanAsync(
        CallContext call, Authorized<GetContextKeysForPrincipalPolicyRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var (_, policies) = PolicySourceTargets.Existing(target);
        var passed = SimulatedPolicies.Parse(request.PolicyInputList, "PolicyInputList");
        return new(new ContextKeysResponse([.. policies.Identity.Concat(passed).Select(policy => policy.Policy.Document)]));
    }
}
