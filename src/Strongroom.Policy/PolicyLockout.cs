namespace Strongroom.Policy;

/// <summary>Whether a new policy on a resource would keep its author from ever changing it again.</summary>
/// <remarks>
/// AWS checks this for secrets and keys without saying how. Here: the author is locked out if the new policy, with everything else as in the present
/// request, leaves none of the actions that could undo it. An operator with the root's key is asked like anybody else. Source: API fact sheet 7.
/// </remarks>
public static class PolicyLockout
{
    /// <summary>Either of them undoes a secret's policy.</summary>
    public static IReadOnlyList<string> SecretActions { get; } = ["secretsmanager:PutResourcePolicy", "secretsmanager:DeleteResourcePolicy"];

    public static IReadOnlyList<string> KeyActions { get; } = ["kms:PutKeyPolicy"];

    /// <param name="request">The request that would store the policy.</param>
    /// <param name="undoing">Actions of which one must remain; <see cref="SecretActions"/> or <see cref="KeyActions"/>.</param>
    public static bool LocksOut(in AccessRequest request, PrincipalPolicies policies, CompiledPolicy proposed, IReadOnlyList<string> undoing)
    {
        ArgumentNullException.ThrowIfNull(proposed);
        ArgumentNullException.ThrowIfNull(undoing);
        var later = new ResourceWithPolicy(request.Resource, proposed);
        foreach (var action in undoing)
        {
            if (PolicyEvaluator.Evaluate(request with { Action = action, Resource = later }, policies).IsAllowed)
                return false;
        }

        return true;
    }
}
