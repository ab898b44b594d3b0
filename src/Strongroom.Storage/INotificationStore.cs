namespace Strongroom.Storage;

/// <summary>A notification for one destination, to be committed with the change that it tells of.</summary>
/// <param name="EventId">The same for all destinations.</param>
/// <param name="Json">The event as it is sent, UTF-8.</param>
public sealed record NewNotification(Guid EventId, string Destination, string DetailType, ReadOnlyMemory<byte> Json, DateTimeOffset CreatedAt);

/// <summary>A notification that waits for its destination, or was given up.</summary>
/// <param name="Id">Of this event for this destination; grows in the order of insertion.</param>
/// <param name="Reason">Why the last attempt failed; null before the first.</param>
public sealed record StoredNotification(
    long Id, Guid EventId, string Destination, string DetailType, ReadOnlyMemory<byte> Json, DateTimeOffset CreatedAt, int Attempts, DateTimeOffset NextAt, bool IsDead,
    string? Reason);

/// <param name="Waiting">Not delivered and not given up.</param>
/// <param name="Dead">Given up.</param>
public sealed record NotificationCount(string Destination, long Waiting, long Dead, DateTimeOffset? OldestWaiting);

/// <summary>What becomes of notifications by a commit.</summary>
/// <param name="Retried">Ids of those that are due again, as if never tried.</param>
/// <param name="Dropped">Ids of those that are forgotten.</param>
public sealed record NotificationChange(IReadOnlyList<long> Retried, IReadOnlyList<long> Dropped, DateTimeOffset Now);

/// <summary>Notifications that were committed with changes and wait to be delivered.</summary>
public interface INotificationStore
{
    /// <summary>Those of one destination whose time has come, oldest first.</summary>
    ValueTask<IReadOnlyList<StoredNotification>> ListDueNotificationsAsync(string destination, DateTimeOffset now, int limit, CancellationToken ct);

    /// <summary>All that wait or were given up, by id, after the given one.</summary>
    /// <param name="destination">Null for all.</param>
    /// <param name="dead">Null for both states.</param>
    ValueTask<IReadOnlyList<StoredNotification>> ListNotificationsAsync(string? destination, bool? dead, long after, int limit, CancellationToken ct);

    /// <summary>Ids of those of a destination that were given up, beside the newest <paramref name="kept"/> of them; oldest first.</summary>
    ValueTask<IReadOnlyList<long>> ListSurplusAsync(string destination, int kept, int limit, CancellationToken ct);

    /// <summary>By destination, for those that have any.</summary>
    ValueTask<IReadOnlyList<NotificationCount>> CountNotificationsAsync(CancellationToken ct);

    /// <summary>Forgets what was delivered.</summary>
    ValueTask RemoveNotificationsAsync(IReadOnlyList<long> ids, CancellationToken ct);

    /// <summary>Notes an attempt that failed.</summary>
    /// <param name="nextAt">When to try again; null to give up.</param>
    ValueTask PostponeNotificationAsync(long id, int attempts, DateTimeOffset? nextAt, string reason, CancellationToken ct);
}
