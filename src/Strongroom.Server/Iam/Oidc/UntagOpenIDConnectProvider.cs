using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Oidc;

/// <summary>Source: IAM model, UntagOpenIDConnectProvider.</summary>
internal sealed class UntagProviderRequest
{
    public string? Arn { get; private set; }
    public IReadOnlyList<string>? TagKeys { get; private set; }

    public static Shape<UntagProviderRequest> Shape { get; } = new(
        Member.String<UntagProviderRequest>("OpenIDConnectProviderArn", r => r.Arn, (r, v) => r.Arn = v, IamLimits.Arn, required: true),
        Member.Strings<UntagProviderRequest>("TagKeys", r => r.TagKeys, (r, v) => r.TagKeys = v, IamLimits.TagKey, max: 50, required: true));
}

internal sealed class UntagOpenIDConnectProvider(IamDirectories directories) : IOperation<UntagProviderRequest, IamTarget, Done>
{
    public async ValueTask<IamTarget> ResolveAsync(CallContext call, UntagProviderRequest request, CancellationToken ct) =>
        await ProviderTargets.ResolveAsync(directories, call, request.Arn!, ct) with { ServiceKeys = new RemovedTagKeys(request.TagKeys!) };

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<UntagProviderRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var provider = ProviderTargets.Existing(target);
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([provider with { Tags = IamTags.Remove(provider.Tags, request.TagKeys!) }])));
    }
}
