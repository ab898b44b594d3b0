using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;

namespace Strongroom.Server.Kms;

/// <summary>Source: KMS model, GetKeyPolicy; IAM fact sheet 7.7.</summary>
internal sealed class GetKeyPolicyRequest
{
    public string? KeyId { get; private set; }
    public string? PolicyName { get; private set; }

    public static Shape<GetKeyPolicyRequest> Shape { get; } = new(
        Member.String<GetKeyPolicyRequest>("KeyId", r => r.KeyId, (r, v) => r.KeyId = v, KmsLimits.KeyId, required: true),
        Member.String<GetKeyPolicyRequest>("PolicyName", r => r.PolicyName, (r, v) => r.PolicyName = v, KmsLimits.PolicyName));
}

internal sealed record KeyPolicyResponse(string KeyArn, string Policy) : IResponse
{
    public IReadOnlyList<string> DisclosedArns => [KeyArn];

    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteString("Policy"u8, Policy);
        writer.WriteString("PolicyName"u8, GetKeyPolicy.TheOne);
    }
}

internal sealed class GetKeyPolicy(KmsTargets targets, PolicyPrincipals principals) : IOperation<GetKeyPolicyRequest, KmsTarget, KeyPolicyResponse>
{
    /// <summary>The only name that a key's policy can have.</summary>
    public const string TheOne = "default";

    public ValueTask<KmsTarget> ResolveAsync(CallContext call, GetKeyPolicyRequest request, CancellationToken ct) =>
        targets.ResolveKeyAsync(call, request.KeyId!, null, ct);

    public async ValueTask<Plan<KeyPolicyResponse>> PlanAsync(CallContext call, Authorized<GetKeyPolicyRequest, KmsTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var key = target.Existing;
        if ((request.PolicyName ?? TheOne) != TheOne)
            throw KmsErrors.NoSuchPolicy();
        return new KeyPolicyResponse(key.Arn, await principals.ShowAsync(key.EffectivePolicy, key.PolicyPrincipals, ct));
    }
}
