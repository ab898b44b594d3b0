using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Kms;

/// <summary>Source: KMS model, ListKeys.</summary>
internal sealed class ListKeysRequest : KmsPagedRequest
{
    public static Shape<ListKeysRequest> Shape { get; } = new(Members<ListKeysRequest>());
}

internal sealed record ListKeysResponse(KmsPage<KmsKey> Page) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("Keys"u8);
        foreach (var key in Page.Items)
        {
            writer.WriteStartObject();
            writer.WriteString("KeyArn"u8, key.Arn);
            writer.WriteString("KeyId"u8, key.EntryName);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        Page.WriteEnd(writer);
    }
}

internal sealed class ListKeys(KmsTargets targets, KmsPaging paging) : IOperation<ListKeysRequest, KmsTarget, ListKeysResponse>
{
    private const int UsualPage = 100;

    public ValueTask<KmsTarget> ResolveAsync(CallContext call, ListKeysRequest request, CancellationToken ct) => targets.AccountAsync(call, null, ct);

    public ValueTask<Plan<ListKeysResponse>> PlanAsync(CallContext call, Authorized<ListKeysRequest, KmsTarget> authorized, CancellationToken ct) =>
        new(new ListKeysResponse(paging.Cut(authorized.Target.Directory.All<KmsKey>(), key => key.EntryName, authorized.Request, UsualPage)));
}
