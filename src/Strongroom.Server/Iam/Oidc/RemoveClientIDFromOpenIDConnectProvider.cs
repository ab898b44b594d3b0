using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Oidc;

/// <summary>Removing one that is not there succeeds. Source: IAM model, RemoveClientIDFromOpenIDConnectProvider.</summary>
internal sealed class RemoveClientIDFromOpenIDConnectProvider(IamDirectories directories) : IOperation<ClientIdRequest, IamTarget, Done>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, ClientIdRequest request, CancellationToken ct) =>
        ProviderTargets.ResolveAsync(directories, call, request.Arn!, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<ClientIdRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var provider = ProviderTargets.Existing(target);
        IReadOnlyList<string> ids = [.. provider.ClientIds.Where(id => id != request.ClientId)];
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([provider with { ClientIds = ids }])));
    }
}
