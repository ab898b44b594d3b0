using Strongroom.Policy;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using Strongroom.Storage;

namespace Strongroom.Server.Strongroom;

/// <summary>Makes notifications that were given up due again, as if never tried.</summary>
internal sealed class RetryNotifications(IamDirectories directories, INotificationStore store) : IOperation<NotificationSelection, AccountTarget, NotificationsChanged>
{
    public ValueTask<AccountTarget> ResolveAsync(CallContext call, NotificationSelection request, CancellationToken ct) =>
        InstallationTarget.ResolveAsync(directories, call, ct);

    public async ValueTask<Plan<NotificationsChanged>> PlanAsync(
        CallContext call, Authorized<NotificationSelection, AccountTarget> authorized, CancellationToken ct)
    {
        var chosen = await authorized.Request.FindAsync(store, deadOnly: true, ct);
        return new Plan<NotificationsChanged>(new NotificationsChanged(chosen.Count)) { Notifications = new NotificationChange(chosen, [], call.Now) };
    }
}
