using System.Text.RegularExpressions;

namespace Strongroom.Protocol.AwsJson;

/// <summary>What the service model demands of a string: length in characters, pattern, value set.</summary>
/// <param name="Min">Smallest length in characters.</param>
/// <param name="Max">Largest length in characters.</param>
public sealed record Constraint(int Min = 0, int Max = int.MaxValue, IReadOnlyList<string>? Values = null)
{
    // Made when it is first asked: there are hundreds, they cost more than all else at a start, and few servers need all.
    private Lazy<Regex>? pattern;

    public static Constraint None { get; } = new();

    public static Constraint Length(int min, int max) => new(min, max);

    /// <summary>A length in characters, and none of them U+0000, which the model allows and PostgreSQL can't store in a text.</summary>
    public static Constraint Key(int min, int max) => new(min, max) { IsKey = true };

    public static Constraint Enum(params string[] values) => new(Values: values);

    /// <summary>Adds what fails for a scalar member.</summary>
    public void Check(string value, string path, Violations violations)
    {
        // Nearly every value is right, so only the others are worth a list of reasons.
        if (Allows(value))
            return;
        foreach (var rule in Failed(value))
            violations.Add(value, path, rule);
        if (PatternFault is not null && !FitsPattern(value))
            violations.AddServiceText(PatternFault);
    }

    /// <summary>Adds what fails for the elements of a list, worded as AWS words element constraints.</summary>
    public void CheckElements(IReadOnlyList<string> values, string path, Violations violations)
    {
        foreach (var value in values)
        {
            if (!Allows(value))
            {
                violations.Add($"[{string.Join(", ", values)}]", path, $"Member must satisfy constraint: [{string.Join(", ", All())}]");
                return;
            }
        }
    }

    /// <summary>Adds what fails for the keys of a map, worded as AWS words such constraints.</summary>
    /// <param name="isSensitive">Then no key is repeated.</param>
    public void CheckKeys(IReadOnlyDictionary<string, string> map, bool isSensitive, string path, Violations violations)
    {
        ArgumentNullException.ThrowIfNull(map);
        ArgumentNullException.ThrowIfNull(violations);
        if (!map.Keys.All(Allows))
            violations.Add(isSensitive ? null : $"[{string.Join(", ", map.Keys)}]", path, $"Map keys must satisfy constraint: [{string.Join(", ", All())}]");
    }

    /// <summary>Whether a value is as the model demands.</summary>
    public bool Allows(string value) =>
        value.Length <= Max && value.Length >= Min && FitsPattern(value) && FitsKey(value) && IsAmongValues(value);

    private IEnumerable<string> Failed(string value)
    {
        if (value.Length > Max)
            yield return MaxRule;
        if (value.Length < Min)
            yield return MinRule;
        if (!FitsPattern(value) && PatternFault is null)
            yield return PatternRule;
        if (!FitsKey(value))
            yield return KeyRule;
        if (!IsAmongValues(value))
            yield return ValuesRule;
    }

    private bool FitsPattern(string value) => pattern is null || pattern.Value.IsMatch(value);

    private bool FitsKey(string value) => !IsKey || !value.Contains('\0', StringComparison.Ordinal);

    private bool IsAmongValues(string value) => Values is null || Values.Contains(value, StringComparer.Ordinal);

    private IEnumerable<string> All()
    {
        if (Max != int.MaxValue)
            yield return MaxRule;
        if (Min > 0 || Max != int.MaxValue)
            yield return MinRule;
        if (pattern is not null)
            yield return PatternRule;
        if (Values is not null)
            yield return ValuesRule;
    }

    private const string KeyRule = @"Member must satisfy regular expression pattern: [^\u0000]*";

    private bool IsKey { get; init; }

    private string MaxRule => $"Member must have length less than or equal to {Max}";
    private string MinRule => $"Member must have length greater than or equal to {Min}";
    private string PatternRule => $"Member must satisfy regular expression pattern: {PatternText}";
    private string ValuesRule => $"Member must satisfy enum value set: [{string.Join(", ", Values!)}]";

    /// <summary>The model's spelling: ours adds anchors, because the model means the whole value.</summary>
    public string? PatternText { get; init; }

    /// <summary>What AWS says instead of naming the pattern, where the service and not the framework checks it.</summary>
    public string? PatternFault { get; init; }

    /// <summary>A pattern that the whole value must match, in time linear in its length.</summary>
    /// <param name="pattern">The model's. Its <c>\w</c> stand inside brackets.</param>
    /// <param name="linear">One equal to it within the length, for a pattern that looks ahead or behind, which a linear-time matcher can't; null for none.</param>
    public static Constraint Matching(int min, int max, string pattern, string? linear = null) => new(min, max)
    {
        PatternText = pattern,
        // AWS's \w is ASCII alone; .NET's would let letters of every script into names.
        pattern = new Lazy<Regex>(() => new Regex(
            $@"\A(?:{(linear ?? pattern).Replace(@"\w", "a-zA-Z0-9_", StringComparison.Ordinal)})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant)),
    };
}
