using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Tagged;

/// <summary>Source: IAM model, ListUserTags, ListRoleTags, ListPolicyTags, ListOpenIDConnectProviderTags.</summary>
internal sealed class ListEntityTagsRequest : PagedRequest
{
    public string? Name { get; private set; }

    public static Shape<ListEntityTagsRequest> Shape(TaggedKind kind) => new(Members(
        Member.String<ListEntityTagsRequest>(kind.NameMember, r => r.Name, (r, v) => r.Name = v, kind.Name, required: true)));
}

internal sealed class ListEntityTags(IamDirectories directories, TaggedKind kind, Paging paging)
    : IOperation<ListEntityTagsRequest, IamTarget, TagListResponse>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, ListEntityTagsRequest request, CancellationToken ct) =>
        kind.ResolveAsync(directories, call, request.Name!, ct);

    public ValueTask<Plan<TagListResponse>> PlanAsync(CallContext call, Authorized<ListEntityTagsRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        return new(Tagging.List(kind.TagsOf(target, request.Name!), request, paging));
    }
}
