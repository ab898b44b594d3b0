using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Roles;

/// <summary>Source: IAM model, UpdateRoleDescription.</summary>
internal sealed class UpdateRoleDescriptionRequest
{
    public string? RoleName { get; private set; }
    public string? Description { get; private set; }

    public static Shape<UpdateRoleDescriptionRequest> Shape { get; } = new(
        Member.String<UpdateRoleDescriptionRequest>("RoleName", r => r.RoleName, (r, v) => r.RoleName = v, IamLimits.RoleName, required: true),
        Member.String<UpdateRoleDescriptionRequest>("Description", r => r.Description, (r, v) => r.Description = v, IamLimits.RoleDescription, required: true));
}

internal sealed class UpdateRoleDescription(IamDirectories directories, TrustPolicies trust) : IOperation<UpdateRoleDescriptionRequest, IamTarget, RoleResponse>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, UpdateRoleDescriptionRequest request, CancellationToken ct) =>
        RoleTargets.ResolveAsync(directories, call, request.RoleName!, ct);

    public async ValueTask<Plan<RoleResponse>> PlanAsync(CallContext call, Authorized<UpdateRoleDescriptionRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var role = RoleTargets.Existing(target, request.RoleName!) with { Description = request.Description };
        var shown = new ShownRole(target.Account, role, await trust.ShowAsync(role, ct), ShownRole.AsUpdated);
        return new Plan<RoleResponse>(new RoleResponse(shown) { HasAuditElements = true }, target.Directory.Change([role]));
    }
}
