using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Kms;

/// <summary>Source: KMS model, EnableKeyRotation; IAM fact sheet 7.1.</summary>
internal sealed class EnableKeyRotationRequest
{
    public string? KeyId { get; private set; }
    public long? RotationPeriodInDays { get; private set; }

    public static Shape<EnableKeyRotationRequest> Shape { get; } = new(
        Member.String<EnableKeyRotationRequest>("KeyId", r => r.KeyId, (r, v) => r.KeyId = v, KmsLimits.KeyId, required: true),
        Member.Long<EnableKeyRotationRequest>("RotationPeriodInDays", r => r.RotationPeriodInDays, (r, v) => r.RotationPeriodInDays = v, 90, 2560));
}

internal sealed class EnableKeyRotation(KmsTargets targets) : IOperation<EnableKeyRotationRequest, KmsTarget, Done>
{
    public ValueTask<KmsTarget> ResolveAsync(CallContext call, EnableKeyRotationRequest request, CancellationToken ct) =>
        targets.ResolveKeyAsync(call, request.KeyId!, new KmsRequestKeys { RotationPeriodInDays = request.RotationPeriodInDays }, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<EnableKeyRotationRequest, KmsTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var key = target.Usable;
        var days = (int)(request.RotationPeriodInDays ?? KmsKey.DefaultRotationDays);
        // Asked again, as Terraform does, it does not begin the period anew.
        if (key.RotationEnabled && (request.RotationPeriodInDays is null || key.RotationPeriodInDays == days))
            return new(new Plan<Done>(Done.Instance));
        var rotating = key with
        {
            RotationEnabled = true,
            RotationPeriodInDays = days,
            NextRotationAtMs = call.Now.AddDays(days).ToUnixTimeMilliseconds(),
        };
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([rotating])));
    }
}

/// <summary>Source: KMS model, DisableKeyRotation.</summary>
internal sealed class DisableKeyRotation(KmsTargets targets) : IOperation<KeyIdRequest, KmsTarget, Done>
{
    public ValueTask<KmsTarget> ResolveAsync(CallContext call, KeyIdRequest request, CancellationToken ct) =>
        targets.ResolveKeyAsync(call, request.KeyId!, null, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<KeyIdRequest, KmsTarget> authorized, CancellationToken ct)
    {
        var target = authorized.Target;
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([target.Usable with { RotationEnabled = false, NextRotationAtMs = null }])));
    }
}
