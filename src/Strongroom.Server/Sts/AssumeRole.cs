using System.Text.Json;
using System.Xml;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Authentication;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;

namespace Strongroom.Server.Sts;

/// <summary>Source: STS model, AssumeRole; IAM fact sheet 5.2.</summary>
internal sealed class AssumeRoleRequest
{
    public string? RoleArn { get; private set; }
    public string? RoleSessionName { get; private set; }
    public IReadOnlyList<PolicyDescriptor>? PolicyArns { get; private set; }
    public string? Policy { get; private set; }
    public long? DurationSeconds { get; private set; }
    public IReadOnlyList<TagRequest>? Tags { get; private set; }
    public IReadOnlyList<string>? TransitiveTagKeys { get; private set; }
    public string? ExternalId { get; private set; }
    public string? SerialNumber { get; private set; }
    public string? TokenCode { get; private set; }
    public string? SourceIdentity { get; private set; }
    public IReadOnlyList<ProvidedContext>? ProvidedContexts { get; private set; }

    public static Shape<AssumeRoleRequest> Shape { get; } = new(
        Member.String<AssumeRoleRequest>("RoleArn", r => r.RoleArn, (r, v) => r.RoleArn = v, StsLimits.RoleArn, required: true),
        Member.String<AssumeRoleRequest>("RoleSessionName", r => r.RoleSessionName, (r, v) => r.RoleSessionName = v, StsLimits.SessionName, required: true),
        Member.Structs<AssumeRoleRequest, PolicyDescriptor>("PolicyArns", PolicyDescriptor.Shape, r => r.PolicyArns, (r, v) => r.PolicyArns = v),
        Member.String<AssumeRoleRequest>("Policy", r => r.Policy, (r, v) => r.Policy = v, StsLimits.UnrestrictedPolicy),
        Member.Long<AssumeRoleRequest>("DurationSeconds", r => r.DurationSeconds, (r, v) => r.DurationSeconds = v, StsLimits.MinDuration, StsLimits.MaxRoleDuration),
        Member.Structs<AssumeRoleRequest, TagRequest>("Tags", TagRequest.Shape, r => r.Tags, (r, v) => r.Tags = v, max: 50),
        Member.Strings<AssumeRoleRequest>("TransitiveTagKeys", r => r.TransitiveTagKeys, (r, v) => r.TransitiveTagKeys = v, IamLimits.TagKey, max: 50),
        Member.String<AssumeRoleRequest>("ExternalId", r => r.ExternalId, (r, v) => r.ExternalId = v, StsLimits.ExternalId),
        Member.String<AssumeRoleRequest>("SerialNumber", r => r.SerialNumber, (r, v) => r.SerialNumber = v, StsLimits.SerialNumber),
        Member.String<AssumeRoleRequest>("TokenCode", r => r.TokenCode, (r, v) => r.TokenCode = v, StsLimits.TokenCode, sensitive: true),
        Member.String<AssumeRoleRequest>("SourceIdentity", r => r.SourceIdentity, (r, v) => r.SourceIdentity = v, StsLimits.SourceIdentity),
        Member.Structs<AssumeRoleRequest, ProvidedContext>(
            "ProvidedContexts", ProvidedContext.Shape, r => r.ProvidedContexts, (r, v) => r.ProvidedContexts = v, min: 1, max: 5));
}

/// <summary>Also what AssumeRoleWithWebIdentity answers, which has more members.</summary>
internal sealed record AssumeRoleResponse(SessionCredentials Credentials, string RoleArn, AssumedRoleUser User, int? PackedPolicySize) : IXmlResponse
{
    /// <summary>Whether the members of AssumeRoleWithWebIdentity are there.</summary>
    public bool IsWebIdentity { get; init; }

    // CloudTrail records the answer, though it counts the call as a read. Source: IAM fact sheet 8.3.
    public bool HasAuditElements => true;

    public IReadOnlyList<string> DisclosedArns => [RoleArn];

