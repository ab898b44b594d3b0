using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Oidc;

/// <summary>A provider and a client id: to add, to remove. Source: IAM model.</summary>
internal sealed class ClientIdRequest
{
    public string? Arn { get; private set; }
    public string? ClientId { get; private set; }

    public static Shape<ClientIdRequest> Shape { get; } = new(
        Member.String<ClientIdRequest>("OpenIDConnectProviderArn", r => r.Arn, (r, v) => r.Arn = v, IamLimits.Arn, required: true),
        Member.String<ClientIdRequest>("ClientID", r => r.ClientId, (r, v) => r.ClientId = v, IamLimits.ClientId, required: true));
}

/// <summary>Adding one that is there already succeeds. Source: IAM model, AddClientIDToOpenIDConnectProvider.</summary>
internal sealed class AddClientIDToOpenIDConnectProvider(IamDirectories directories) : IOperation<ClientIdRequest, IamTarget, Done>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, ClientIdRequest request, CancellationToken ct) =>
        ProviderTargets.ResolveAsync(directories, call, request.Arn!, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<ClientIdRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var provider = ProviderTargets.Existing(target);
        var ids = ProviderParts.CheckClientIds([.. provider.ClientIds, request.ClientId!]);
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([provider with { ClientIds = ids }])));
    }
}
