using System.Xml;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Sts;

internal sealed class GetCallerIdentityRequest
{
    public static Shape<GetCallerIdentityRequest> Shape { get; } = new();
}

internal sealed record GetCallerIdentityResponse(string Arn, string UserId, string Account) : IXmlResponse
{
    public void WriteXml(XmlWriter writer)
    {
        writer.WriteElementString("Arn", Arn);
        writer.WriteElementString("UserId", UserId);
        writer.WriteElementString("Account", Account);
    }
}

/// <summary>Needs no permission, as on AWS: whoever can sign may ask who they are. Source: IAM fact sheet 5.2.</summary>
internal sealed class GetCallerIdentity : IOperation<GetCallerIdentityRequest, AccountTarget, GetCallerIdentityResponse>
{
    public ValueTask<AccountTarget> ResolveAsync(CallContext call, GetCallerIdentityRequest request, CancellationToken ct) =>
        new(new AccountTarget(call.Caller.Account) { Kind = ResourceKind.Unguarded });

    public ValueTask<Plan<GetCallerIdentityResponse>> PlanAsync(
        CallContext call, Authorized<GetCallerIdentityRequest, AccountTarget> authorized, CancellationToken ct)
    {
        var principal = call.Caller.Principal;
        return new(new GetCallerIdentityResponse(principal.Arn, principal.UserId, principal.Account));
    }
}
