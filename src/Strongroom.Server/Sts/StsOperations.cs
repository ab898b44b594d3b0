using Strongroom.Server.Endpoint;
using static Strongroom.Server.Endpoint.OperationTable;

namespace Strongroom.Server.Sts;

/// <summary>STS's rows of the operation table, in the API Reference's order.</summary>
internal static class StsOperations
{
    public static IReadOnlyList<OperationEntry> All() =>
    [
        Query(ServiceProtocol.Sts, "GetCallerIdentity", ReadOnly, GetCallerIdentityRequest.Shape, new GetCallerIdentity()),
    ];
}
