namespace Strongroom.Policy;

/// <summary>A statement made ready to be matched.</summary>
internal sealed class CompiledStatement
{
    private readonly (PolicyPrincipal Principal, string? EntityId)[]? principals;
    private readonly bool isNotPrincipal;
    private readonly TextPattern[] actions;
    private readonly bool isNotAction;
    private readonly ArnPattern[]? resources;
    private readonly bool isNotResource;
    private readonly CompiledCondition[] conditions;

    public CompiledStatement(PolicyStatement statement, int index, bool hasVariables, IReadOnlyDictionary<string, string>? entityIds)
    {
        Statement = statement;
        Index = index;
        if (statement.Principals is { } named)
        {
            principals = [.. named.Principals.Select(p => (p, entityIds?.GetValueOrDefault(p.Text)))];
            isNotPrincipal = named.IsNegated;
        }

        actions = [.. statement.Actions.Patterns.Select(a => TextPattern.Compile(a.Text, hasWildcards: true, hasVariables: false, ignoreCase: true))];
        isNotAction = statement.Actions.IsNegated;
        if (statement.Resources is { } covered)
        {
            resources = [.. covered.Patterns.Select(r => ArnPattern.Resource(r.Text, hasVariables))];
            isNotResource = covered.IsNegated;
        }

        conditions = [.. statement.Conditions.Select(c => new CompiledCondition(c, hasVariables))];
    }

    public PolicyStatement Statement { get; }

    public int Index { get; }

    /// <param name="match">How the statement names the caller; None where it names nobody, as in identity policies.</param>
    public bool Applies(in RequestView view, out PrincipalMatch match)
    {
        match = PrincipalMatch.None;
        return CoversAction(view) && AppliesToRest(view, out match);
    }

    /// <summary>As <see cref="Applies"/> for a statement that is known to cover the action.</summary>
    public bool AppliesToRest(in RequestView view, out PrincipalMatch match)
    {
        match = PrincipalMatch.None;
        return CoversResource(view) && Names(view.Request.Principal, out match) && Hold(view);
    }

    public bool CoversAction(in RequestView view)
    {
        foreach (var action in actions)
        {
            if (action.IsMatch(view.Request.Action, view))
                return !isNotAction;
        }

        return isNotAction;
    }

    private bool CoversResource(in RequestView view)
    {
        if (resources is null)
            return true; // a trust policy is about its role
        foreach (var resource in resources)
        {
            if (resource.IsMatch(view.Resource, view))
                return !isNotResource;
        }

        return isNotResource;
    }

    private bool Names(Principal caller, out PrincipalMatch match)
    {
        match = PrincipalMatch.None;
        if (principals is null)
            return true;
        foreach (var (principal, entityId) in principals)
        {
            if (PrincipalMatching.Match(principal, caller, entityId) is var found && found > match)
                match = found;
        }

        if (isNotPrincipal)
            match = match == PrincipalMatch.None ? PrincipalMatch.Direct : PrincipalMatch.None;
        return match != PrincipalMatch.None;
    }

    private bool Hold(in RequestView view)
    {
        var hold = true;
        foreach (var condition in conditions)
        {
            if (condition.Holds(view))
                continue;
            if (view.Trace is null)
                return false;
            hold = false; // a trace wants to know of the keys that the others miss, too
        }

        return hold;
    }
}
