using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Groups;

/// <summary>Source: IAM model, DeleteGroup; IAM fact sheet 6.5, deleting order rules.</summary>
internal sealed class DeleteGroupRequest
{
    public string? GroupName { get; private set; }

    public static Shape<DeleteGroupRequest> Shape { get; } = new(
        Member.String<DeleteGroupRequest>("GroupName", r => r.GroupName, (r, v) => r.GroupName = v, IamLimits.GroupName, required: true));
}

internal sealed class DeleteGroup(IamDirectories directories) : IOperation<DeleteGroupRequest, IamTarget, Done>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, DeleteGroupRequest request, CancellationToken ct) =>
        GroupTargets.ResolveAsync(directories, call, request.GroupName!, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<DeleteGroupRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var group = GroupTargets.Existing(target, request.GroupName!);
        if (GroupTargets.Members(target.Directory, group).Any())
            throw IamErrors.DeleteConflict("Cannot delete entity, must remove users from group first.");
        if (group.AttachedPolicies.Count > 0)
            throw IamErrors.DeleteConflict("Cannot delete entity, must detach all policies first.");
        if (group.InlinePolicies.Count > 0)
            throw IamErrors.DeleteConflict("Cannot delete entity, must delete policies first.");
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([], [group])));
    }
}
