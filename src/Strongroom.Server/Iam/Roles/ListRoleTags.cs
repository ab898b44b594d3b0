using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Roles;

/// <summary>What names one role and pages: ListRoleTags, ListInstanceProfilesForRole. Source: IAM model.</summary>
internal sealed class PagedRoleRequest : PagedRequest
{
    public string? RoleName { get; private set; }

    public static Shape<PagedRoleRequest> Shape { get; } = new(Members(
        Member.String<PagedRoleRequest>("RoleName", r => r.RoleName, (r, v) => r.RoleName = v, IamLimits.RoleName, required: true)));
}

/// <summary>Source: IAM model, ListRoleTags.</summary>
internal sealed class ListRoleTags(IamDirectories directories, Paging paging) : IOperation<PagedRoleRequest, IamTarget, TagListResponse>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, PagedRoleRequest request, CancellationToken ct) =>
        RoleTargets.ResolveAsync(directories, call, request.RoleName!, ct);

    public ValueTask<Plan<TagListResponse>> PlanAsync(CallContext call, Authorized<PagedRoleRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        return new(Tagging.List(RoleTargets.Existing(target, request.RoleName!).Tags, request, paging));
    }
}
