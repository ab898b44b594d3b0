using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Oidc;

/// <summary>Succeeds where there is none. Roles that name the provider are left alone. Source: IAM model, DeleteOpenIDConnectProvider.</summary>
internal sealed class DeleteOpenIDConnectProvider(IamDirectories directories) : IOperation<ProviderRequest, IamTarget, Done>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, ProviderRequest request, CancellationToken ct) =>
        ProviderTargets.ResolveAsync(directories, call, request.Arn!, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<ProviderRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (_, target) = authorized;
        return new(target.Entity is { } provider ? new Plan<Done>(Done.Instance, target.Directory.Change([], [provider])) : Done.Instance);
    }
}
