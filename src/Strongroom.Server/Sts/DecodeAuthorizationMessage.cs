using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Sts;

/// <summary>Source: STS model, DecodeAuthorizationMessage.</summary>
internal sealed class DecodeAuthorizationMessageRequest
{
    public string? EncodedMessage { get; private set; }

    public static Shape<DecodeAuthorizationMessageRequest> Shape { get; } = new(
        Member.String<DecodeAuthorizationMessageRequest>("EncodedMessage", r => r.EncodedMessage, (r, v) => r.EncodedMessage = v, StsLimits.EncodedMessage, required: true));
}

/// <summary>No service here encodes its denials, so no message is one. Source: IAM fact sheet 5.1.</summary>
internal sealed class DecodeAuthorizationMessage : IOperation<DecodeAuthorizationMessageRequest, AccountTarget, Done>
{
    public ValueTask<AccountTarget> ResolveAsync(CallContext call, DecodeAuthorizationMessageRequest request, CancellationToken ct) => AccountTarget.Of(call);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<DecodeAuthorizationMessageRequest, AccountTarget> authorized, CancellationToken ct) =>
        throw StsErrors.InvalidMessage();
}
