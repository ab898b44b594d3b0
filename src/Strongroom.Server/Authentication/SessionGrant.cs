using Strongroom.Policy;

namespace Strongroom.Server.Authentication;

/// <summary>Whose session a token is for. The numbers are those of docs/formats/session-token.md.</summary>
internal enum SessionKind : byte
{
    /// <summary>Of a role: AssumeRole and AssumeRoleWithWebIdentity.</summary>
    Role = 1,

    /// <summary>Of a user, or of the root, under its own name: GetSessionToken.</summary>
    User = 2,

    /// <summary>Of somebody whom a user, or the root, vouches for: GetFederationToken.</summary>
    Federated = 3,
}

/// <summary>What a session token says, without its secret: everything that is known of a session. Immutable.</summary>
/// <remarks>Policies are evaluated live: of the entity behind the session only its unique id stands here. Source: IAM fact sheet 5.5.</remarks>
internal sealed record SessionGrant
{
    public required SessionKind Kind { get; init; }

    /// <summary>Of the role or user.</summary>
    public required string Account { get; init; }

    /// <summary>The one access key that the token goes with.</summary>
    public required string AccessKeyId { get; init; }

    /// <summary>Whole seconds.</summary>
    public required DateTimeOffset IssuedAt { get; init; }

    /// <summary>Whole seconds; from this instant on the session is over.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary><c>AROA…</c> or <c>AIDA…</c>; empty for the root.</summary>
    public string EntityId { get; init; } = "";

    /// <summary>Name of the role or user; empty for the root.</summary>
    public string EntityName { get; init; } = "";

    /// <summary>The role session's name, or the federated user's; empty for <see cref="SessionKind.User"/>.</summary>
    public string SessionName { get; init; } = "";

    /// <summary>How many roles were assumed one from another to get here; 0 for sessions without a role.</summary>
    public int ChainDepth { get; init; }

    public string? SourceIdentity { get; init; }

    /// <summary>Those passed and those inherited from the calling session.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Tags { get; init; } = [];

    /// <summary>Keys of the tags that a session assumed from this one inherits.</summary>
    public IReadOnlyList<string> TransitiveTagKeys { get; init; } = [];

    /// <summary>Text of the inline session policy.</summary>
    public string? Policy { get; init; }

    /// <summary>ARNs of the managed session policies.</summary>
    public IReadOnlyList<string> PolicyArns { get; init; } = [];

    /// <summary>ARN of the OIDC provider whose token was exchanged for this session; null for others.</summary>
    public string? FederatedProvider { get; init; }

    /// <summary><c>sub</c> and audience of that token; empty for others.</summary>
    public string Subject { get; init; } = "";

    public string Audience { get; init; } = "";

    public bool IsRoot => EntityName.Length == 0;

    public bool HasPolicies => Policy is not null || PolicyArns.Count > 0;

    /// <summary>The tags that a session assumed from this one inherits.</summary>
    public IEnumerable<KeyValuePair<string, string>> TransitiveTags =>
        Tags.Where(tag => TransitiveTagKeys.Contains(tag.Key, StringComparer.OrdinalIgnoreCase));

    public TagSet ToTagSet() => TagSet.Of(Tags);
}
