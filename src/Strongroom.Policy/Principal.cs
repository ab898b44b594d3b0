namespace Strongroom.Policy;

/// <summary>What a caller is. Source: IAM fact sheet 2.3.</summary>
public enum PrincipalKind
{
    /// <summary>The root of an account: needs no identity policies.</summary>
    Root,

    /// <summary>An IAM user, by its own keys or by a session of GetSessionToken.</summary>
    User,

    /// <summary>A session of a role, however the role was assumed.</summary>
    RoleSession,

    /// <summary>A session of GetFederationToken.</summary>
    FederatedUser,

    /// <summary>A service that calls for itself; resource policies alone decide.</summary>
    Service,

    /// <summary>The holder of a verified token of an identity provider, before it has become a role session. Trust policies alone decide.</summary>
    WebIdentity,
}

/// <summary>Who asks, as policies see it. Immutable: made once for a key or a session, shared by all its calls.</summary>
/// <remarks>The one for the root of an account is made by <see cref="Root"/>; the others by whoever has read the user or opened the session token.</remarks>
public sealed record Principal
{
    public required PrincipalKind Kind { get; init; }

    /// <summary>Twelve digits; empty for services and web identities, which belong to no account.</summary>
    public required string Account { get; init; }

    /// <summary>As denials and audit records print it: the user's ARN, the session's (<c>arn:aws:sts::A:assumed-role/R/S</c>), <c>arn:aws:iam::A:root</c>; the name of a service.</summary>
    public required string Arn { get; init; }

    /// <summary><c>aws:userid</c>: <c>AIDA…</c>, <c>AROA…:session</c>, <c>account:name</c>, or the account of a root.</summary>
    public required string UserId { get; init; }

    /// <summary><c>aws:username</c>: name without path, for users only.</summary>
    public string? UserName { get; init; }

    /// <summary>ARN with path of the entity behind the credentials: the user; the role of a session; the user who asked for a federated session.</summary>
    public string? EntityArn { get; init; }

    /// <summary><c>AIDA…</c> or <c>AROA…</c> of that entity. Policies whose principals were resolved when they were stored match by this alone.</summary>
    public string? EntityId { get; init; }

    /// <summary><c>aws:PrincipalTag</c>: the user's tags; for sessions the role's, overlaid by the session's (<see cref="TagSet.Overlay"/>).</summary>
    public TagSet Tags { get; init; } = TagSet.Empty;

    /// <summary>Whether the credentials came from STS: then <c>aws:MultiFactorAuthPresent</c> and <c>aws:TokenIssueTime</c> exist.</summary>
    public bool IsTemporary { get; init; }

    /// <summary>Seconds since 1970 when the session began; null for long-term keys.</summary>
    public DateTimeOffset? TokenIssueTime { get; init; }

    /// <summary>When the session's holder gave a second factor; null if never, which is always so until MFA devices exist.</summary>
    public DateTimeOffset? MfaTime { get; init; }

    /// <summary>Set by AssumeRole, and kept by the sessions that descend from it.</summary>
    public string? SourceIdentity { get; init; }

    /// <summary>ARN of the OIDC provider, for web identities and the sessions made from them.</summary>
    public string? FederatedProvider { get; init; }

    public bool IsRoot => Kind == PrincipalKind.Root;

    /// <param name="account">Twelve digits.</param>
    /// <param name="arn"><c>arn:aws:iam::ACCOUNT:root</c></param>
    public static Principal Root(string account, string arn) =>
        new() { Kind = PrincipalKind.Root, Account = account, Arn = arn, UserId = account };

    /// <param name="name">Such as <c>secretsmanager.amazonaws.com</c>.</param>
    public static Principal Service(string name) =>
        new() { Kind = PrincipalKind.Service, Account = "", Arn = name, UserId = name };

    /// <summary><c>aws:PrincipalArn</c>: the role's ARN, not the session's.</summary>
    internal string? KeyArn => Kind switch
    {
        PrincipalKind.RoleSession => EntityArn ?? Arn,
        PrincipalKind.Service or PrincipalKind.WebIdentity => null,
        _ => Arn,
    };
}
