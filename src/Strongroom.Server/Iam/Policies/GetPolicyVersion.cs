using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Policies;

/// <summary>What names one version: GetPolicyVersion, DeletePolicyVersion, SetDefaultPolicyVersion. Source: IAM model.</summary>
internal sealed class PolicyVersionRequest
{
    public string? PolicyArn { get; private set; }
    public string? VersionId { get; private set; }

    public static Shape<PolicyVersionRequest> Shape { get; } = new(
        Member.String<PolicyVersionRequest>("PolicyArn", r => r.PolicyArn, (r, v) => r.PolicyArn = v, IamLimits.Arn, required: true),
        Member.String<PolicyVersionRequest>("VersionId", r => r.VersionId, (r, v) => r.VersionId = v, IamLimits.PolicyVersionId, required: true));
}

/// <summary>Source: IAM model, GetPolicyVersion.</summary>
internal sealed class GetPolicyVersion(IamDirectories directories) : IOperation<PolicyVersionRequest, IamTarget, PolicyVersionResponse>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, PolicyVersionRequest request, CancellationToken ct) =>
        PolicyTargets.ResolveAsync(directories, call, request.PolicyArn!, ct);

    public ValueTask<Plan<PolicyVersionResponse>> PlanAsync(CallContext call, Authorized<PolicyVersionRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var policy = ManagedPolicy.Find(target.Directory, request.PolicyArn!);
        return new(policy?.FindVersion(request.VersionId!) is { } version
            ? new PolicyVersionResponse(version, version.Number == policy.DefaultVersion, HasDocument: true)
            : throw IamErrors.NoSuchVersion(request.PolicyArn!, request.VersionId!));
    }
}
