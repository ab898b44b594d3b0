using Strongroom.Server.Authentication;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Sts;

/// <summary>What the sessions of a role have in common, whoever assumes it. Source: IAM fact sheet 5.2, 5.3, 5.5.</summary>
internal static class RoleSession
{
    private const int DefaultDuration = 3600;

    /// <summary>The longest session of a role that was assumed by a session of another.</summary>
    private const int MaxChained = 3600;

    /// <summary>Asks for what tags and a source identity need beside the assumption, inherited ones too: a role that does not expect them must not be given them.</summary>
    /// <exception cref="Protocol.ServiceException">AccessDenied.</exception>
    public static void Demand(CallContext call, RoleTarget target, bool hasTags, string? sourceIdentity)
    {
        if (hasTags)
            AccessDenied.Demand(call, "sts:TagSession", target);
        if (sourceIdentity is not null)
            AccessDenied.Demand(call, "sts:SetSourceIdentity", target);
    }

    /// <summary>The session that a role gives; the caller adds what it brings: tags, identities.</summary>
    /// <param name="chain">How many roles the caller has assumed already.</param>
    /// <exception cref="Protocol.ServiceException">ValidationError, MalformedPolicyDocument, LimitExceeded.</exception>
    public static SessionGrant Grant(
        RoleTarget target, string name, long? seconds, int chain, string? policy, IReadOnlyList<PolicyDescriptor>? policyArns, DateTimeOffset now)
    {
        var role = target.Role!; // what does not exist has no trust policy, and is never authorized
        var duration = seconds ?? DefaultDuration;
        if (duration > role.MaxSessionDuration)
            throw StsErrors.TooLongForRole();
        if (chain > 0 && duration > MaxChained)
            throw StsErrors.TooLongForChain();
        string[] arns = [.. (policyArns ?? []).Select(descriptor => descriptor.Arn).OfType<string>()];
        SessionParameters.CheckPolicies(target.Directory!, policy, arns);
        var issued = SessionParameters.Issued(now);
        return new SessionGrant
        {
            Kind = SessionKind.Role,
            Account = target.Account,
            AccessKeyId = "",
            IssuedAt = issued,
            ExpiresAt = issued.AddSeconds(duration),
            EntityId = role.Id,
            EntityName = role.Name,
            SessionName = name,
            ChainDepth = 1 + chain,
            Policy = policy,
            PolicyArns = arns,
        };
    }

    /// <summary>Issues the session.</summary>
    /// <exception cref="Protocol.ServiceException">PackedPolicyTooLarge.</exception>
    public static AssumeRoleResponse Issue(SessionIssuer issuer, RoleTarget target, SessionGrant grant)
    {
        var packed = SessionParameters.PackedSize(grant);
        var credentials = issuer.Issue(grant);
        return new AssumeRoleResponse(credentials, target.ResourceArn, new AssumedRoleUser(grant.EntityId, grant.EntityName, credentials.Grant), packed);
    }
}
