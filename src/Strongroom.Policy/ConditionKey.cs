namespace Strongroom.Policy;

/// <summary>A condition key as a policy names it. Made once, when the policy is compiled, so that looking it up costs no more than a switch.</summary>
/// <remarks>Keys are compared ignoring case, service prefix and tag key included. Source: IAM fact sheet 2.4.</remarks>
public sealed class ConditionKey
{
    public ConditionKey(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Text = text;
        Name = AsciiLower(text);
        var slash = Name.IndexOf('/', StringComparison.Ordinal);
        var known = slash < 0 ? GlobalKeys.Find(Name) : GlobalKeys.FindTag(Name[..(slash + 1)]);
        Global = known;
        if (slash >= 0)
            Tag = text[(slash + 1)..];
    }

    /// <summary>As the policy writes it.</summary>
    public string Text { get; }

    /// <summary>In lower case, for a <c>switch</c>: <c>secretsmanager:secretid</c>.</summary>
    public string Name { get; }

    /// <summary>What follows the first slash, as written; null without one. Tag keys are found with <see cref="TagSet.Find"/>.</summary>
    public string? Tag { get; }

    internal GlobalKey Global { get; }

    public override string ToString() => Text;

    // Not ToLowerInvariant: it would make "K", the Kelvin sign, a "k".
    private static string AsciiLower(string text) => string.Create(text.Length, text, static (lower, source) =>
    {
        for (var i = 0; i < lower.Length; i++)
            lower[i] = char.IsAsciiLetterUpper(source[i]) ? (char)(source[i] | 0x20) : source[i];
    });
}

/// <summary>What a request says about a key: nothing, one value or several. A struct, so that an answer costs no allocation.</summary>
public readonly struct ConditionValues
{
    private readonly string? single;
    private readonly IReadOnlyList<string>? many;

    /// <param name="value">Null for an absent key.</param>
    public ConditionValues(string? value) => single = value;

    /// <param name="values">Without any, the key counts as absent.</param>
    public ConditionValues(IReadOnlyList<string>? values) => many = values;

    public static ConditionValues Absent => default;

    public int Count => many?.Count ?? (single is null ? 0 : 1);

    public string this[int index] => many is null ? single! : many[index];

    public static implicit operator ConditionValues(string? value) => new(value);
}

/// <summary>Answers for the keys of one request: a service's own, or what a simulation was told.</summary>
/// <remarks>
/// <see cref="AccessRequest"/> answers the <c>aws:</c> keys itself. An operation supplies an instance for the keys of its service through
/// <see cref="IResource.ServiceKeys"/>; typically the target implements it with a <c>switch</c> over <see cref="ConditionKey.Name"/>.
/// A key is present only if the request carries the parameter: defaults must not be filled in. Source: IAM fact sheet 4.1.
/// Must not throw.
/// </remarks>
public interface IConditionKeys
{
    ConditionValues Find(ConditionKey key);
}
