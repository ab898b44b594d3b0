using System.Xml;
using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam;

/// <summary>How the tags of an entity are listed.</summary>
internal static class Tagging
{
    public static TagListResponse List(IReadOnlyList<IamTag> tags, PagedRequest request, Paging paging) =>
        new(paging.Cut(tags.OrderBy(tag => IamEntity.KeyOf(tag.Key), StringComparer.Ordinal), tag => IamEntity.KeyOf(tag.Key), request));
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
