using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Groups;

/// <summary>Source: IAM model, ListGroups.</summary>
internal sealed class ListGroupsRequest : PagedRequest
{
    public string? PathPrefix { get; private set; }

    public static Shape<ListGroupsRequest> Shape { get; } = new(Members(
        Member.String<ListGroupsRequest>("PathPrefix", r => r.PathPrefix, (r, v) => r.PathPrefix = v, IamLimits.PathPrefix)));
}

internal sealed class ListGroups(IamDirectories directories, Paging paging) : IOperation<ListGroupsRequest, IamTarget, GroupListResponse>
{
    public async ValueTask<IamTarget> ResolveAsync(CallContext call, ListGroupsRequest request, CancellationToken ct)
    {
        var directory = await directories.GetAsync(call.Caller.Account, ct);
        return new IamTarget(directory, $"arn:aws:iam::{directory.Account}:group{request.PathPrefix ?? "/"}");
    }

    public ValueTask<Plan<GroupListResponse>> PlanAsync(CallContext call, Authorized<ListGroupsRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var groups = target.Directory.All<IamGroup>().Where(group => group.Path.StartsWith(request.PathPrefix ?? "/", StringComparison.Ordinal));
        return new(new GroupListResponse(target.Account, paging.Cut(groups, group => group.Key, request)));
    }
}
