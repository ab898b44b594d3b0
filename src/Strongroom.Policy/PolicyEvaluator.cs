using System.Collections.Immutable;

namespace Strongroom.Policy;

/// <summary>IAM's algorithm: from a request and all policies that bear on it to a decision. Pure; never throws for policies that compiled.</summary>
/// <remarks>Source: IAM fact sheet 3.2, 3.3, 3.5; 3.6 for which of several reasons is told.</remarks>
public static class PolicyEvaluator
{
    /// <param name="policies">Those of the caller. Ignored for services and web identities; for a root all but the session policies.</param>
    /// <param name="trace">Optional: told every statement that applied and every key that was missing.</param>
    public static Decision Evaluate(in AccessRequest request, PrincipalPolicies policies, EvaluationTrace? trace = null)
    {
        ArgumentNullException.ThrowIfNull(policies);
        var own = request.Principal.Kind switch
        {
            PrincipalKind.Service or PrincipalKind.WebIdentity => PrincipalPolicies.None,
            PrincipalKind.Root when !policies.Identity.IsEmpty || policies.Boundary is not null => policies with { Identity = [], Boundary = null },
            _ => policies,
        };
        if (trace is not null)
            Explain(new RequestView(request, trace), own, trace);

        var view = new RequestView(request, null);
        return FindDeny(view, own) ?? Allow(view, own);
    }

    /// <summary>Whether the kind of policy on a resource is told as a trust policy.</summary>
    private static DecidingPolicy ResourceSide(in RequestView view) =>
        view.Request.Resource.Kind == ResourceKind.Role ? DecidingPolicy.Trust : DecidingPolicy.Resource;

    // A Deny anywhere decides; where several do, session, boundary, identity, resource is the order in which one is told.
    private static Decision? FindDeny(in RequestView view, PrincipalPolicies own)
    {
        if (FindDeny(view, own.Session, DecidingPolicy.Session) is { } bySession)
            return bySession;
        if (own.Boundary is { } boundary && boundary.Policy.FindDeny(view) is { } byBoundary)
            return Of(Outcome.ExplicitDeny, DecidingPolicy.Boundary, boundary.Source, byBoundary);
        if (FindDeny(view, own.Identity, DecidingPolicy.Identity) is { } byIdentity)
            return byIdentity;
        return view.Request.Resource.ResourcePolicy?.FindDeny(view) is { } byResource
            ? Of(Outcome.ExplicitDeny, ResourceSide(view), null, byResource)
            : null;
    }

    private static Decision? FindDeny(in RequestView view, ImmutableArray<AttachedPolicy> policies, DecidingPolicy kind)
    {
        foreach (var policy in policies)
        {
            if (policy.Policy.FindDeny(view) is { } statement)
                return Of(Outcome.ExplicitDeny, kind, policy.Source, statement);
        }

        return null;
    }

    private static Decision Allow(in RequestView view, PrincipalPolicies own)
    {
        ref readonly var request = ref view.Request;
        var (caller, resource) = (request.Principal, request.Resource);
        var (match, byResource) = ResourceGrant(view);

        if (caller.Kind is PrincipalKind.Service or PrincipalKind.WebIdentity)
            return match == PrincipalMatch.Direct ? byResource : None(ResourceSide(view));

        var isOwn = caller.Account == resource.Account;
        var needsResource = !isOwn || resource.Kind != ResourceKind.Ordinary;

        // Inside an account, what names the caller itself is enough, whatever boundary and session leave unsaid.
        if (isOwn && match == PrincipalMatch.Direct && !caller.IsRoot)
            return byResource;
        if (isOwn && needsResource && match == PrincipalMatch.None)
            return None(ResourceSide(view));

        Decision allowed;
        if (caller.IsRoot)
            allowed = new Decision(Outcome.Allowed, DecidingPolicy.Root);
        else if (isOwn && match == PrincipalMatch.Role)
            allowed = byResource;
        else if (FindAllow(view, own.Identity, DecidingPolicy.Identity) is { } byIdentity)
            allowed = byIdentity;
        else
            return None(DecidingPolicy.Identity);

        if (own.Boundary is { } boundary && boundary.Policy.FindAllow(view) is null)
            return None(DecidingPolicy.Boundary);
        if (!own.Session.IsEmpty && FindAllow(view, own.Session, DecidingPolicy.Session) is null)
            return None(DecidingPolicy.Session);
        return needsResource && match == PrincipalMatch.None ? None(ResourceSide(view)) : allowed;
    }

    /// <summary>How the resource's side allows the caller: by its policy or, for a key, by a grant.</summary>
    private static (PrincipalMatch, Decision) ResourceGrant(in RequestView view)
    {
        var match = PrincipalMatch.None;
        var statement = view.Request.Resource.ResourcePolicy?.FindStrongestAllow(view, out match);
        if (view.Request.Resource.Kind == ResourceKind.Key && view.Request.Grant > match)
            return (view.Request.Grant, new Decision(Outcome.Allowed, DecidingPolicy.Grant));
        return (match, statement is null ? default : Of(Outcome.Allowed, ResourceSide(view), null, statement));
    }

    private static Decision? FindAllow(in RequestView view, ImmutableArray<AttachedPolicy> policies, DecidingPolicy kind)
    {
        foreach (var policy in policies)
        {
            if (policy.Policy.FindAllow(view) is { } statement)
                return Of(Outcome.Allowed, kind, policy.Source, statement);
        }

        return null;
    }

    private static void Explain(in RequestView view, PrincipalPolicies own, EvaluationTrace trace)
    {
        foreach (var policy in own.Identity)
            policy.Policy.Explain(view, DecidingPolicy.Identity, policy.Source, trace);
        own.Boundary?.Policy.Explain(view, DecidingPolicy.Boundary, own.Boundary.Source, trace);
        foreach (var policy in own.Session)
            policy.Policy.Explain(view, DecidingPolicy.Session, policy.Source, trace);
        view.Request.Resource.ResourcePolicy?.Explain(view, ResourceSide(view), null, trace);
    }

    private static Decision None(DecidingPolicy kind) => new(Outcome.ImplicitDeny, kind);

    private static Decision Of(Outcome outcome, DecidingPolicy kind, PolicySource? source, CompiledStatement statement) =>
        new(outcome, kind, source, statement.Index, statement.Statement.Sid);
}
