using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Users;

/// <summary>Source: IAM model, ListUserTags.</summary>
internal sealed class ListUserTagsRequest : PagedRequest
{
    public string? UserName { get; private set; }

    public static Shape<ListUserTagsRequest> Shape { get; } = new(Members(
        Member.String<ListUserTagsRequest>("UserName", r => r.UserName, (r, v) => r.UserName = v, IamLimits.ExistingUserName, required: true)));
}

internal sealed class ListUserTags(IamDirectories directories, Paging paging) : IOperation<ListUserTagsRequest, IamTarget, TagListResponse>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, ListUserTagsRequest request, CancellationToken ct) =>
        UserTargets.ResolveAsync(directories, call, request.UserName, ct);

    public ValueTask<Plan<TagListResponse>> PlanAsync(CallContext call, Authorized<ListUserTagsRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        return new(Tagging.List(UserTargets.Existing(target, request.UserName).Tags, request, paging));
    }
}
