using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Policies;

/// <summary>Source: IAM model, ListPolicyTags.</summary>
internal sealed class ListPolicyTags(IamDirectories directories, Paging paging) : IOperation<PagedPolicyRequest, IamTarget, TagListResponse>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, PagedPolicyRequest request, CancellationToken ct) =>
        PolicyTargets.ResolveAsync(directories, call, request.PolicyArn!, ct);

    public ValueTask<Plan<TagListResponse>> PlanAsync(CallContext call, Authorized<PagedPolicyRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        return new(Tagging.List(PolicyTargets.Existing(target).Own?.Tags ?? [], request, paging));
    }
}
