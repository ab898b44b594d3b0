using Strongroom.Policy;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>The rules for tags. Pure. Source: API fact sheet 2.12.</summary>
internal static class SecretTags
{
    private const int Max = 50;
    private const string Reserved = "aws:";

    /// <summary>Adds tags; one with a known key replaces its value in place.</summary>
    /// <exception cref="Protocol.ServiceException">InvalidParameterException: too many, twice the same key, a reserved or missing key.</exception>
    public static IReadOnlyList<SecretTag> Merge(IReadOnlyList<SecretTag> present, IReadOnlyList<TagParameter> added)
    {
        var tags = present.ToList();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var tag in added)
        {
            var key = tag.Key ?? throw SecretsManagerErrors.NoTagKey();
            Check(key);
            if (!seen.Add(key))
                throw SecretsManagerErrors.DuplicateTags();
            var replacement = new SecretTag(key, tag.Value ?? "");
            if (tags.FindIndex(t => t.Key == key) is var at and >= 0)
                tags[at] = replacement;
            else
                tags.Add(replacement);
        }

        return tags.Count <= Max ? tags : throw SecretsManagerErrors.TooManyTags();
    }

    /// <summary>Removes tags; unknown keys are ignored. What remains is empty, not unset, when all are gone.</summary>
    public static IReadOnlyList<SecretTag>? Remove(IReadOnlyList<SecretTag>? present, IReadOnlyList<string> keys)
    {
        foreach (var key in keys)
            Check(key);
        return present is null ? null : [.. present.Where(t => !keys.Contains(t.Key, StringComparer.Ordinal))];
    }

    /// <summary>As conditions see them.</summary>
    public static TagSet ToTagSet(IReadOnlyList<SecretTag>? tags) =>
        tags is null ? TagSet.Empty : TagSet.Of(tags.Select(tag => KeyValuePair.Create(tag.Key, tag.Value)));

    private static void Check(string key)
    {
        if (key.StartsWith(Reserved, StringComparison.OrdinalIgnoreCase))
            throw SecretsManagerErrors.ReservedTag();
    }
}
