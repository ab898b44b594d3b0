using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Authentication;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using Strongroom.Server.Oidc;

namespace Strongroom.Server.Sts;

/// <summary>Source: STS model, AssumeRoleWithWebIdentity; IAM fact sheet 5.2.</summary>
internal sealed class AssumeRoleWithWebIdentityRequest
{
    public string? RoleArn { get; private set; }
    public string? RoleSessionName { get; private set; }
    public string? WebIdentityToken { get; private set; }
    public string? ProviderId { get; private set; }
    public IReadOnlyList<PolicyDescriptor>? PolicyArns { get; private set; }
    public string? Policy { get; private set; }
    public long? DurationSeconds { get; private set; }

    public static Shape<AssumeRoleWithWebIdentityRequest> Shape { get; } = new(
        Member.String<AssumeRoleWithWebIdentityRequest>("RoleArn", r => r.RoleArn, (r, v) => r.RoleArn = v, StsLimits.RoleArn, required: true),
        Member.String<AssumeRoleWithWebIdentityRequest>(
            "RoleSessionName", r => r.RoleSessionName, (r, v) => r.RoleSessionName = v, StsLimits.SessionName, required: true),
        Member.String<AssumeRoleWithWebIdentityRequest>(
            "WebIdentityToken", r => r.WebIdentityToken, (r, v) => r.WebIdentityToken = v, StsLimits.WebIdentityToken, required: true, sensitive: true),
        Member.String<AssumeRoleWithWebIdentityRequest>("ProviderId", r => r.ProviderId, (r, v) => r.ProviderId = v, StsLimits.ProviderId),
        Member.Structs<AssumeRoleWithWebIdentityRequest, PolicyDescriptor>(
            "PolicyArns", PolicyDescriptor.Shape, r => r.PolicyArns, (r, v) => r.PolicyArns = v),
        Member.String<AssumeRoleWithWebIdentityRequest>("Policy", r => r.Policy, (r, v) => r.Policy = v, StsLimits.Policy),
        Member.Long<AssumeRoleWithWebIdentityRequest>(
            "DurationSeconds", r => r.DurationSeconds, (r, v) => r.DurationSeconds = v, StsLimits.MinDuration, StsLimits.MaxRoleDuration));
}

/// <summary>Gives a session of a role to the holder of an OpenID Connect token whom the role trusts. Not signed: the token is the proof.</summary>
/// <remarks>Source: IAM fact sheet 5.2, 5.3, 5.6, 5.7.</remarks>
internal sealed class AssumeRoleWithWebIdentity(IamDirectories directories, WebIdentityAuthenticator authenticator, SessionIssuer issuer)
    : IOperation<AssumeRoleWithWebIdentityRequest, RoleTarget, AssumeRoleResponse>
{
    public async ValueTask<RoleTarget> ResolveAsync(CallContext call, AssumeRoleWithWebIdentityRequest request, CancellationToken ct)
    {
        var target = await RoleTarget.FindAsync(directories, request.RoleArn!, ct);
        call.RecipientAccount = target.Directory?.Account;
        // It goes with OAuth 2.0 access tokens of providers that this server does not know.
        if (request.ProviderId is not null)
            throw StsErrors.NoProvider(request.ProviderId);

        var identity = await authenticator.AuthenticateAsync(target.Directory, request.WebIdentityToken!, call.Now, ct);
        call.VerifiedCaller = identity.Caller;
        return target with
        {
            Identity = identity,
            RequestTags = identity.Tags.Count > 0 ? TagSet.Of(identity.Tags) : null,
            ServiceKeys = new WebIdentityRoleKeys(identity.Keys, new AssumeRoleKeys(target.Role, request.RoleSessionName!)
            {
                SourceIdentity = identity.SourceIdentity,
                TransitiveTagKeys = identity.TransitiveTagKeys,
            }),
        };
    }

    public ValueTask<Plan<AssumeRoleResponse>> PlanAsync(
        CallContext call, Authorized<AssumeRoleWithWebIdentityRequest, RoleTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var identity = target.Identity!;
        RoleSession.Demand(call, target, identity.Tags.Count > 0, identity.SourceIdentity);
        var grant = RoleSession.Grant(target, request.RoleSessionName!, request.DurationSeconds, chain: 0, request.Policy, request.PolicyArns, call.Now) with
        {
            SourceIdentity = identity.SourceIdentity,
            Tags = identity.Tags,
            TransitiveTagKeys = identity.TransitiveTagKeys,
            FederatedProvider = identity.ProviderArn,
            Subject = identity.Subject,
            Audience = identity.Audience,
        };
        return new(RoleSession.Issue(issuer, target, grant) with { IsWebIdentity = true });
    }
}
