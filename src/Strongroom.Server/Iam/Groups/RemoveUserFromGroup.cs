using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Groups;

/// <summary>Permission is asked on the group. Who is no member stays none.</summary>
internal sealed class RemoveUserFromGroup(IamDirectories directories) : IOperation<MembershipRequest, IamTarget, Done>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, MembershipRequest request, CancellationToken ct) =>
        GroupTargets.ResolveAsync(directories, call, request.GroupName!, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<MembershipRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var (group, user) = request.Existing(target);
        if (!GroupTargets.IsMember(user, group))
            return new(Done.Instance);
        var left = user with { Groups = [.. user.Groups.Where(name => IamEntity.KeyOf(name) != group.Key)] };
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([left])));
    }
}
