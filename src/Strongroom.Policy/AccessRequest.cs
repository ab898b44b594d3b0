using System.Globalization;

namespace Strongroom.Policy;

/// <summary>One question to the evaluator: may this principal do this, to this, now? Answers the condition keys that policies ask about.</summary>
/// <remarks>A call can need several (CreateSecret with tags also asks <c>secretsmanager:TagResource</c>): each is a request of its own. Source: IAM fact sheet 4.3.</remarks>
/// <param name="Action"><c>service:Name</c>; its case does not matter.</param>
public readonly record struct AccessRequest(Principal Principal, string Action, IResource Resource, RequestFacts Facts)
{
    /// <summary>For keys: how a grant that allows this operation names the caller, see <see cref="PrincipalMatching"/>. None if no grant does.</summary>
    public PrincipalMatch Grant { get; init; }

    /// <summary>Asked before everything else: the context entries of a simulation.</summary>
    public IConditionKeys? Overrides { get; init; }

    /// <summary>The values of a key: overrides, then global keys, then the service's. Source: IAM fact sheet 2.6.</summary>
    public ConditionValues Find(ConditionKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (Overrides?.Find(key) is { Count: > 0 } told)
            return told;
        if (FindGlobal(key) is { Count: > 0 } known)
            return known;
        return Resource.ServiceKeys?.Find(key) ?? default;
    }

    private ConditionValues FindGlobal(ConditionKey key) => key.Global switch
    {
        GlobalKey.None => default,
        GlobalKey.CurrentTime => Iso(Facts.Now),
        GlobalKey.EpochTime => Facts.Now?.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture),
        GlobalKey.SecureTransport => Facts.SecureTransport is { } secure ? Bool(secure) : null,
        GlobalKey.SourceIp => Facts.ViaService is null ? Facts.SourceIp : null,
        GlobalKey.UserAgent => Facts.UserAgent,
        GlobalKey.Referer => Facts.Referer,
        GlobalKey.RequestedRegion => Facts.RequestedRegion,

        GlobalKey.PrincipalAccount => Principal.Account.Length > 0 ? Principal.Account : null,
        GlobalKey.PrincipalArn => Principal.KeyArn,
        GlobalKey.PrincipalType => PrincipalType,
        GlobalKey.UserId => Principal.UserId,
        GlobalKey.UserName => Principal.Kind == PrincipalKind.User ? Principal.UserName : null,
        GlobalKey.PrincipalIsAwsService => Principal.Kind == PrincipalKind.WebIdentity ? null : Bool(Principal.Kind == PrincipalKind.Service),
        GlobalKey.PrincipalServiceName => Principal.Kind == PrincipalKind.Service ? Principal.Arn : null,
        GlobalKey.PrincipalTag => Principal.Tags.Find(key.Tag),

        GlobalKey.ResourceAccount => Resource.Account,
        GlobalKey.ResourceTag => Resource.Tags.Find(key.Tag),
        GlobalKey.RequestTag => Resource.RequestTags?.Find(key.Tag),
        GlobalKey.TagKeys => Resource.RequestTags is { Count: > 0 } tags ? new ConditionValues([.. tags.Keys]) : default,

        GlobalKey.MultiFactorAuthPresent => Principal.IsTemporary ? Bool(Principal.MfaTime is not null) : null,
        GlobalKey.MultiFactorAuthAge => MfaAge,
        GlobalKey.TokenIssueTime => Iso(Principal.TokenIssueTime),
        GlobalKey.SourceIdentity => Principal.SourceIdentity,
        GlobalKey.FederatedProvider => Principal.FederatedProvider,

        GlobalKey.ViaAwsService => Bool(Facts.ViaService is not null),
        GlobalKey.CalledVia or GlobalKey.CalledViaFirst or GlobalKey.CalledViaLast => Facts.ViaService,
        GlobalKey.SourceArn => Facts.SourceArn,
        GlobalKey.SourceAccount => Facts.SourceAccount,
        _ => default,
    };

    private string? PrincipalType => Principal.Kind switch
    {
        PrincipalKind.Root => "Account",
        PrincipalKind.User => "User",
        PrincipalKind.RoleSession => "AssumedRole",
        PrincipalKind.FederatedUser => "FederatedUser",
        PrincipalKind.WebIdentity => "Anonymous", // it signs nothing
        _ => null,
    };

    private string? MfaAge => Principal is { IsTemporary: true, MfaTime: { } given } && Facts.Now is { } now
        ? ((long)Math.Max(0, (now - given).TotalSeconds)).ToString(CultureInfo.InvariantCulture)
        : null;

    private static string Bool(bool value) => value ? "true" : "false";

    private static string? Iso(DateTimeOffset? instant) =>
        instant?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
