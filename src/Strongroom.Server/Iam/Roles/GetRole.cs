using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Authentication;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Roles;

/// <summary>What names one role and asks no more: GetRole, DeleteRole, DeleteRolePermissionsBoundary. Source: IAM model.</summary>
internal sealed class RoleRequest
{
    public string? RoleName { get; private set; }

    public static Shape<RoleRequest> Shape { get; } = new(
        Member.String<RoleRequest>("RoleName", r => r.RoleName, (r, v) => r.RoleName = v, IamLimits.RoleName, required: true));
}

/// <summary>Source: IAM model, GetRole; IAM fact sheet 6.2.</summary>
internal sealed class GetRole(IamDirectories directories, TrustPolicies trust, CredentialUses uses) : IOperation<RoleRequest, IamTarget, RoleResponse>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, RoleRequest request, CancellationToken ct) =>
        RoleTargets.ResolveAsync(directories, call, request.RoleName!, ct);

    public async ValueTask<Plan<RoleResponse>> PlanAsync(CallContext call, Authorized<RoleRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var role = RoleTargets.Existing(target, request.RoleName!);
        var text = await trust.ShowAsync(role, ct);
        return new RoleResponse(new ShownRole(target.Account, role, text, ShownRole.Whole) { LastUsed = await uses.FindAsync(role.Id, ct) });
    }
}
