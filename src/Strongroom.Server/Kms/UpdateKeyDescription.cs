using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Kms;

/// <summary>Source: KMS model, UpdateKeyDescription.</summary>
internal sealed class UpdateKeyDescriptionRequest
{
    public string? KeyId { get; private set; }
    public string? Description { get; private set; }

    public static Shape<UpdateKeyDescriptionRequest> Shape { get; } = new(
        Member.String<UpdateKeyDescriptionRequest>("KeyId", r => r.KeyId, (r, v) => r.KeyId = v, KmsLimits.KeyId, required: true),
        Member.String<UpdateKeyDescriptionRequest>("Description", r => r.Description, (r, v) => r.Description = v, KmsLimits.Description, required: true));
}

internal sealed class UpdateKeyDescription(KmsTargets targets) : IOperation<UpdateKeyDescriptionRequest, KmsTarget, Done>
{
    public ValueTask<KmsTarget> ResolveAsync(CallContext call, UpdateKeyDescriptionRequest request, CancellationToken ct) =>
        targets.ResolveKeyAsync(call, request.KeyId!, null, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<UpdateKeyDescriptionRequest, KmsTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([target.Changeable with { Description = request.Description! }])));
    }
}
