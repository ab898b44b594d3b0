using System.Collections.Frozen;

namespace Strongroom.Policy;

/// <summary>A condition operator with its prefix and suffix. Source: IAM fact sheet 2.4.</summary>
/// <param name="Quantifier">How a request key of several values is treated.</param>
/// <param name="IfExists">Holds when the request does not have the key. Never set on <see cref="ConditionTest.Null"/>.</param>
public readonly record struct ConditionOperator(ConditionTest Test, ConditionQuantifier Quantifier, bool IfExists)
{
    /// <summary>Holds when the key is absent, and otherwise when none of the values matches.</summary>
    public bool IsNegated => Test is ConditionTest.StringNotEquals or ConditionTest.StringNotEqualsIgnoreCase or ConditionTest.StringNotLike
        or ConditionTest.NumericNotEquals or ConditionTest.DateNotEquals or ConditionTest.NotIpAddress
        or ConditionTest.ArnNotEquals or ConditionTest.ArnNotLike;

    /// <summary>Reads a name such as <c>ForAnyValue:StringLikeIfExists</c>, ignoring case.</summary>
    public static bool TryParse(string name, out ConditionOperator result)
    {
        ArgumentNullException.ThrowIfNull(name);
        result = default;
        var rest = name.AsSpan();
        var quantifier = ConditionQuantifier.None;
        if (rest.StartsWith("ForAllValues:", StringComparison.OrdinalIgnoreCase))
            quantifier = ConditionQuantifier.ForAllValues;
        else if (rest.StartsWith("ForAnyValue:", StringComparison.OrdinalIgnoreCase))
            quantifier = ConditionQuantifier.ForAnyValue;
        if (quantifier != ConditionQuantifier.None)
            rest = rest[(rest.IndexOf(':') + 1)..];

        var ifExists = rest.EndsWith("IfExists", StringComparison.OrdinalIgnoreCase);
        if (ifExists)
            rest = rest[..^"IfExists".Length];

        if (!Tests.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(rest, out var test) || (ifExists && test == ConditionTest.Null))
            return false;
        result = new ConditionOperator(test, quantifier, ifExists);
        return true;
    }

    // By hand instead of Enum.TryParse, which would read "3" and "StringLike, Bool" too.
    private static readonly FrozenDictionary<string, ConditionTest> Tests =
        Enum.GetValues<ConditionTest>().ToFrozenDictionary(test => test.ToString(), StringComparer.OrdinalIgnoreCase);
}

public enum ConditionQuantifier { None, ForAllValues, ForAnyValue }

/// <summary>The comparison proper. The names are AWS's; <see cref="ConditionOperator.TryParse"/> reads them.</summary>
public enum ConditionTest
{
    StringEquals, StringNotEquals, StringEqualsIgnoreCase, StringNotEqualsIgnoreCase, StringLike, StringNotLike,
    NumericEquals, NumericNotEquals, NumericLessThan, NumericLessThanEquals, NumericGreaterThan, NumericGreaterThanEquals,
    DateEquals, DateNotEquals, DateLessThan, DateLessThanEquals, DateGreaterThan, DateGreaterThanEquals,
    Bool,
    BinaryEquals,
    IpAddress, NotIpAddress,
    ArnEquals, ArnLike, ArnNotEquals, ArnNotLike,
    Null,
}
