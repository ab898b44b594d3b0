namespace Strongroom.Policy;

/// <summary>A policy made ready to be matched: nothing is parsed and, but for long texts with variables, nothing allocated per request.</summary>
/// <remarks>Immutable, thread-safe; keep it as long as the policy stands. One statement is matched in time proportional to its length times that of the request's texts.</remarks>
public sealed class CompiledPolicy
{
    // A server has about a hundred actions and asks for a few of them all the time; a simulation may make up any number, so the memory of them is bounded.
    private const int MaxRemembered = 16;

    private readonly CompiledStatement[] denies;
    private readonly CompiledStatement[] allows;
    private volatile Covering[] remembered = [];

    private CompiledPolicy(PolicyDocument document, IReadOnlyDictionary<string, string>? entityIds)
    {
        Document = document;
        var all = document.Statements.Select((s, i) => new CompiledStatement(s, i, document.HasVariables, entityIds)).ToLookup(s => s.Statement.Effect);
        denies = [.. all[PolicyEffect.Deny]];
        allows = [.. all[PolicyEffect.Allow]];
    }

    public PolicyDocument Document { get; }

    /// <param name="document">Any that has passed its checks; compiling never fails and takes time proportional to its length.</param>
    /// <param name="entityIds">For policies with principals: the <c>AIDA…</c> or <c>AROA…</c> of each user and role ARN, as found when the policy was stored. An ARN
    /// that is not in it is compared as text; so give the id of a deleted entity too, or its successor of the same name inherits the grant.</param>
    public static CompiledPolicy Compile(PolicyDocument document, IReadOnlyDictionary<string, string>? entityIds = null)
    {
        ArgumentNullException.ThrowIfNull(document);
        return new CompiledPolicy(document, entityIds);
    }

    /// <summary>The first Deny that applies, in the order of the document.</summary>
    internal CompiledStatement? FindDeny(in RequestView view)
    {
        foreach (var statement in For(view).Denies)
        {
            if (statement.AppliesToRest(view, out _))
                return statement;
        }

        return null;
    }

    /// <summary>The first Allow that applies.</summary>
    internal CompiledStatement? FindAllow(in RequestView view)
    {
        foreach (var statement in For(view).Allows)
        {
            if (statement.AppliesToRest(view, out _))
                return statement;
        }

        return null;
    }

    /// <summary>Of the Allows that apply, the first of those that name the caller most directly.</summary>
    internal CompiledStatement? FindStrongestAllow(in RequestView view, out PrincipalMatch strongest)
    {
        strongest = PrincipalMatch.None;
        CompiledStatement? found = null;
        foreach (var statement in For(view).Allows)
        {
            if (!statement.AppliesToRest(view, out var match) || match <= strongest)
                continue;
            (found, strongest) = (statement, match);
            if (match == PrincipalMatch.Direct)
                break;
        }

        return found;
    }

    /// <summary>Tells the trace of every statement that applies, in the order of the document.</summary>
    internal void Explain(in RequestView view, DecidingPolicy kind, PolicySource? source, EvaluationTrace trace)
    {
        var (d, a) = (0, 0);
        while (d < denies.Length || a < allows.Length)
        {
            var isDenyNext = a == allows.Length || (d < denies.Length && denies[d].Index < allows[a].Index);
            var next = isDenyNext ? denies[d++] : allows[a++];
            if (next.Applies(view, out var match))
                trace.Add(new MatchedStatement(kind, source, next.Index, next.Statement.Sid, next.Statement.Effect, match, next.Statement.Span));
        }
    }

    /// <summary>The statements that cover the request's action; found once for each action and kept.</summary>
    private Covering For(in RequestView view)
    {
        var action = view.Request.Action;
        var known = remembered;
        foreach (var covering in known)
        {
            if (covering.Action == action)
                return covering;
        }

        var found = new Covering(action, Select(denies, view), Select(allows, view));
        if (known.Length < MaxRemembered)
            remembered = [.. known, found]; // of two threads one may win: the other's is found again
        return found;
    }

    private static CompiledStatement[] Select(CompiledStatement[] statements, in RequestView view)
    {
        var covering = new List<CompiledStatement>();
        foreach (var statement in statements)
        {
            if (statement.CoversAction(view))
                covering.Add(statement);
        }

        return [.. covering];
    }

    private sealed record Covering(string Action, CompiledStatement[] Denies, CompiledStatement[] Allows);
}
