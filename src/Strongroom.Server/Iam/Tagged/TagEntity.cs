using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Tagged;

/// <summary>Source: IAM model, TagUser, TagRole, TagPolicy, TagOpenIDConnectProvider.</summary>
internal sealed class TagEntityRequest
{
    public string? Name { get; private set; }
    public IReadOnlyList<TagRequest>? Tags { get; private set; }

    public static Shape<TagEntityRequest> Shape(TaggedKind kind) => new(
        Member.String<TagEntityRequest>(kind.NameMember, r => r.Name, (r, v) => r.Name = v, kind.Name, required: true),
        Member.Structs<TagEntityRequest, TagRequest>("Tags", TagRequest.Shape, r => r.Tags, (r, v) => r.Tags = v, max: 50, required: true));
}

internal sealed class TagEntity(IamDirectories directories, TaggedKind kind) : IOperation<TagEntityRequest, IamTarget, Done>
{
    public async ValueTask<IamTarget> ResolveAsync(CallContext call, TagEntityRequest request, CancellationToken ct) =>
        await kind.ResolveAsync(directories, call, request.Name!, ct) with { RequestTags = IamTarget.ToTagSet(TagRequest.ToTags(request.Tags)) };

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<TagEntityRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var entity = kind.Changeable(call, target, request.Name!, "Tag" + kind.Title);
        var tags = IamTags.Merge(entity.Tags, TagRequest.ToTags(request.Tags), kind.Quota);
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([entity with { Tags = tags }])));
    }
}
