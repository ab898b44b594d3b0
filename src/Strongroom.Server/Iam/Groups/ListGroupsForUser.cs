using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam.Users;

namespace Strongroom.Server.Iam.Groups;

/// <summary>Source: IAM model, ListGroupsForUser.</summary>
internal sealed class ListGroupsForUserRequest : PagedRequest
{
    public string? UserName { get; private set; }

    public static Shape<ListGroupsForUserRequest> Shape { get; } = new(Members(
        Member.String<ListGroupsForUserRequest>("UserName", r => r.UserName, (r, v) => r.UserName = v, IamLimits.ExistingUserName, required: true)));
}

internal sealed class ListGroupsForUser(IamDirectories directories, Paging paging) : IOperation<ListGroupsForUserRequest, IamTarget, GroupListResponse>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, ListGroupsForUserRequest request, CancellationToken ct) =>
        UserTargets.ResolveAsync(directories, call, request.UserName, ct);

    public ValueTask<Plan<GroupListResponse>> PlanAsync(CallContext call, Authorized<ListGroupsForUserRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var user = UserTargets.Existing(target, request.UserName);
        var groups = target.Directory.All<IamGroup>().Where(group => GroupTargets.IsMember(user, group));
        return new(new GroupListResponse(target.Account, paging.Cut(groups, group => group.Key, request)));
    }
}
