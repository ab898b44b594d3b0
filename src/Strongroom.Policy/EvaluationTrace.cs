namespace Strongroom.Policy;

/// <summary>Collects what an evaluation looked at, for <c>explain</c> and for simulations. Without one, nothing of this is computed.</summary>
/// <remarks>With a trace every statement is examined, also those that can't change the decision any more. Not thread-safe.</remarks>
public sealed class EvaluationTrace
{
    private readonly List<MatchedStatement> matched = [];
    private readonly SortedSet<string> missing = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Every statement that applies to the request: identity, boundary, session, resource policies, in this order.</summary>
    public IReadOnlyList<MatchedStatement> Matched => matched;

    /// <summary>Condition keys that a statement for this action and resource asked about and the request does not have: <c>MissingContextValues</c>. Sorted.</summary>
    public IReadOnlyCollection<string> MissingKeys => missing;

    internal void Add(MatchedStatement statement) => matched.Add(statement);

    internal void AddMissing(ConditionKey key) => missing.Add(key.Text);
}

/// <param name="Source">Null for the policy of the resource.</param>
/// <param name="Index">From 0.</param>
/// <param name="Match">How its principal names the caller; None in policies without principals.</param>
public sealed record MatchedStatement(
    DecidingPolicy Kind, PolicySource? Source, int Index, string? Sid, PolicyEffect Effect, PrincipalMatch Match, StatementSpan Span);

/// <summary>Where a statement stands in the text as submitted: from its opening brace to behind its closing one. Lines and columns from 1, columns in UTF-16 units.</summary>
public readonly record struct StatementSpan(int StartLine, int StartColumn, int EndLine, int EndColumn);
