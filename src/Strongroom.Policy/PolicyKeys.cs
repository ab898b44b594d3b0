namespace Strongroom.Policy;

/// <summary>What a policy asks of the context of a request.</summary>
public static class PolicyKeys
{
    /// <summary>The keys of its conditions and of its variables, as written; each once, whatever its case, in ordinal order.</summary>
    public static IReadOnlyList<string> Of(IEnumerable<PolicyDocument> documents)
    {
        ArgumentNullException.ThrowIfNull(documents);
        return [.. documents.SelectMany(Of).Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.Ordinal)];
    }

    private static IEnumerable<string> Of(PolicyDocument document)
    {
        foreach (var statement in document.Statements)
        {
            foreach (var condition in statement.Conditions)
                yield return condition.Key;
            if (!document.HasVariables)
                continue;
            var texts = (statement.Resources?.Patterns.Select(resource => resource.Text) ?? []).Concat(statement.Conditions.SelectMany(condition => condition.Values));
            foreach (var key in texts.SelectMany(TextPattern.VariablesIn))
                yield return key;
        }
    }
}
