using Strongroom.Policy;
using Strongroom.Protocol;

namespace Strongroom.Server.Iam;

/// <summary>A principal as a question names it, without anybody signing: for explanations, simulations and rehearsals. Never for a call.</summary>
internal static class PrincipalLookup
{
    /// <param name="arn">Of the account's root, a user, a role, or a session <c>arn:aws:sts::A:assumed-role/R/S</c>.</param>
    /// <returns>Null when the account has no such principal.</returns>
    public static (Principal Principal, PrincipalPolicies Policies)? Find(IamDirectory directory, string arn)
    {
        if (Arn.TryParse(arn) is not { } parsed || parsed.Account != directory.Account)
            return null;
        var parts = parsed.Resource.Split('/');
        return (parsed.Service, parts[0]) switch
        {
            ("iam", "root") when parts.Length == 1 => (Principal.Root(directory.Account, arn), PrincipalPolicies.None),
            ("iam", "user") when directory.FindUser(parts[^1]) is { } user && user.Arn(directory.Account) == arn => (user.ToPrincipal(directory.Account), CallerPolicies.Of(directory, user)),
            ("iam", "role") when directory.FindRole(parts[^1]) is { } role && role.Arn(directory.Account) == arn => OfRole(directory, role, role.Name),
            ("sts", "assumed-role") when parts.Length == 3 && directory.FindRole(parts[1]) is { } role && role.Name == parts[1] => OfRole(directory, role, parts[2]),
            _ => null,
        };
    }

    // A session as the role alone makes it: no session policies, no session tags.
    private static (Principal, PrincipalPolicies) OfRole(IamDirectory directory, IamRole role, string session) =>
        (role.ToPrincipal(directory.Account, session), CallerPolicies.Of(directory, role));
}
