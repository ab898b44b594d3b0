using Strongroom.Server.Authentication;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using Strongroom.Server.Oidc;
using static Strongroom.Server.Endpoint.OperationTable;

namespace Strongroom.Server.Sts;

/// <summary>STS's rows of the operation table, in the API Reference's order.</summary>
internal static class StsOperations
{
    public static IReadOnlyList<OperationEntry> All(IamDirectories directories, SessionIssuer issuer, WebIdentityAuthenticator webIdentities) =>
    [
        Query(ServiceProtocol.Sts, "AssumeRole", ReadOnly, AssumeRoleRequest.Shape, new AssumeRole(directories, issuer)),
        Query(
            ServiceProtocol.Sts, "AssumeRoleWithWebIdentity", ReadOnly, AssumeRoleWithWebIdentityRequest.Shape,
            new AssumeRoleWithWebIdentity(directories, webIdentities, issuer), isUnsigned: true),
        Query(ServiceProtocol.Sts, "DecodeAuthorizationMessage", ReadOnly, DecodeAuthorizationMessageRequest.Shape, new DecodeAuthorizationMessage()),
        Query(ServiceProtocol.Sts, "GetAccessKeyInfo", ReadOnly, GetAccessKeyInfoRequest.Shape, new GetAccessKeyInfo(directories)),
        Query(ServiceProtocol.Sts, "GetCallerIdentity", ReadOnly, GetCallerIdentityRequest.Shape, new GetCallerIdentity()),
        Query(ServiceProtocol.Sts, "GetFederationToken", ReadOnly, GetFederationTokenRequest.Shape, new GetFederationToken(directories, issuer)),
        Query(ServiceProtocol.Sts, "GetSessionToken", ReadOnly, GetSessionTokenRequest.Shape, new GetSessionToken(issuer)),
    ];
}
