using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Oidc;

/// <summary>Source: IAM model, UpdateOpenIDConnectProviderThumbprint.</summary>
internal sealed class UpdateThumbprintRequest
{
    public string? Arn { get; private set; }
    public IReadOnlyList<string>? Thumbprints { get; private set; }

    public static Shape<UpdateThumbprintRequest> Shape { get; } = new(
        Member.String<UpdateThumbprintRequest>("OpenIDConnectProviderArn", r => r.Arn, (r, v) => r.Arn = v, IamLimits.Arn, required: true),
        Member.Strings<UpdateThumbprintRequest>("ThumbprintList", r => r.Thumbprints, (r, v) => r.Thumbprints = v, IamLimits.Thumbprint, required: true));
}

/// <summary>Replaces the list.</summary>
internal sealed class UpdateOpenIDConnectProviderThumbprint(IamDirectories directories) : IOperation<UpdateThumbprintRequest, IamTarget, Done>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, UpdateThumbprintRequest request, CancellationToken ct) =>
        ProviderTargets.ResolveAsync(directories, call, request.Arn!, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<UpdateThumbprintRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var provider = ProviderTargets.Existing(target) with { Thumbprints = ProviderParts.CheckThumbprints(request.Thumbprints!) };
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([provider])));
    }
}
