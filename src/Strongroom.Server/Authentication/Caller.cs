using Strongroom.Policy;
using Strongroom.Server.Audit;

namespace Strongroom.Server.Authentication;

/// <summary>A verified caller. Made by the authenticators and nobody else: its constructor is a banned symbol.</summary>
internal sealed class Caller(Principal principal, string accessKeyId)
{
    public Principal Principal { get; } = principal;

    /// <summary>
    /// The seam of users and roles: whoever makes a <see cref="PrincipalKind.User"/> or <see cref="PrincipalKind.RoleSession"/> gives its compiled policies here,
    /// and again when they change. A root needs none; anybody else without them is refused everything that no resource policy grants.
    /// </summary>
    public PrincipalPolicies Policies { get; init; } = PrincipalPolicies.None;

    /// <summary>Empty for web identities, which sign nothing.</summary>
    public string AccessKeyId { get; } = accessKeyId;

    /// <summary>What the session token says; null for long-term keys and web identities.</summary>
    public SessionGrant? Session { get; init; }

    public string Account => Principal.Account;

    /// <summary>Kept by <see cref="Quotas.Consumers"/>, who knows when it is to be looked up again.</summary>
    public Quotas.Consumer? Consumer { get; set; }

    /// <summary>
    /// The record's <c>userIdentity</c> as JSON. Kept, because a caller stays the same from call to call and this is a third of what a record costs.
    /// </summary>
    public ReadOnlySpan<byte> IdentityJson => identityJson ??= UserIdentity.Render(this);

    private byte[]? identityJson;
}
