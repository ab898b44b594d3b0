namespace Strongroom.Policy;

public enum Outcome
{
    /// <summary>Nothing allows it. The default value of a <see cref="Decision"/> is this one: closed.</summary>
    ImplicitDeny,

    ExplicitDeny,
    Allowed,
}

/// <summary>The kind of policy that decided; <see cref="Decision.Reason"/> words it as AWS does.</summary>
public enum DecidingPolicy
{
    Identity,
    Resource,
    Boundary,
    Session,

    /// <summary>A role's trust policy.</summary>
    Trust,

    /// <summary>No policy: the root of the account owns what is in it.</summary>
    Root,

    /// <summary>No policy is asked, see <see cref="ResourceKind.Unguarded"/>.</summary>
    Nobody,

    /// <summary>A grant on a KMS key.</summary>
    Grant,
}

/// <summary>Whether a request is allowed, and by what.</summary>
/// <param name="DecidedBy">For an implicit deny, the kind of policy that should have allowed and did not.</param>
/// <param name="Source">The policy that has the statement; null for implicit denies, roots, grants and policies of resources.</param>
/// <param name="StatementIndex">From 0; null if no statement decided.</param>
/// <param name="Sid">Of that statement, if it has one.</param>
public readonly record struct Decision(
    Outcome Outcome, DecidingPolicy DecidedBy, PolicySource? Source = null, int? StatementIndex = null, string? Sid = null)
{
    public bool IsAllowed => Outcome == Outcome.Allowed;

    /// <summary>The clause that ends AWS's denial message; empty for an allowed request. Source: IAM fact sheet 3.6.</summary>
    public string Reason(string action) => Outcome switch
    {
        Outcome.Allowed => "",
        Outcome.ExplicitDeny => "with an explicit deny in " + DecidedBy switch
        {
            DecidingPolicy.Resource => "a resource-based policy",
            DecidingPolicy.Boundary => "a permissions boundary",
            DecidingPolicy.Session => "a session policy",
            DecidingPolicy.Trust => "the role trust policy",
            _ => "an identity-based policy",
        },
        _ => $"because no {DecidedBy switch
        {
            DecidingPolicy.Resource => "resource-based policy",
            DecidingPolicy.Boundary => "permissions boundary",
            DecidingPolicy.Session => "session policy",
            DecidingPolicy.Trust => "role trust policy",
            _ => "identity-based policy",
        }} allows the {action} action",
    };
}
