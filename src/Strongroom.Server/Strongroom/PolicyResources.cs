using Strongroom.Policy;
using Strongroom.Protocol;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using Strongroom.Server.SecretsManager;
using Strongroom.Storage;

namespace Strongroom.Server.Strongroom;

/// <summary>Something without a policy of its own that we know of, named by its ARN.</summary>
internal sealed record PlainResource(string Account, string ResourceArn) : IResource;

/// <summary>What a question about an action names, with the policies and tags it has now.</summary>
internal sealed class PolicyResources(ISecretStore store)
{
    /// <param name="resource">An ARN, the name of a secret of the account, or <c>*</c>.</param>
    /// <param name="keys">The request's own condition keys; null when none are known.</param>
    public async ValueTask<IResource> FindAsync(string account, string region, string action, string resource, IConditionKeys? keys, CancellationToken ct)
    {
        if (resource == "*")
            return new PlainResource(account, "*");
        if (Arn.TryParse(resource) is { } arn)
        {
            return arn.Service == "secretsmanager" && arn.Resource.StartsWith("secret:", StringComparison.Ordinal)
                ? await FindSecretAsync(arn.Account, arn.Region, arn.Resource["secret:".Length..], resource, keys, ct)
                : new PlainResource(arn.Account.Length > 0 ? arn.Account : account, resource);
        }

        return action.StartsWith("secretsmanager:", StringComparison.OrdinalIgnoreCase)
            ? await FindSecretAsync(account, region, resource, resource, keys, ct)
            : new PlainResource(account, resource);
    }

    /// <param name="tail">A name, or a name with its suffix.</param>
    private async ValueTask<IResource> FindSecretAsync(string account, string region, string tail, string asked, IConditionKeys? keys, CancellationToken ct)
    {
        var secret = await store.FindAsync(account, region, tail, ct);
        if (secret is null && SecretArn.TrySplitSuffix(tail, out var name, out var suffix))
            secret = await store.FindAsync(account, region, name, ct) is { } found && found.Suffix == suffix ? found : null;
        return new SecretTarget(account, secret?.Arn() ?? SecretArn.Of(account, region, tail), asked, secret) { RequestKeys = keys };
    }
}
