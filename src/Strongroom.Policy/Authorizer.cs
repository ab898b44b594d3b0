using System.Diagnostics.CodeAnalysis;

namespace Strongroom.Policy;

/// <summary>The one maker of <see cref="Authorized{TRequest,TTarget}"/>: asks <see cref="PolicyEvaluator"/> and turns an Allowed into a proof. Pure, default closed.</summary>
public static class Authorizer
{
    /// <summary>Decides one action. An operation that needs further permissions asks again for each and goes on only if all are granted.</summary>
    /// <param name="policies">The caller's, see <see cref="PrincipalPolicies"/>.</param>
    /// <param name="facts">Of the connection and headers.</param>
    /// <param name="target">Brings its own policy, tags and service keys, see <see cref="IResource"/>.</param>
    /// <param name="decision">In both cases: what decided.</param>
    /// <param name="grant">For keys: how a grant that allows this names the caller.</param>
    public static bool TryAuthorize<TRequest, TTarget>(
        Principal principal, PrincipalPolicies policies, RequestFacts facts, string action, TRequest request, TTarget target,
        [NotNullWhen(true)] out Authorized<TRequest, TTarget>? authorized, out Decision decision, PrincipalMatch grant = PrincipalMatch.None)
        where TTarget : IResource
    {
        ArgumentNullException.ThrowIfNull(principal);
        ArgumentNullException.ThrowIfNull(facts);
        decision = target.Kind == ResourceKind.Unguarded
            ? new Decision(Outcome.Allowed, DecidingPolicy.Nobody)
            : PolicyEvaluator.Evaluate(new AccessRequest(principal, action, target, facts) { Grant = grant }, policies);
        authorized = decision.IsAllowed ? new(request, target) : null;
        return authorized is not null;
    }
}
