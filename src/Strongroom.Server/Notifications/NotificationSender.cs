using System.Globalization;
using Microsoft.Extensions.Logging;
using Strongroom.Crypto;
using Strongroom.Server.Audit;
using Strongroom.Server.Background;
using Strongroom.Server.Webhooks;
using Strongroom.Storage;

namespace Strongroom.Server.Notifications;

/// <summary>
/// Delivers one destination's notifications, oldest first, each at least once. One that is refused is tried again for about a day, then given up and kept, as long as
/// there are not too many of those; while a destination is down, the others behind the first are not worn out by it.
/// </summary>
/// <param name="maxDead">How many are kept that were given up: the newest.</param>
internal sealed partial class NotificationSender(
    string destination, WebhookClient client, INotificationStore store, IControlStore control, AuditTrail audit, int maxDead, Guid holder, TimeProvider time,
    Entropy entropy, ILogger log) : IDisposable
{
    /// <summary>5 s, 10, 20 … 15 minutes: the last attempt is about 17 to 23 hours after the first.</summary>
    public const int MaxAttempts = 96;

    private const int BatchSize = 50;
    private const int DroppedAtOnce = 1000;

    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(15);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LeaseTime = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan RoundTime = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim turn = new(1);
    private int failuresInARow;

    // Counted by the one step that runs, read by anybody.
    private long deliveries;
    private long failures;
    private long givenUp;
    private long dropped;

    public DeliveryFigures Figures =>
        new(destination, Volatile.Read(ref deliveries), Volatile.Read(ref failures), Volatile.Read(ref givenUp), Volatile.Read(ref dropped));

    /// <summary>Until it is cancelled. What waits then is in the store.</summary>
    public Task RunAsync(CancellationToken ct) => Periodically.RunAsync(TryStepAsync, time, ct);

    public void Dispose()
    {
        turn.Dispose();
        client.Dispose();
    }

    /// <summary>Delivers what is due.</summary>
    /// <returns>How long to wait before the next step.</returns>
    internal async Task<TimeSpan> TryStepAsync(CancellationToken ct)
    {
        await turn.WaitAsync(ct);
        try
        {
            return await StepAsync(ct);
        }
#pragma warning disable CA1031 // Whatever goes wrong now must not end the deliveries for good: they are tried again.
        catch (Exception e) when (e is not OperationCanceledException)
#pragma warning restore CA1031
        {
            Interrupted(log, destination, e is StoreUnavailableException ? e.Message : e.GetType().Name);
            return LongestPause;
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task<TimeSpan> StepAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var due = await store.ListDueNotificationsAsync(destination, now, BatchSize, ct);
        // One of several servers delivers; the others would only repeat it.
        if (due.Count == 0 || !await control.TryLeaseAsync("notifications " + destination, holder, now, now + LeaseTime, ct))
            return PollInterval;
        var begun = time.GetTimestamp();
        List<long> delivered = [];
        try
        {
            foreach (var notification in due)
            {
                if (await client.PostAsync(notification.Json, "application/json", notification.EventId.ToString(), ct) is { } refusal)
                {
                    await FailedAsync(notification, refusal, ct);
                    return Backoff.After(failuresInARow, TimeSpan.FromSeconds(1), LongestPause, entropy);
                }

                delivered.Add(notification.Id);
                Volatile.Write(ref deliveries, deliveries + 1);
                if (failuresInARow > 0)
                    Resumed(log, destination, failuresInARow);
                failuresInARow = 0;
                if (time.GetElapsedTime(begun) > RoundTime)
                    break; // the lease must not run out underneath
            }
        }
        finally
        {
            // Also when it stops here: what was delivered must not come again for that.
            if (delivered.Count > 0)
                await store.RemoveNotificationsAsync(delivered, CancellationToken.None);
        }

        return TimeSpan.Zero;
    }

    private async Task FailedAsync(StoredNotification notification, string reason, CancellationToken ct)
    {
        if (failuresInARow++ == 0)
            TakesNothing(log, destination, reason);
        var attempts = notification.Attempts + 1;
        DateTimeOffset? next = attempts < MaxAttempts ? time.GetUtcNow() + Backoff.After(attempts, FirstWait, LongestWait, entropy) : null;
        await store.PostponeNotificationAsync(notification.Id, attempts, next, reason, ct);
        if (next is not null)
        {
            Volatile.Write(ref failures, failures + 1);
            return;
        }

        Volatile.Write(ref givenUp, givenUp + 1);
        GivenUp(log, notification.DetailType, notification.EventId, destination, attempts, reason);
        await DropSurplusAsync(ct);
    }

    private async Task DropSurplusAsync(CancellationToken ct)
    {
        while (await store.ListSurplusAsync(destination, maxDead, DroppedAtOnce, ct) is { Count: > 0 } surplus)
        {
            var now = time.GetUtcNow();
            var commit = new SecretCommit([], []) { NotificationChange = new NotificationChange([], surplus, now) };
            var message = string.Create(CultureInfo.InvariantCulture, $"Dropped {surplus.Count} of the notifications for {destination} that were given up, the oldest: {maxDead} are kept.");
            try
            {
                await audit.CommitNoticeAsync(commit, "NotificationsDropped", message, null, now, ct);
            }
            catch (AuditUnavailableException)
            {
                // They are dropped all the same: the record waits in the outbox until the log takes it.
            }

            Volatile.Write(ref dropped, dropped + surplus.Count);
            TooMany(log, destination, surplus.Count, maxDead);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The destination {Destination} does not take a notification: {Reason}. It is tried again for about a day.")]
    private static partial void TakesNothing(ILogger log, string destination, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The destination {Destination} takes notifications again, after {Failures} failures.")]
    private static partial void Resumed(ILogger log, string destination, int failures);

    [LoggerMessage(Level = LogLevel.Error, Message = "The notification {DetailType} {Id} for {Destination} was given up after {Attempts} attempts: {Reason}. See: strongroom notifications list")]
    private static partial void GivenUp(ILogger log, string detailType, Guid id, string destination, int attempts, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Count} of the notifications for {Destination} that were given up, the oldest, were dropped: {Kept} are kept.")]
    private static partial void TooMany(ILogger log, string destination, int count, int kept);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Notifications for {Destination} wait: {Reason}")]
    private static partial void Interrupted(ILogger log, string destination, string reason);
}
