using System.Text.Json;
using System.Xml;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Authentication;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Sts;

/// <summary>Source: STS model, GetSessionToken; IAM fact sheet 5.2.</summary>
internal sealed class GetSessionTokenRequest
{
    public long? DurationSeconds { get; private set; }
    public string? SerialNumber { get; private set; }
    public string? TokenCode { get; private set; }

    public static Shape<GetSessionTokenRequest> Shape { get; } = new(
        Member.Long<GetSessionTokenRequest>("DurationSeconds", r => r.DurationSeconds, (r, v) => r.DurationSeconds = v, StsLimits.MinDuration, StsLimits.MaxUserDuration),
        Member.String<GetSessionTokenRequest>("SerialNumber", r => r.SerialNumber, (r, v) => r.SerialNumber = v, StsLimits.SerialNumber),
        Member.String<GetSessionTokenRequest>("TokenCode", r => r.TokenCode, (r, v) => r.TokenCode = v, StsLimits.TokenCode, sensitive: true));
}

internal sealed record GetSessionTokenResponse(SessionCredentials Credentials) : IXmlResponse
{
    public bool HasAuditElements => true;

    public void WriteXml(XmlWriter writer) => writer.WriteCredentials(Credentials);

    public void WriteAuditElements(Utf8JsonWriter writer) => CredentialParts.WriteAudit(writer, Credentials);

    public void Dispose() => Credentials.Dispose();
}

/// <summary>Gives a user, or the root, a session under its own name. Needs no permission, as on AWS. Source: IAM fact sheet 3.4, 5.2, 5.3.</summary>
internal sealed class GetSessionToken(SessionIssuer issuer) : IOperation<GetSessionTokenRequest, AccountTarget, GetSessionTokenResponse>
{
    public ValueTask<AccountTarget> ResolveAsync(CallContext call, GetSessionTokenRequest request, CancellationToken ct)
    {
        if (call.Caller.Session is not null)
            throw StsErrors.SessionMayNotCall("GetSessionToken");
        SessionParameters.RefuseMfa(request.SerialNumber, request.TokenCode);
        return new(new AccountTarget(call.Caller.Account) { Kind = ResourceKind.Unguarded });
    }

    public ValueTask<Plan<GetSessionTokenResponse>> PlanAsync(
        CallContext call, Authorized<GetSessionTokenRequest, AccountTarget> authorized, CancellationToken ct)
    {
        var principal = call.Caller.Principal;
        var issued = SessionParameters.Issued(call.Now);
        return new(new GetSessionTokenResponse(issuer.Issue(new SessionGrant
        {
            Kind = SessionKind.User,
            Account = principal.Account,
            AccessKeyId = "",
            IssuedAt = issued,
            ExpiresAt = issued.AddSeconds(SessionParameters.UserDuration(authorized.Request.DurationSeconds, principal)),
            EntityId = principal.EntityId ?? "",
            EntityName = principal.UserName ?? "",
        })));
    }
}
