using Microsoft.Extensions.Logging;
using Strongroom.Storage;

namespace Strongroom.Server.Observability;

/// <summary>What has to be asked of a disk or a database, asked now and then, so that no scrape waits for either.</summary>
internal sealed partial class Observed(IStoreFigures store, INotificationStore notifications, string dataDirectory, TimeProvider time)
{
    /// <summary>Between two looks at disks and indexed counts.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    /// <summary>Between two walks over all secrets.</summary>
    public static readonly TimeSpan RotationInterval = TimeSpan.FromMinutes(5);

    private volatile Look current = new(null, null, null, null);
    private long walkedAt;

    public Look Current => current;

    public async Task LookAsync(CancellationToken ct)
    {
        // What can't be seen now must not be shown as it was.
        var look = new Look(null, null, null, null);
        try
        {
            var drive = new DriveInfo(dataDirectory);
            look = look with { Disk = new(drive.AvailableFreeSpace, drive.TotalSize) };
            look = look with { Store = await store.CountAsync(ct) };
            look = look with { Notifications = await notifications.CountNotificationsAsync(ct) };
            look = look with { Rotations = await CountRotationsAsync(ct) };
        }
        finally
        {
            current = look;
        }
    }

    private async ValueTask<RotationFigures?> CountRotationsAsync(CancellationToken ct)
    {
        if (walkedAt != 0 && current.Rotations is { } known && time.GetElapsedTime(walkedAt) < RotationInterval)
            return known;
        var counted = await store.CountRotationsAsync(time.GetUtcNow(), ct);
        walkedAt = time.GetTimestamp() | 1;
        return counted;
    }

    /// <summary>The first look, before the first scrape; what it can't see is missing until the next.</summary>
    public async Task BeginAsync(ILogger log, CancellationToken ct)
    {
        try
        {
            await LookAsync(ct);
        }
        catch (Exception e) when (e is StoreUnavailableException or IOException or UnauthorizedAccessException)
        {
            Missing(log, e.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Some metrics are missing until the next look: {Reason}")]
    private static partial void Missing(ILogger log, string reason);

    /// <summary>What one look saw; null for what it could not see.</summary>
    internal sealed record Look(DiskRoom? Disk, StoreFigures? Store, RotationFigures? Rotations, IReadOnlyList<NotificationCount>? Notifications);

    internal readonly record struct DiskRoom(long Free, long Size);
}
