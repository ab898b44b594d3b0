using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>The <c>Filters</c> of ListSecrets and BatchGetSecretValue, compiled once a call and asked for every secret.</summary>
/// <remarks>
/// Filters are ANDed, the values of one are ORed, <c>!</c> before a value negates it. Immutable, thread-safe, and <see cref="Matches"/> allocates nothing.
/// Source: API fact sheet 6.
/// </remarks>
internal sealed class SecretFilter
{
    /// <summary>Matches every secret.</summary>
    public static SecretFilter None { get; } = new([]);

    private readonly Clause[] clauses;

    private SecretFilter(Clause[] clauses) => this.clauses = clauses;

    /// <summary>Checks the filters as a caller sent them and makes a matcher of them. Null members stand for absent ones.</summary>
    /// <returns>False with the first thing wrong, which AWS answers as a ValidationException.</returns>
    public static bool TryCompile(
        IReadOnlyList<(string? Key, IReadOnlyList<string>? Values)> filters,
        [NotNullWhen(true)] out SecretFilter? filter, out SecretFilterError error)
    {
        filter = null;
        error = default;
        if (filters.Count > MaxFilters)
            return Fail("filters", "[...]", $"Member must have length less than or equal to {MaxFilters}", out error);

        var clauses = new Clause[filters.Count];
        for (var i = 0; i < filters.Count; i++)
        {
            var (key, values) = filters[i];
            var path = FormattableString.Invariant($"filters.{i + 1}.member.");
            if (key is null)
                return Fail(path + "key", null, "Member must not be null", out error);
            if (!Keys.TryGetValue(key, out var attribute))
                return Fail(path + "key", key, KeyRule, out error);
            if (values is null)
                return Fail(path + "values", null, "Member must not be null", out error);
            if (values.Count is 0 or > MaxValues)
                return Fail(path + "values", Shown(values), values.Count == 0
                    ? "Member must have length greater than or equal to 1"
                    : $"Member must have length less than or equal to {MaxValues}", out error);
            if (values.Any(value => value is null || value.Length > MaxValueLength || value.AsSpan().ContainsAnyExcept(ValueCharacters)))
                return Fail(path + "values", Shown(values), ValueRule, out error);

            clauses[i] = new Clause(attribute, [.. values.Select(value => new Term(value, attribute))]);
        }

        filter = new SecretFilter(clauses);
        return true;
    }

    public bool Matches(StoredSecret secret)
    {
        foreach (var clause in clauses)
        {
            if (!clause.Matches(secret))
                return false;
        }

        return true;
    }

    private static bool Fail(string path, string? value, string rule, out SecretFilterError error)
    {
        error = new SecretFilterError(path, value, rule);
        return false;
    }

    private static string Shown(IReadOnlyList<string> values) => $"[{string.Join(", ", values)}]";

    private enum Attribute { Name, TagKey, TagValue, PrimaryRegion, OwningService, Description, All }

    private sealed class Clause(Attribute attribute, Term[] terms)
    {
        public bool Matches(StoredSecret secret)
        {
            foreach (var term in terms)
            {
                // A secret that lacks the attribute has nothing that a negated value could find, so it satisfies it.
                if (Finds(term, secret) != term.IsNegated)
                    return true;
            }

            return false;
        }

        private bool Finds(Term term, StoredSecret secret)
        {
            var document = secret.Document;
            return attribute switch
            {
                Attribute.Name => term.IsIn(secret.Name),
                Attribute.PrimaryRegion => term.IsIn(document.PrimaryRegion),
                Attribute.OwningService => term.IsIn(document.OwningService),
                Attribute.Description => term.IsIn(document.Description),
                Attribute.TagKey => FindsTag(term, document.Tags, keys: true, values: false),
                Attribute.TagValue => FindsTag(term, document.Tags, keys: false, values: true),
                _ => term.IsIn(secret.Name) || term.IsIn(document.Description) || FindsTag(term, document.Tags, keys: true, values: true),
            };
        }

        private static bool FindsTag(Term term, IReadOnlyList<SecretTag>? tags, bool keys, bool values)
        {
            for (var i = 0; i < (tags?.Count ?? 0); i++) // foreach over the interface would allocate its enumerator
            {
                if ((keys && term.IsIn(tags![i].Key)) || (values && term.IsIn(tags![i].Value)))
                    return true;
            }

            return false;
        }
    }

    private sealed class Term
    {
        private readonly string prefix;
        private readonly StringComparison comparison;
        private readonly WordMatch? words;

        public Term(string value, Attribute attribute)
        {
            IsNegated = value.StartsWith('!');
            prefix = IsNegated ? value[1..] : value;
            // The model calls owning-service case sensitive, the user guide the opposite; insensitive finds what either reader expects.
            comparison = attribute is Attribute.OwningService ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal;
            words = attribute is Attribute.Description or Attribute.All ? new WordMatch(prefix) : null;
        }

        public bool IsNegated { get; }

        public bool IsIn(string? text) =>
            words is not null ? words.Matches(text) : text is not null && text.StartsWith(prefix, comparison);
    }

    private static readonly Dictionary<string, Attribute> Keys = new(StringComparer.Ordinal)
    {
        ["all"] = Attribute.All,
        ["name"] = Attribute.Name,
        ["tag-key"] = Attribute.TagKey,
        ["description"] = Attribute.Description,
        ["tag-value"] = Attribute.TagValue,
        ["primary-region"] = Attribute.PrimaryRegion,
        ["owning-service"] = Attribute.OwningService,
    };

    private static readonly SearchValues<char> ValueCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 :_@/+=.-!");

    private const int MaxFilters = 10;
    private const int MaxValues = 10;
    private const int MaxValueLength = 512;

    private const string KeyRule =
        "Member must satisfy enum value set: [all, name, tag-key, description, tag-value, primary-region, owning-service]";

    private const string ValueRule =
        "Member must satisfy constraint: [Member must have length less than or equal to 512, Member must have length greater than or equal to 0, "
        + @"Member must satisfy regular expression pattern: ^\!?[a-zA-Z0-9 :_@\/\+\=\.\-\!]*$]";
}

/// <summary>What is wrong with a filter, in the parts of AWS's constraint message (API fact sheet 1.6).</summary>
internal readonly record struct SecretFilterError(string Path, string? Value, string Rule)
{
    /// <summary>The whole message of the ValidationException.</summary>
    public string Message =>
        $"1 validation error detected: Value {(Value is null ? "null" : $"'{Value}'")} at '{Path}' failed to satisfy constraint: {Rule}";
}
