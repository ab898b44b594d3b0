using System.Collections.Frozen;

namespace Strongroom.Policy;

/// <summary>The keys of IAM fact sheet 2.6 that a server of this kind can know; all others are left to the service or absent.</summary>
internal enum GlobalKey
{
    None,
    CurrentTime, EpochTime, SecureTransport, SourceIp, UserAgent, Referer, RequestedRegion,
    PrincipalAccount, PrincipalArn, PrincipalType, UserId, UserName, PrincipalIsAwsService, PrincipalServiceName,
    ResourceAccount, TagKeys,
    MultiFactorAuthPresent, MultiFactorAuthAge, TokenIssueTime, SourceIdentity, FederatedProvider,
    ViaAwsService, CalledVia, CalledViaFirst, CalledViaLast,
    SourceArn, SourceAccount,
    PrincipalTag, ResourceTag, RequestTag,
}

internal static class GlobalKeys
{
    /// <param name="name">In lower case.</param>
    public static GlobalKey Find(string name) => Plain.GetValueOrDefault(name);

    /// <param name="prefix">In lower case, with the slash.</param>
    public static GlobalKey FindTag(string prefix) => prefix switch
    {
        "aws:principaltag/" => GlobalKey.PrincipalTag,
        "aws:resourcetag/" => GlobalKey.ResourceTag,
        "aws:requesttag/" => GlobalKey.RequestTag,
        _ => GlobalKey.None,
    };

    private static readonly FrozenDictionary<string, GlobalKey> Plain = new Dictionary<string, GlobalKey>
    {
        ["aws:currenttime"] = GlobalKey.CurrentTime,
        ["aws:epochtime"] = GlobalKey.EpochTime,
        ["aws:securetransport"] = GlobalKey.SecureTransport,
        ["aws:sourceip"] = GlobalKey.SourceIp,
        ["aws:useragent"] = GlobalKey.UserAgent,
        ["aws:referer"] = GlobalKey.Referer,
        ["aws:requestedregion"] = GlobalKey.RequestedRegion,
        ["aws:principalaccount"] = GlobalKey.PrincipalAccount,
        ["aws:principalarn"] = GlobalKey.PrincipalArn,
        ["aws:principaltype"] = GlobalKey.PrincipalType,
        ["aws:userid"] = GlobalKey.UserId,
        ["aws:username"] = GlobalKey.UserName,
        ["aws:principalisawsservice"] = GlobalKey.PrincipalIsAwsService,
        ["aws:principalservicename"] = GlobalKey.PrincipalServiceName,
        ["aws:resourceaccount"] = GlobalKey.ResourceAccount,
        ["aws:tagkeys"] = GlobalKey.TagKeys,
        ["aws:multifactorauthpresent"] = GlobalKey.MultiFactorAuthPresent,
        ["aws:multifactorauthage"] = GlobalKey.MultiFactorAuthAge,
        ["aws:tokenissuetime"] = GlobalKey.TokenIssueTime,
        ["aws:sourceidentity"] = GlobalKey.SourceIdentity,
        ["aws:federatedprovider"] = GlobalKey.FederatedProvider,
        ["aws:viaawsservice"] = GlobalKey.ViaAwsService,
        ["aws:calledvia"] = GlobalKey.CalledVia,
        ["aws:calledviafirst"] = GlobalKey.CalledViaFirst,
        ["aws:calledvialast"] = GlobalKey.CalledViaLast,
        ["aws:sourcearn"] = GlobalKey.SourceArn,
        ["aws:sourceaccount"] = GlobalKey.SourceAccount,
    }.ToFrozenDictionary(StringComparer.Ordinal);
}
