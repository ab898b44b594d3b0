using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Kms;

/// <summary>Source: KMS model, ListResourceTags.</summary>
internal sealed class ListResourceTagsRequest : KmsPagedRequest
{
    public string? KeyId { get; private set; }

    public static Shape<ListResourceTagsRequest> Shape { get; } = new(Members(
        Member.String<ListResourceTagsRequest>("KeyId", r => r.KeyId, (r, v) => r.KeyId = v, KmsLimits.KeyId, required: true)));
}

internal sealed record ListResourceTagsResponse(KmsPage<KmsTag> Page) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("Tags"u8);
        foreach (var tag in Page.Items)
        {
            writer.WriteStartObject();
            writer.WriteString("TagKey"u8, tag.Key);
            writer.WriteString("TagValue"u8, tag.Value);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        Page.WriteEnd(writer);
    }
}

internal sealed class ListResourceTags(KmsTargets targets, KmsPaging paging) : IOperation<ListResourceTagsRequest, KmsTarget, ListResourceTagsResponse>
{
    // Source: KMS API Reference, ListResourceTags, Limit.
    private const int UsualPage = 50;

    public ValueTask<KmsTarget> ResolveAsync(CallContext call, ListResourceTagsRequest request, CancellationToken ct) =>
        targets.ResolveKeyAsync(call, request.KeyId!, null, ct);

    public ValueTask<Plan<ListResourceTagsResponse>> PlanAsync(
        CallContext call, Authorized<ListResourceTagsRequest, KmsTarget> authorized, CancellationToken ct) =>
        new(new ListResourceTagsResponse(paging.Cut(
            authorized.Target.Existing.Tags.OrderBy(tag => tag.Key, StringComparer.Ordinal), tag => tag.Key, authorized.Request, UsualPage, UsualPage)));
}
