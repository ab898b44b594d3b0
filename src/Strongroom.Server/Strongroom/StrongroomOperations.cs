using Strongroom.Crypto;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using Strongroom.Server.Keys;
using Strongroom.Server.Notifications;
using Strongroom.Server.Rotation;
using Strongroom.Server.SecretsManager;
using Strongroom.Storage;
using static Strongroom.Server.Endpoint.OperationTable;

namespace Strongroom.Server.Strongroom;

/// <summary>The rows of our own operations: the same protocol, authorized as <c>strongroom:Operation</c>, audited like any call. Source: architecture.md section 9.</summary>
internal static class StrongroomOperations
{
    public static IReadOnlyList<OperationEntry> All(
        IamDirectories directories, ISecretStore store, string auditDirectory, IDirectoryStore accounts, KeyDirectory keys, Regions regions,
        Keyring keyring, Entropy entropy, INotificationStore notifications, IReadOnlyList<NotificationDestination> destinations,
        IRotationStore rotations, RotationReaders readers)
    {
        var resources = new PolicyResources(store, directories, keys);
        var calls = new AuditedCalls(auditDirectory);
        return
        [
            Json(ServiceProtocol.Strongroom, "CreateAccount", Mutating, CreateAccountRequest.Shape, new CreateAccount(directories, accounts, keyring, entropy)),
            Json(ServiceProtocol.Strongroom, "DropNotifications", Mutating, NotificationSelection.Shape, new DropNotifications(directories, notifications)),
            Json(ServiceProtocol.Strongroom, "Explain", ReadOnly, ExplainRequest.Shape, new Explain(directories, resources, store, new SecretKeys(keys, keyring))),
            Json(ServiceProtocol.Strongroom, "ListAccounts", ReadOnly, ListAccountsRequest.Shape, new ListAccounts(directories, accounts)),
            Json(
                ServiceProtocol.Strongroom, "ListNotifications", ReadOnly, ListNotificationsRequest.Shape, new ListNotifications(directories, notifications, destinations)),
            Json(
                ServiceProtocol.Strongroom, "ListRotationReaders", ReadOnly, ListRotationReadersRequest.Shape,
                new ListRotationReaders(new SecretTargets(store), readers)),
            Json(
                ServiceProtocol.Strongroom, "ListRotationSteps", ReadOnly, ListRotationStepsRequest.Shape,
                new ListRotationSteps(new SecretTargets(store), rotations, keyring)),
            Json(ServiceProtocol.Strongroom, "Rehearse", ReadOnly, RehearseRequest.Shape, new Rehearse(directories, resources, calls)),
            Json(ServiceProtocol.Strongroom, "Report", ReadOnly, ReportRequest.Shape, new Report(directories, store, calls, regions)),
            Json(ServiceProtocol.Strongroom, "ReportUsage", ReadOnly, ReportUsageRequest.Shape, new ReportUsage(store, calls, regions)),
            Json(ServiceProtocol.Strongroom, "RetryNotifications", Mutating, NotificationSelection.Shape, new RetryNotifications(directories, notifications)),
            Json(ServiceProtocol.Strongroom, "Rewrap", Mutating, RewrapRequest.Shape, new Rewrap(store, keys, regions, keyring)),
        ];
    }
}
