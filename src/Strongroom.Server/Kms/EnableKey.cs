using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Kms;

/// <summary>EnableKey, and DisableKey, which is the same the other way. Source: KMS model; IAM fact sheet 7.4.</summary>
/// <param name="state">What the key becomes.</param>
internal sealed class EnableKey(KmsTargets targets, string state) : IOperation<KeyIdRequest, KmsTarget, Done>
{
    public ValueTask<KmsTarget> ResolveAsync(CallContext call, KeyIdRequest request, CancellationToken ct) =>
        targets.ResolveKeyAsync(call, request.KeyId!, null, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<KeyIdRequest, KmsTarget> authorized, CancellationToken ct)
    {
        var target = authorized.Target;
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([target.Changeable with { State = state }])));
    }
}
