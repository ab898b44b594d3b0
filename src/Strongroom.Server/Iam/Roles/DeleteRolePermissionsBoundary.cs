using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Roles;

/// <summary>Source: IAM model, DeleteRolePermissionsBoundary.</summary>
internal sealed class DeleteRolePermissionsBoundary(IamDirectories directories) : IOperation<RoleRequest, IamTarget, Done>
{
    public async ValueTask<IamTarget> ResolveAsync(CallContext call, RoleRequest request, CancellationToken ct)
    {
        var target = await RoleTargets.ResolveAsync(directories, call, request.RoleName!, ct);
        return target with { ServiceKeys = new BoundaryKey(HolderKind.BoundaryOf(target.Entity)) };
    }

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<RoleRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var role = RoleTargets.Existing(target, request.RoleName!);
        if (role.Boundary is null)
            throw IamErrors.NoSuchEntity($"The role with name {role.Name} has no permissions boundary.");
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([role with { Boundary = null }])));
    }
}
