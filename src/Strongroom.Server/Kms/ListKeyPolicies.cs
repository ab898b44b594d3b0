using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.SecretsManager;

namespace Strongroom.Server.Kms;

/// <summary>Source: KMS model, ListKeyPolicies.</summary>
internal sealed class ListKeyPoliciesRequest : KmsPagedRequest
{
    public string? KeyId { get; private set; }

    public static Shape<ListKeyPoliciesRequest> Shape { get; } = new(Members(
        Member.String<ListKeyPoliciesRequest>("KeyId", r => r.KeyId, (r, v) => r.KeyId = v, KmsLimits.KeyId, required: true)));
}

internal sealed record ListKeyPoliciesResponse(KmsPage<string> Page) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteStrings("PolicyNames"u8, Page.Items);
        Page.WriteEnd(writer);
    }
}

internal sealed class ListKeyPolicies(KmsTargets targets, KmsPaging paging) : IOperation<ListKeyPoliciesRequest, KmsTarget, ListKeyPoliciesResponse>
{
    public ValueTask<KmsTarget> ResolveAsync(CallContext call, ListKeyPoliciesRequest request, CancellationToken ct) =>
        targets.ResolveKeyAsync(call, request.KeyId!, null, ct);

    public ValueTask<Plan<ListKeyPoliciesResponse>> PlanAsync(
        CallContext call, Authorized<ListKeyPoliciesRequest, KmsTarget> authorized, CancellationToken ct)
    {
        _ = authorized.Target.Existing;
        return new(new ListKeyPoliciesResponse(paging.Cut([GetKeyPolicy.TheOne], name => name, authorized.Request, usual: 1)));
    }
}
