using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Oidc;

/// <summary>Source: IAM model, ListOpenIDConnectProviderTags.</summary>
internal sealed class PagedProviderRequest : PagedRequest
{
    public string? Arn { get; private set; }

    public static Shape<PagedProviderRequest> Shape { get; } = new(Members(
        Member.String<PagedProviderRequest>("OpenIDConnectProviderArn", r => r.Arn, (r, v) => r.Arn = v, IamLimits.Arn, required: true)));
}

internal sealed class ListOpenIDConnectProviderTags(IamDirectories directories, Paging paging) : IOperation<PagedProviderRequest, IamTarget, TagListResponse>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, PagedProviderRequest request, CancellationToken ct) =>
        ProviderTargets.ResolveAsync(directories, call, request.Arn!, ct);

    public ValueTask<Plan<TagListResponse>> PlanAsync(CallContext call, Authorized<PagedProviderRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        return new(Tagging.List(ProviderTargets.Existing(target).Tags, request, paging));
    }
}
