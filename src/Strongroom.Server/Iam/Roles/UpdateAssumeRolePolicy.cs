using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Roles;

/// <summary>Source: IAM model, UpdateAssumeRolePolicy.</summary>
internal sealed class UpdateAssumeRolePolicyRequest
{
    public string? RoleName { get; private set; }
    public string? PolicyDocument { get; private set; }

    public static Shape<UpdateAssumeRolePolicyRequest> Shape { get; } = new(
        Member.String<UpdateAssumeRolePolicyRequest>("RoleName", r => r.RoleName, (r, v) => r.RoleName = v, IamLimits.RoleName, required: true),
        Member.String<UpdateAssumeRolePolicyRequest>("PolicyDocument", r => r.PolicyDocument, (r, v) => r.PolicyDocument = v, IamLimits.PolicyDocument, required: true));
}

internal sealed class UpdateAssumeRolePolicy(IamDirectories directories, TrustPolicies trust) : IOperation<UpdateAssumeRolePolicyRequest, IamTarget, Done>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, UpdateAssumeRolePolicyRequest request, CancellationToken ct) =>
        RoleTargets.ResolveAsync(directories, call, request.RoleName!, ct);

    public async ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<UpdateAssumeRolePolicyRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var role = RoleTargets.Existing(target, request.RoleName!);
        var principals = await trust.CheckAsync(request.PolicyDocument!, ct);
        return new Plan<Done>(Done.Instance, target.Directory.Change([role with { TrustPolicy = request.PolicyDocument!, TrustPrincipals = principals }]));
    }
}
