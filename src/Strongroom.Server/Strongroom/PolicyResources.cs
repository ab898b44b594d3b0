using Strongroom.Policy;
using Strongroom.Protocol;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using Strongroom.Server.Keys;
using Strongroom.Server.Kms;
using Strongroom.Server.SecretsManager;
using Strongroom.Server.Sts;
using Strongroom.Storage;

namespace Strongroom.Server.Strongroom;

/// <summary>Something without a policy of its own that we know of, named by its ARN.</summary>
internal sealed record PlainResource(string Account, string ResourceArn) : IResource;

/// <summary>What a question about an action names, with the policies and tags it has now.</summary>
internal sealed class PolicyResources(ISecretStore store, IamDirectories directories, KeyDirectory keys)
{
    private static readonly ConditionKey KmsKeyId = new("secretsmanager:KmsKeyId");

    /// <param name="resource">An ARN, the name of a secret of the account, the id or an alias of a key, or <c>*</c>.</param>
    /// <param name="requestKeys">The request's own condition keys; null when none are known.</param>
    /// <returns>A <see cref="ForeignResource"/> for what another account owns, unless <paramref name="account"/> administers the installation.</returns>
    public async ValueTask<IResource> FindAsync(string account, string region, string action, string resource, IConditionKeys? requestKeys, CancellationToken ct)
    {
        if (resource == "*")
            return new PlainResource(account, "*");
        if (Arn.TryParse(resource) is { } arn)
        {
            // What another account has, and what its policies say, is not told: a question is no way around its resource policies.
            if (IsOfAnother(account, arn) && !await InstallationTarget.IsAsync(directories, account, ct))
                return Foreign(arn, resource, requestKeys);
            return (arn.Service, arn.Resource) switch
            {
                ("secretsmanager", var tail) when tail.StartsWith("secret:", StringComparison.Ordinal) =>
                    await FindSecretAsync(arn.Account, arn.Region, tail["secret:".Length..], resource, requestKeys, ct),
                ("kms", _) when IsOfKey(action) && await keys.FindAsync(account, arn.Region, resource, ct) is var (directory, key) =>
                    new KmsTarget(account, directory, key.Arn, key),
                ("kms", var tail) when tail.StartsWith("key/", StringComparison.Ordinal) => await FindKeyAsync(account, arn, resource, ct),
                ("iam", var tail) when tail.StartsWith("role/", StringComparison.Ordinal) && action.StartsWith("sts:", StringComparison.OrdinalIgnoreCase) =>
                    await RoleTarget.FindAsync(directories, resource, ct),
                _ => new PlainResource(arn.Account.Length > 0 ? arn.Account : account, resource),
            };
        }

        if (IsOfKey(action) && await keys.FindAsync(account, region, resource, ct) is var (home, named))
            return new KmsTarget(account, home, named.Arn, named);
        return action.StartsWith("secretsmanager:", StringComparison.OrdinalIgnoreCase)
            ? await FindSecretAsync(account, region, resource, resource, requestKeys, ct)
            : new PlainResource(account, resource);
    }

    // AWS's managed policies are everybody's.
    private static bool IsOfAnother(string account, Arn arn) => arn.Account != account && arn.Account is not ("" or "aws");

    private static ForeignResource Foreign(Arn arn, string resource, IConditionKeys? requestKeys) =>
        new(arn.Service == "secretsmanager" ? new SecretTarget(arn.Account, resource, resource, null) { RequestKeys = requestKeys } : new PlainResource(arn.Account, resource));

    // What acts on a key may name it by an alias; what acts on an alias is asked about the alias.
    private static bool IsOfKey(string action) =>
        action.StartsWith("kms:", StringComparison.OrdinalIgnoreCase) && !action.EndsWith("Alias", StringComparison.OrdinalIgnoreCase);

    private async ValueTask<IResource> FindKeyAsync(string caller, Arn arn, string resource, CancellationToken ct) =>
        await keys.FindDirectoryAsync(arn.Account, arn.Region, ct) is { } directory
            ? new KmsTarget(caller, directory, resource, Guid.TryParse(arn.Resource["key/".Length..], out var id) ? directory.FindKey(id) : null)
            : new PlainResource(arn.Account, resource);

    /// <param name="tail">A name, or a name with its suffix.</param>
    private async ValueTask<IResource> FindSecretAsync(string account, string region, string tail, string asked, IConditionKeys? requestKeys, CancellationToken ct)
    {
        var secret = await store.FindAsync(account, region, tail, ct);
        if (secret is null && SecretArn.TrySplitSuffix(tail, out var name, out var suffix))
            secret = await store.FindAsync(account, region, name, ct) is { } found && found.Suffix == suffix ? found : null;
        return new SecretTarget(account, secret?.Arn() ?? SecretArn.Of(account, region, tail), asked, secret)
        {
            RequestKeys = requestKeys,
            KmsKeyArn = requestKeys?.Find(KmsKeyId) is { Count: > 0 } key ? await keys.FindArnAsync(account, region, key[0], ct) : null,
        };
    }
}
