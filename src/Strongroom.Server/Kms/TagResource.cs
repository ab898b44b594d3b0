using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Kms;

/// <summary>Source: KMS model, TagResource; IAM fact sheet 7.5.</summary>
internal sealed class TagKeyRequest
{
    public string? KeyId { get; private set; }
    public IReadOnlyList<KmsTagParameter>? Tags { get; private set; }

    public static Shape<TagKeyRequest> Shape { get; } = new(
        Member.String<TagKeyRequest>("KeyId", r => r.KeyId, (r, v) => r.KeyId = v, KmsLimits.KeyId, required: true),
        Member.Structs<TagKeyRequest, KmsTagParameter>("Tags", KmsTagParameter.Shape, r => r.Tags, (r, v) => r.Tags = v, required: true));
}

internal sealed class TagKey(KmsTargets targets) : IOperation<TagKeyRequest, KmsTarget, Done>
{
    public async ValueTask<KmsTarget> ResolveAsync(CallContext call, TagKeyRequest request, CancellationToken ct) =>
        await targets.ResolveKeyAsync(call, request.KeyId!, null, ct) with { RequestTags = KmsTagParameter.ToTagSet(request.Tags) };

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<TagKeyRequest, KmsTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var key = target.Changeable;
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([key with { Tags = KmsTagParameter.Merge(key.Tags, request.Tags) }])));
    }
}