    public void WriteXml(XmlWriter writer)
    {
        var grant = Credentials.Grant;
        writer.WriteCredentials(Credentials);
        if (IsWebIdentity)
            writer.WriteElementString("SubjectFromWebIdentityToken", grant.Subject);
        User.WriteXml(writer);
        if (PackedPolicySize is { } percent)
            writer.WriteNumber("PackedPolicySize", percent);
        if (IsWebIdentity)
        {
            writer.WriteElementString("Provider", grant.FederatedProvider);
            writer.WriteElementString("Audience", grant.Audience);
        }

        writer.WriteOptional("SourceIdentity", grant.SourceIdentity);
    }

    public void WriteAuditElements(Utf8JsonWriter writer)
    {
        var grant = Credentials.Grant;
        CredentialParts.WriteAudit(writer, Credentials);
        if (IsWebIdentity)
        {
            writer.WriteString("subjectFromWebIdentityToken"u8, grant.Subject);
            writer.WriteString("provider"u8, grant.FederatedProvider);
            writer.WriteString("audience"u8, grant.Audience);
        }

        User.WriteAudit(writer);
        if (PackedPolicySize is { } percent)
            writer.WriteNumber("packedPolicySize"u8, percent);
        if (grant.SourceIdentity is { } source)
            writer.WriteString("sourceIdentity"u8, source);
    }

    public void Dispose() => Credentials.Dispose();
}

/// <summary>Gives a session of a role to whom the role trusts. Source: IAM fact sheet 3.3, 5.2, 5.3, 5.5, 5.6.</summary>
internal sealed class AssumeRole(IamDirectories directories, SessionIssuer issuer) : IOperation<AssumeRoleRequest, RoleTarget, AssumeRoleResponse>
{
    public async ValueTask<RoleTarget> ResolveAsync(CallContext call, AssumeRoleRequest request, CancellationToken ct)
    {
        var caller = call.Caller;
        var target = await RoleTarget.FindAsync(directories, request.RoleArn!, ct);
        if (caller.Principal.IsRoot)
            throw StsErrors.RootMayNotAssume();
        if (caller.Session?.Kind == SessionKind.Federated)
            throw target.Deny(call, "sts:AssumeRole");
        SessionParameters.RefuseMfa(request.SerialNumber, request.TokenCode);
        if (request.ProvidedContexts is not null)
            throw StsErrors.NoContextProvider();

        var (tags, transitive) = SessionParameters.Tags(request.Tags, request.TransitiveTagKeys, caller.Session);
        return target with
        {
            RequestTags = tags.Count > 0 ? TagSet.Of(tags) : null,
            ServiceKeys = new AssumeRoleKeys(target.Role, request.RoleSessionName!)
            {
                ExternalId = request.ExternalId,
                SourceIdentity = request.SourceIdentity ?? caller.Session?.SourceIdentity,
                TransitiveTagKeys = transitive,
            },
        };
    }

    public ValueTask<Plan<AssumeRoleResponse>> PlanAsync(CallContext call, Authorized<AssumeRoleRequest, RoleTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var session = call.Caller.Session;
        var (tags, transitive) = SessionParameters.Tags(request.Tags, request.TransitiveTagKeys, session);
        var source = request.SourceIdentity ?? session?.SourceIdentity;
        RoleSession.Demand(call, target, tags.Count > 0, source);
        if (session?.SourceIdentity is { } inherited && inherited != source)
            throw StsErrors.SourceIdentityConflict();

        var chain = session?.Kind == SessionKind.Role ? session.ChainDepth : 0;
        var grant = RoleSession.Grant(target, request.RoleSessionName!, request.DurationSeconds, chain, request.Policy, request.PolicyArns, call.Now) with
        {
            SourceIdentity = source,
            Tags = tags,
            TransitiveTagKeys = transitive,
        };
        return new(RoleSession.Issue(issuer, target, grant));
    }
}
