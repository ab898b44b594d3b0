using System.Collections.Immutable;

namespace Strongroom.Policy;

/// <summary>Tags as conditions see them: keys are compared ignoring case, values are not. Immutable.</summary>
/// <remarks>At most fifty on a resource, so a list that is walked beats a dictionary. Of keys that differ in case only, the first is seen.</remarks>
public sealed class TagSet
{
    private readonly ImmutableArray<KeyValuePair<string, string>> tags;

    private TagSet(ImmutableArray<KeyValuePair<string, string>> tags) => this.tags = tags;

    public static TagSet Empty { get; } = new([]);

    public static TagSet Of(IEnumerable<KeyValuePair<string, string>> tags) => 
        tags.ToImmutableArray() is { IsEmpty: false } all ? new(all) : Empty;

    /// <summary>These tags, where <paramref name="upper"/> has none of the same key, and those of <paramref name="upper"/>.</summary>
    public TagSet Overlay(TagSet upper)
    {
        ArgumentNullException.ThrowIfNull(upper);
        return Of(tags.Where(tag => upper.Find(tag.Key) is null).Concat(upper.tags));
    }

    public int Count => tags.Length;

    /// <summary>For <c>aws:TagKeys</c>.</summary>
    public IEnumerable<string> Keys => tags.Select(tag => tag.Key);

    public string? Find(ReadOnlySpan<char> key)
    {
        foreach (var tag in tags)
        {
            if (key.Equals(tag.Key, StringComparison.OrdinalIgnoreCase))
                return tag.Value;
        }

        return null;
    }
}
