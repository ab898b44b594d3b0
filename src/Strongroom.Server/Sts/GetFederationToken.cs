using System.Text.Json;
using System.Xml;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Authentication;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;

namespace Strongroom.Server.Sts;

/// <summary>Source: STS model, GetFederationToken; IAM fact sheet 5.2.</summary>
internal sealed class GetFederationTokenRequest
{
    public string? Name { get; private set; }
    public string? Policy { get; private set; }
    public IReadOnlyList<PolicyDescriptor>? PolicyArns { get; private set; }
    public long? DurationSeconds { get; private set; }
    public IReadOnlyList<TagRequest>? Tags { get; private set; }

    public static Shape<GetFederationTokenRequest> Shape { get; } = new(
        Member.String<GetFederationTokenRequest>("Name", r => r.Name, (r, v) => r.Name = v, StsLimits.FederatedName, required: true),
        Member.String<GetFederationTokenRequest>("Policy", r => r.Policy, (r, v) => r.Policy = v, StsLimits.Policy),
        Member.Structs<GetFederationTokenRequest, PolicyDescriptor>("PolicyArns", PolicyDescriptor.Shape, r => r.PolicyArns, (r, v) => r.PolicyArns = v),
        Member.Long<GetFederationTokenRequest>("DurationSeconds", r => r.DurationSeconds, (r, v) => r.DurationSeconds = v, StsLimits.MinDuration, StsLimits.MaxUserDuration),
        Member.Structs<GetFederationTokenRequest, TagRequest>("Tags", TagRequest.Shape, r => r.Tags, (r, v) => r.Tags = v, max: 50));
}

internal sealed record GetFederationTokenResponse(SessionCredentials Credentials, int? PackedPolicySize) : IXmlResponse
{
    public bool HasAuditElements => true;

    private string Id => $"{Credentials.Grant.Account}:{Credentials.Grant.SessionName}";

    private string Arn => $"arn:aws:sts::{Credentials.Grant.Account}:federated-user/{Credentials.Grant.SessionName}";

    public void WriteXml(XmlWriter writer)
    {
        writer.WriteCredentials(Credentials);
        writer.WriteStartElement("FederatedUser");
        writer.WriteElementString("FederatedUserId", Id);
        writer.WriteElementString("Arn", Arn);
        writer.WriteEndElement();
        if (PackedPolicySize is { } percent)
            writer.WriteNumber("PackedPolicySize", percent);
    }

    public void WriteAuditElements(Utf8JsonWriter writer)
    {
        CredentialParts.WriteAudit(writer, Credentials);
        writer.WriteStartObject("federatedUser"u8);
        writer.WriteString("federatedUserId"u8, Id);
        writer.WriteString("arn"u8, Arn);
        writer.WriteEndObject();
        if (PackedPolicySize is { } percent)
            writer.WriteNumber("packedPolicySize"u8, percent);
    }

    public void Dispose() => Credentials.Dispose();
}

/// <summary>The federated user about to be vouched for.</summary>
internal sealed record FederatedUserTarget(string Account, string Name) : INamedResource
{
    public string ResourceArn { get; } = $"arn:aws:sts::{Account}:federated-user/{Name}";

    public string? RequestedId => ResourceArn;

    public TagSet? RequestTags { get; init; }
}

/// <summary>Gives a session to somebody whom a user, or the root, vouches for: the policies passed bound what it may do. Source: IAM fact sheet 3.2, 5.2, 5.3.</summary>
internal sealed class GetFederationToken(IamDirectories directories, SessionIssuer issuer)
    : IOperation<GetFederationTokenRequest, FederatedUserTarget, GetFederationTokenResponse>
{
    public ValueTask<FederatedUserTarget> ResolveAsync(CallContext call, GetFederationTokenRequest request, CancellationToken ct)
    {
        if (call.Caller.Session is not null)
            throw StsErrors.SessionMayNotCall("GetFederationToken");
        var (tags, _) = SessionParameters.Tags(request.Tags, null, null);
        return new(new FederatedUserTarget(call.Caller.Account, request.Name!) { RequestTags = tags.Count > 0 ? TagSet.Of(tags) : null });
    }

    public async ValueTask<Plan<GetFederationTokenResponse>> PlanAsync(
        CallContext call, Authorized<GetFederationTokenRequest, FederatedUserTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        if (target.RequestTags is not null)
            AccessDenied.Demand(call, "sts:TagSession", target);
        string[] arns = [.. (request.PolicyArns ?? []).Select(policy => policy.Arn).OfType<string>()];
        SessionParameters.CheckPolicies(await directories.GetAsync(target.Account, ct), request.Policy, arns);

        var principal = call.Caller.Principal;
        var issued = SessionParameters.Issued(call.Now);
        var grant = new SessionGrant
        {
            Kind = SessionKind.Federated,
            Account = principal.Account,
            AccessKeyId = "",
            IssuedAt = issued,
            ExpiresAt = issued.AddSeconds(SessionParameters.UserDuration(request.DurationSeconds, principal)),
            EntityId = principal.EntityId ?? "",
            EntityName = principal.UserName ?? "",
            SessionName = request.Name!,
            Tags = SessionParameters.Tags(request.Tags, null, null).Tags,
            Policy = request.Policy,
            PolicyArns = arns,
        };
        var packed = SessionParameters.PackedSize(grant);
        return new GetFederationTokenResponse(issuer.Issue(grant), packed);
    }
}
