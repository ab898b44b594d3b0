using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Roles;

/// <summary>Source: IAM model, DeleteRole; IAM fact sheet 6.5, DeleteConflict.</summary>
internal sealed class DeleteRole(IamDirectories directories) : IOperation<RoleRequest, IamTarget, Done>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, RoleRequest request, CancellationToken ct) =>
        RoleTargets.ResolveAsync(directories, call, request.RoleName!, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<RoleRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var role = RoleTargets.Existing(target, request.RoleName!);
        if (role.AttachedPolicies.Count > 0)
            throw IamErrors.DeleteConflict("Cannot delete entity, must detach all policies first.");
        if (role.InlinePolicies.Count > 0)
            throw IamErrors.DeleteConflict("Cannot delete entity, must delete policies first.");
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([], [role])));
    }
}
