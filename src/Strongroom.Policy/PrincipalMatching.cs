namespace Strongroom.Policy;

/// <summary>How a principal element names a caller; the greater is the stronger. Source: IAM fact sheet 2.3, last column.</summary>
public enum PrincipalMatch
{
    None,

    /// <summary>Names the caller's account, which delegates to the policies of that account.</summary>
    Account,

    /// <summary>Names the role of the session, or the user behind a federated one: boundary and session policies still bind.</summary>
    Role,

    /// <summary>Names the caller itself, or anyone.</summary>
    Direct,
}

/// <summary>Whom a principal names. Also for the grantee of a KMS grant.</summary>
public static class PrincipalMatching
{
    /// <param name="named">A principal of a policy.</param>
    /// <param name="entityId">The <c>AIDA…</c> or <c>AROA…</c> that an ARN of a user or role stood for when the policy was stored: then only that entity matches, not
    /// a later one of the same name. Null to compare ARNs.</param>
    public static PrincipalMatch Match(PolicyPrincipal named, Principal caller, string? entityId = null)
    {
        ArgumentNullException.ThrowIfNull(named);
        ArgumentNullException.ThrowIfNull(caller);
        return named.Form switch
        {
            PrincipalForm.Anyone => PrincipalMatch.Direct,
            PrincipalForm.Account => caller.Account != named.AccountId ? PrincipalMatch.None
                : caller.Kind == PrincipalKind.Root ? PrincipalMatch.Direct : PrincipalMatch.Account,
            PrincipalForm.User => MatchUser(named.Text, entityId, caller),
            PrincipalForm.Role => caller.Kind == PrincipalKind.RoleSession && IsEntity(named.Text, entityId, caller) ? PrincipalMatch.Role : PrincipalMatch.None,
            PrincipalForm.RoleSession => Direct(caller.Kind == PrincipalKind.RoleSession && caller.Arn == named.Text),
            PrincipalForm.FederatedUser => Direct(caller.Kind == PrincipalKind.FederatedUser && caller.Arn == named.Text),
            PrincipalForm.UniqueId => MatchId(named.Text, caller),
            PrincipalForm.Service => Direct(caller.Kind == PrincipalKind.Service && caller.Arn == named.Text),
            PrincipalForm.Federated => Direct(caller.Kind == PrincipalKind.WebIdentity && caller.FederatedProvider == named.Text),
            _ => PrincipalMatch.None,
        };
    }

    private static PrincipalMatch MatchUser(string arn, string? entityId, Principal caller) => caller.Kind switch
    {
        PrincipalKind.User => Direct(IsEntity(arn, entityId, caller)),
        PrincipalKind.FederatedUser => IsEntity(arn, entityId, caller) ? PrincipalMatch.Role : PrincipalMatch.None,
        _ => PrincipalMatch.None,
    };

    private static PrincipalMatch MatchId(string id, Principal caller) =>
        caller.EntityId != id ? PrincipalMatch.None : caller.Kind switch
        {
            PrincipalKind.User => PrincipalMatch.Direct,
            PrincipalKind.RoleSession or PrincipalKind.FederatedUser => PrincipalMatch.Role,
            _ => PrincipalMatch.None,
        };

    private static bool IsEntity(string arn, string? entityId, Principal caller) =>
        entityId is null ? caller.EntityArn == arn : caller.EntityId == entityId;

    private static PrincipalMatch Direct(bool matches) => matches ? PrincipalMatch.Direct : PrincipalMatch.None;
}
