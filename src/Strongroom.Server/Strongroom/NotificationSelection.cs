using System.Globalization;
using System.Text.Json;
using Strongroom.Protocol;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Storage;

namespace Strongroom.Server.Strongroom;

/// <summary>Which notifications a call is about: one by its id, or those of a destination.</summary>
internal sealed class NotificationSelection
{
    /// <summary>More are taken by the next call, so that none is a transaction without an end.</summary>
    public const int MaxAtOnce = 1000;

    public string? Destination { get; private set; }

    public string? Id { get; private set; }

    /// <summary>Those that were not given up as well; for <see cref="DropNotifications"/> alone.</summary>
    public bool? IncludeWaiting { get; private set; }

    public static Shape<NotificationSelection> Shape { get; } = new(
        Member.String<NotificationSelection>("Destination", r => r.Destination, (r, v) => r.Destination = v, NotificationLimits.Destination),
        Member.String<NotificationSelection>("Id", r => r.Id, (r, v) => r.Id = v, NotificationLimits.Id),
        Member.Bool<NotificationSelection>("IncludeWaiting", r => r.IncludeWaiting, (r, v) => r.IncludeWaiting = v));

    /// <exception cref="ServiceException">Neither or both are named, or there is no such notification.</exception>
    public async ValueTask<IReadOnlyList<long>> FindAsync(INotificationStore store, bool deadOnly, CancellationToken ct)
    {
        if ((Id is null) == (Destination is null))
            throw new ServiceException("InvalidParameterException", "Name either a notification by its Id, or a Destination.");
        bool? dead = deadOnly ? true : null;
        if (Id is null)
            return [.. (await store.ListNotificationsAsync(Destination, dead, 0, MaxAtOnce, ct)).Select(n => n.Id)];
        var id = long.Parse(Id, CultureInfo.InvariantCulture);
        return (await store.ListNotificationsAsync(null, dead, id - 1, 1, ct)).Any(n => n.Id == id)
            ? [id]
            : throw new ServiceException("ResourceNotFoundException", $"There is no notification {Id}{(deadOnly ? " that was given up" : "")}.");
    }
}

/// <param name="Count">How many; <see cref="NotificationSelection.MaxAtOnce"/> means that there may be more.</param>
internal sealed record NotificationsChanged(int Count) : IResponse
{
    public bool HasAuditElements => true;

    public void WriteMembers(Utf8JsonWriter writer) => writer.WriteNumber("Count"u8, Count);

    public void WriteAuditElements(Utf8JsonWriter writer) => writer.WriteNumber("count"u8, Count);
}
