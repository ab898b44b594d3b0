using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Groups;

/// <summary>Permission is asked on the group. Who is a member already stays one.</summary>
internal sealed class AddUserToGroup(IamDirectories directories) : IOperation<MembershipRequest, IamTarget, Done>
{
    // Source: IAM fact sheet 6.5, LimitExceeded.
    public const int MaxGroupsPerUser = 10;

    public ValueTask<IamTarget> ResolveAsync(CallContext call, MembershipRequest request, CancellationToken ct) =>
        GroupTargets.ResolveAsync(directories, call, request.GroupName!, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<MembershipRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var (group, user) = request.Existing(target);
        if (GroupTargets.IsMember(user, group))
            return new(Done.Instance);
        if (user.Groups.Count >= MaxGroupsPerUser)
            throw IamErrors.QuotaExceeded("GroupsPerUser", MaxGroupsPerUser);
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([user with { Groups = [.. user.Groups, group.Name] }])));
    }
}
