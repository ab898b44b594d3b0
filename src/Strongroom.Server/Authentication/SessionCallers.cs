using System.Collections.Concurrent;
using System.Collections.Immutable;
using Strongroom.Policy;
using Strongroom.Server.Iam;

namespace Strongroom.Server.Authentication;

/// <summary>A session that has been opened, with what its calls need, made from one snapshot of its account.</summary>
/// <param name="Serial">See <see cref="SessionToken.TryOpen"/>.</param>
/// <param name="Key">Null when the role or user behind the session is gone.</param>
internal sealed record OpenedSession(SessionGrant Grant, long Serial, IamDirectory Directory, KnownKey? Key);

/// <summary>
/// Sessions that were opened lately, by their tokens: opening one, and finding its policies, costs more than the rest of a read. Bounded; holds no
/// secret. Safe for concurrent use.
/// </summary>
/// <remarks>Two generations: what is used moves to the young one, and when that is full, what was not used since is forgotten.</remarks>
internal sealed class OpenedSessions(int capacity = OpenedSessions.DefaultCapacity)
{
    private const int DefaultCapacity = 10_000;

    private ConcurrentDictionary<string, OpenedSession> young = new(StringComparer.Ordinal);
    private ConcurrentDictionary<string, OpenedSession> old = new(StringComparer.Ordinal);

    /// <summary>At most the capacity.</summary>
    public int Count => young.Count + old.Count;

    public OpenedSession? Find(string token)
    {
        if (young.TryGetValue(token, out var session))
            return session;
        if (!old.TryRemove(token, out session))
            return null;
        Keep(token, session);
        return session;
    }

    public void Keep(string token, OpenedSession session)
    {
        if (young.Count >= capacity / 2)
        {
            old = young;
            young = new(StringComparer.Ordinal);
        }

        young[token] = session;
    }

    public void Forget(string token)
    {
        young.TryRemove(token, out _);
        old.TryRemove(token, out _);
    }
}

/// <summary>What a session is to policies: who calls, and under which policies. Source: IAM fact sheet 2.6, 5.2, 5.5.</summary>
internal static class SessionCallers
{
    // Who passes no session policy to GetFederationToken may do nothing but what resource policies grant to the federated user itself.
    private static readonly AttachedPolicy Nothing = Passed(
        "none", """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"strongroom:Nothing","Resource":"arn:aws:strongroom:::nothing"}]}""");

    // The root that vouches for a federated user may do everything.
    private static readonly AttachedPolicy Everything = Passed(
        "root", """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}""");

    /// <returns>Null when the role or user is gone, or is another one of the same name.</returns>
    public static (Principal Principal, PrincipalPolicies Policies)? Find(IamDirectory directory, SessionGrant grant) => grant.Kind switch
    {
        SessionKind.Role => directory.FindRole(grant.EntityName) is { } role && role.Id == grant.EntityId ? OfRole(directory, grant, role) : null,
        _ when grant.IsRoot => OfRoot(directory, grant),
        _ => FindUser(directory, grant) is { } user ? OfUser(directory, grant, user) : null,
    };

    // A user keeps its sessions when it is renamed: the id tells who it is, the name only where to look first.
    private static IamUser? FindUser(IamDirectory directory, SessionGrant grant) =>
        directory.FindUser(grant.EntityName) is { } user && user.Id == grant.EntityId ? user : directory.FindUserById(grant.EntityId);

    private static (Principal, PrincipalPolicies) OfRole(IamDirectory directory, SessionGrant grant, IamRole role) => (
        role.ToPrincipal(directory.Account, grant.SessionName) with
        {
            Tags = IamTarget.ToTagSet(role.Tags).Overlay(grant.ToTagSet()),
            TokenIssueTime = grant.IssuedAt,
            SourceIdentity = grant.SourceIdentity,
            FederatedProvider = grant.FederatedProvider,
        },
        CallerPolicies.Of(directory, role) with { Session = SessionPolicies(directory, grant) });

    private static (Principal, PrincipalPolicies) OfRoot(IamDirectory directory, SessionGrant grant)
    {
        var arn = AccessKeys.RootArn(directory.Account);
        return grant.Kind == SessionKind.User
            ? (Principal.Root(directory.Account, arn) with { IsTemporary = true, TokenIssueTime = grant.IssuedAt }, PrincipalPolicies.None)
            : (Federated(directory, grant, arn, directory.Account, TagSet.Empty),
                new PrincipalPolicies { Identity = [Everything], Session = FederatedPolicies(directory, grant) });
    }

    private static (Principal, PrincipalPolicies) OfUser(IamDirectory directory, SessionGrant grant, IamUser user)
    {
        var policies = CallerPolicies.Of(directory, user);
        return grant.Kind == SessionKind.User
            ? (user.ToPrincipal(directory.Account) with { IsTemporary = true, TokenIssueTime = grant.IssuedAt }, policies)
            : (Federated(directory, grant, user.Arn(directory.Account), user.Id, IamTarget.ToTagSet(user.Tags)), policies with { Session = FederatedPolicies(directory, grant) });
    }

    private static Principal Federated(IamDirectory directory, SessionGrant grant, string entityArn, string entityId, TagSet tags) => new()
    {
        Kind = PrincipalKind.FederatedUser,
        Account = directory.Account,
        Arn = $"arn:aws:sts::{directory.Account}:federated-user/{grant.SessionName}",
        UserId = $"{directory.Account}:{grant.SessionName}",
        EntityArn = entityArn,
        EntityId = entityId,
        Tags = tags.Overlay(grant.ToTagSet()),
        IsTemporary = true,
        TokenIssueTime = grant.IssuedAt,
    };

    private static ImmutableArray<AttachedPolicy> FederatedPolicies(IamDirectory directory, SessionGrant grant) =>
        grant.HasPolicies ? SessionPolicies(directory, grant) : [Nothing];

    private static ImmutableArray<AttachedPolicy> SessionPolicies(IamDirectory directory, SessionGrant grant)
    {
        var policies = ImmutableArray.CreateBuilder<AttachedPolicy>();
        if (grant.Policy is { } text)
            policies.Add(Passed("Policy", text));
        foreach (var arn in grant.PolicyArns)
        {
            // One that is gone no longer allows anything, but the session stays one with policies.
            policies.Add(CallerPolicies.FindManaged(directory, arn) is { } managed
                ? new AttachedPolicy(new PolicySource(PolicySourceKind.Managed, arn[(arn.LastIndexOf('/') + 1)..], arn), CompiledPolicies.Identity(managed))
                : Nothing);
        }

        return policies.ToImmutable();
    }

    private static AttachedPolicy Passed(string name, string text) => new(new PolicySource(PolicySourceKind.Passed, name), CompiledPolicies.Identity(text));
}
