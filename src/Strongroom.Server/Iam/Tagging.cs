using System.Xml;
using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam;

/// <summary>How tags of an entity are put, removed and listed. Keys are compared ignoring case and kept as they were put. Source: IAM user guide, "Tags for IAM resources".</summary>
internal static class Tagging
{
    private const int MaxTags = 50;

    /// <param name="quota">As AWS names it, such as <c>TagsPerUser</c>.</param>
    /// <exception cref="Protocol.ServiceException">LimitExceeded.</exception>
    public static IReadOnlyList<IamTag> Put(IReadOnlyList<IamTag> existing, IReadOnlyList<IamTag> added, string quota)
    {
        var tags = existing.Select(tag => added.FirstOrDefault(a => IsSame(a.Key, tag.Key)) ?? tag).ToList();
        tags.AddRange(added.Where(a => !existing.Any(tag => IsSame(a.Key, tag.Key))));
        return tags.Count <= MaxTags ? tags : throw IamErrors.QuotaExceeded(quota, MaxTags);
    }

    /// <summary>Keys that no tag has are passed over.</summary>
    public static IReadOnlyList<IamTag> Remove(IReadOnlyList<IamTag> existing, IReadOnlyList<string> keys) =>
        [.. existing.Where(tag => !keys.Any(key => IsSame(key, tag.Key)))];

    public static TagListResponse List(IReadOnlyList<IamTag> tags, PagedRequest request, Paging paging) =>
        new(paging.Cut(tags.OrderBy(tag => IamEntity.KeyOf(tag.Key), StringComparer.Ordinal), tag => IamEntity.KeyOf(tag.Key), request));

    private static bool IsSame(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);
}

/// <summary><c>aws:TagKeys</c> of a request that names keys without values.</summary>
internal sealed class RemovedTagKeys(IReadOnlyList<string> keys) : IConditionKeys
{
    public ConditionValues Find(ConditionKey key) => key.Name == "aws:tagkeys" ? new ConditionValues(keys) : default;
}

/// <summary>A page of an entity's tags.</summary>
internal sealed record TagListResponse(Page<IamTag> Page) : IXmlResponse
{
    public void WriteXml(XmlWriter writer)
    {
        IamTags.WriteAll(writer, Page.Items);
        Page.WriteEnd(writer);
    }
}
