using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Policies;

/// <summary>What names one policy and asks no more: GetPolicy, DeletePolicy. Source: IAM model.</summary>
internal sealed class PolicyRequest
{
    public string? PolicyArn { get; private set; }

    public static Shape<PolicyRequest> Shape { get; } = new(
        Member.String<PolicyRequest>("PolicyArn", r => r.PolicyArn, (r, v) => r.PolicyArn = v, IamLimits.Arn, required: true));
}

/// <summary>Source: IAM model, GetPolicy; IAM fact sheet 6.2.</summary>
internal sealed class GetPolicy(IamDirectories directories) : IOperation<PolicyRequest, IamTarget, PolicyResponse>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, PolicyRequest request, CancellationToken ct) =>
        PolicyTargets.ResolveAsync(directories, call, request.PolicyArn!, ct);

    public ValueTask<Plan<PolicyResponse>> PlanAsync(CallContext call, Authorized<PolicyRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (_, target) = authorized;
        var policy = PolicyTargets.Existing(target);
        return new(new PolicyResponse(policy, PolicyUse.Of(target.Directory, policy.Arn)));
    }
}
