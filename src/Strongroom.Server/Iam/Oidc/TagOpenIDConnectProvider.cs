using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Oidc;

/// <summary>Source: IAM model, TagOpenIDConnectProvider.</summary>
internal sealed class TagProviderRequest
{
    public string? Arn { get; private set; }
    public IReadOnlyList<TagRequest>? Tags { get; private set; }

    public static Shape<TagProviderRequest> Shape { get; } = new(
        Member.String<TagProviderRequest>("OpenIDConnectProviderArn", r => r.Arn, (r, v) => r.Arn = v, IamLimits.Arn, required: true),
        Member.Structs<TagProviderRequest, TagRequest>("Tags", TagRequest.Shape, r => r.Tags, (r, v) => r.Tags = v, max: 50, required: true));
}

internal sealed class TagOpenIDConnectProvider(IamDirectories directories) : IOperation<TagProviderRequest, IamTarget, Done>
{
    public async ValueTask<IamTarget> ResolveAsync(CallContext call, TagProviderRequest request, CancellationToken ct) =>
        await ProviderTargets.ResolveAsync(directories, call, request.Arn!, ct) with { RequestTags = IamTarget.ToTagSet(TagRequest.ToTags(request.Tags)) };

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<TagProviderRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var provider = ProviderTargets.Existing(target);
        var tags = IamTags.Merge(provider.Tags, TagRequest.ToTags(request.Tags), "TagsPerOpenIdConnectProvider");
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([provider with { Tags = tags }])));
    }
}
