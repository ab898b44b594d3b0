using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Kms;

/// <summary>Source: KMS model, UntagResource.</summary>
internal sealed class UntagKeyRequest
{
    public string? KeyId { get; private set; }
    public IReadOnlyList<string>? TagKeys { get; private set; }

    public static Shape<UntagKeyRequest> Shape { get; } = new(
        Member.String<UntagKeyRequest>("KeyId", r => r.KeyId, (r, v) => r.KeyId = v, KmsLimits.KeyId, required: true),
        Member.Strings<UntagKeyRequest>("TagKeys", r => r.TagKeys, (r, v) => r.TagKeys = v, Constraint.Length(1, 128), required: true));
}

internal sealed class UntagKey(KmsTargets targets) : IOperation<UntagKeyRequest, KmsTarget, Done>
{
    public ValueTask<KmsTarget> ResolveAsync(CallContext call, UntagKeyRequest request, CancellationToken ct) =>
        targets.ResolveKeyAsync(call, request.KeyId!, new KmsRequestKeys { RequestTagKeys = request.TagKeys }, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<UntagKeyRequest, KmsTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var key = target.Changeable;
        if (request.TagKeys!.Any(KmsTagParameter.IsReserved))
            throw KmsErrors.Tag("Tags beginning with aws: are reserved");
        var kept = key.Tags.Where(tag => !request.TagKeys!.Contains(tag.Key, StringComparer.Ordinal));
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([key with { Tags = [.. kept] }])));
    }
}
