using Strongroom.Crypto;
using Strongroom.Server.Audit.Lookup;
using Strongroom.Server.Endpoint;
using Strongroom.Server.SecretsManager;
using static Strongroom.Server.Endpoint.OperationTable;

namespace Strongroom.Server.CloudTrail;

/// <summary>CloudTrail's rows of the operation table.</summary>
internal static class CloudTrailOperations
{
    public static IReadOnlyList<OperationEntry> All(AuditIndexes indexes, Keyring keyring) =>
    [
        Json(ServiceProtocol.CloudTrail, "LookupEvents", ReadOnly, LookupEventsRequest.Shape, new LookupEvents(new AuditLookup(indexes), new PagingTokens(keyring))),
    ];
}
