using Strongroom.Policy;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using Strongroom.Storage;

namespace Strongroom.Server.Strongroom;

/// <summary>Forgets notifications that were given up, or all of a destination, such as one that is configured no more.</summary>
internal sealed class DropNotifications(IamDirectories directories, INotificationStore store) : IOperation<NotificationSelection, AccountTarget, NotificationsChanged>
{
    public ValueTask<AccountTarget> ResolveAsync(CallContext call, NotificationSelection request, CancellationToken ct) =>
        InstallationTarget.ResolveAsync(directories, call, ct);

    public async ValueTask<Plan<NotificationsChanged>> PlanAsync(
        CallContext call, Authorized<NotificationSelection, AccountTarget> authorized, CancellationToken ct)
    {
        var chosen = await authorized.Request.FindAsync(store, deadOnly: authorized.Request.IncludeWaiting != true, ct);
        return new Plan<NotificationsChanged>(new NotificationsChanged(chosen.Count)) { Notifications = new NotificationChange([], chosen, call.Now) };
    }
}
