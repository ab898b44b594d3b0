using Strongroom.Policy;

namespace Strongroom.Server.Iam.Roles;

/// <summary>Checks trust policies as they are put. Source: IAM fact sheet 2.3, 2.7.</summary>
internal sealed class TrustPolicies(PolicyPrincipals principals)
{
    /// <returns>Unique ids of the users and roles it names, by ARN.</returns>
    /// <exception cref="Protocol.ServiceException">MalformedPolicyDocument; LimitExceeded.</exception>
    public async ValueTask<IReadOnlyDictionary<string, string>> CheckAsync(string text, CancellationToken ct)
    {
        if (!PolicyDocument.TryParse(text, PolicyKind.Trust, out var document, out var error))
            throw IamErrors.MalformedPolicy(error.Message);
        if (PolicySize.Count(text) > PolicySize.MaxTrust)
            throw IamErrors.QuotaExceeded("ACLSizePerRole", PolicySize.MaxTrust);
        var resolved = await principals.ResolveAsync(document, ct);
        return resolved.Message is { } message ? throw IamErrors.MalformedPolicy(message) : resolved.EntityIds;
    }

    /// <summary>The trust policy as it reads today.</summary>
    public ValueTask<string> ShowAsync(IamRole role, CancellationToken ct) => principals.ShowAsync(role.TrustPolicy, role.TrustPrincipals, ct);
}
