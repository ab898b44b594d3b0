using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Tagged;

/// <summary>Source: IAM model, UntagUser, UntagRole, UntagPolicy, UntagOpenIDConnectProvider.</summary>
internal sealed class UntagEntityRequest
{
    public string? Name { get; private set; }
    public IReadOnlyList<string>? TagKeys { get; private set; }

    public static Shape<UntagEntityRequest> Shape(TaggedKind kind) => new(
        Member.String<UntagEntityRequest>(kind.NameMember, r => r.Name, (r, v) => r.Name = v, kind.Name, required: true),
        Member.Strings<UntagEntityRequest>("TagKeys", r => r.TagKeys, (r, v) => r.TagKeys = v, IamLimits.TagKey, max: 50, required: true));
}

internal sealed class UntagEntity(IamDirectories directories, TaggedKind kind) : IOperation<UntagEntityRequest, IamTarget, Done>
{
    public async ValueTask<IamTarget> ResolveAsync(CallContext call, UntagEntityRequest request, CancellationToken ct) =>
        await kind.ResolveAsync(directories, call, request.Name!, ct) with { ServiceKeys = new RemovedTagKeys(request.TagKeys!) };

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<UntagEntityRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var entity = kind.Changeable(call, target, request.Name!, "Untag" + kind.Title);
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([entity with { Tags = IamTags.Remove(entity.Tags, request.TagKeys!) }])));
    }
}
