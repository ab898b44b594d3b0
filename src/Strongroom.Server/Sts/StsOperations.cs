using Strongroom.Server.Authentication;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using static Strongroom.Server.Endpoint.OperationTable;

namespace Strongroom.Server.Sts;

/// <summary>STS's rows of the operation table, in the API Reference's order.</summary>
internal static class StsOperations
{
    public static IReadOnlyList<OperationEntry> All(IamDirectories directories, SessionIssuer issuer) =>
    [
        Query(ServiceProtocol.Sts, "AssumeRole", ReadOnly, AssumeRoleRequest.Shape, new AssumeRole(directories, issuer)),
        Query(ServiceProtocol.Sts, "GetCallerIdentity", ReadOnly, GetCallerIdentityRequest.Shape, new GetCallerIdentity()),
    ];
}
