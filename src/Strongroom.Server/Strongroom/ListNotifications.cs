using System.Globalization;
using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using Strongroom.Server.Notifications;
using Strongroom.Server.SecretsManager;
using Strongroom.Storage;

namespace Strongroom.Server.Strongroom;

internal sealed class ListNotificationsRequest
{
    public string? Destination { get; private set; }

    /// <summary><c>WAITING</c> or <c>DEAD</c>; both when absent.</summary>
    public string? State { get; private set; }

    public long? MaxResults { get; private set; }

    /// <summary>The id of the last notification shown.</summary>
    public string? NextToken { get; private set; }

    public static Shape<ListNotificationsRequest> Shape { get; } = new(
        Member.String<ListNotificationsRequest>("Destination", r => r.Destination, (r, v) => r.Destination = v, NotificationLimits.Destination),
        Member.String<ListNotificationsRequest>("State", r => r.State, (r, v) => r.State = v, Constraint.Enum("DEAD", "WAITING")),
        Member.Long<ListNotificationsRequest>("MaxResults", r => r.MaxResults, (r, v) => r.MaxResults = v, 1, 1000),
        Member.String<ListNotificationsRequest>("NextToken", r => r.NextToken, (r, v) => r.NextToken = v, NotificationLimits.Id));
}

internal static class NotificationLimits
{
    public static Constraint Destination { get; } = Constraint.Matching(1, 64, "[a-z0-9-]+");

    public static Constraint Id { get; } = Constraint.Matching(1, 18, "[0-9]+");
}

/// <summary>What is configured and what waits, by destination, and a page of notifications. Of an address only the host: its path often is a secret.</summary>
internal sealed record ListNotificationsResponse(
    IReadOnlyList<NotificationDestination> Configured, IReadOnlyList<NotificationCount> Counts, IReadOnlyList<StoredNotification> Notifications, string? NextToken) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("Destinations"u8);
        foreach (var name in Configured.Select(d => d.Name).Union(Counts.Select(c => c.Destination)).Order(StringComparer.Ordinal))
        {
            var (configured, count) = (Configured.FirstOrDefault(d => d.Name == name), Counts.FirstOrDefault(c => c.Destination == name));
            writer.WriteStartObject();
            writer.WriteOptional("Address"u8, configured?.Webhook.Address.GetLeftPart(UriPartial.Authority));
            writer.WriteBoolean("Configured"u8, configured is not null);
            writer.WriteNumber("Dead"u8, count?.Dead ?? 0);
            writer.WriteString("Name"u8, name);
            if (count?.OldestWaiting is { } oldest)
                writer.WriteDate("OldestWaitingDate"u8, oldest);
            writer.WriteNumber("Waiting"u8, count?.Waiting ?? 0);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteOptional("NextToken"u8, NextToken);
        writer.WriteStartArray("Notifications"u8);
        foreach (var notification in Notifications)
            Write(writer, notification);
        writer.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter writer, StoredNotification notification)
    {
        writer.WriteStartObject();
        writer.WriteNumber("Attempts"u8, notification.Attempts);
        writer.WriteDate("CreatedDate"u8, notification.CreatedAt);
        writer.WriteString("Destination"u8, notification.Destination);
        writer.WriteString("DetailType"u8, notification.DetailType);
        writer.WritePropertyName("Event"u8);
        writer.WriteRawValue(notification.Json.Span);
        writer.WriteString("EventId"u8, notification.EventId);
        writer.WriteString("Id"u8, notification.Id.ToString(CultureInfo.InvariantCulture));
        if (!notification.IsDead)
            writer.WriteDate("NextAttemptDate"u8, notification.NextAt);
        writer.WriteOptional("Reason"u8, notification.Reason);
        writer.WriteString("State"u8, notification.IsDead ? "DEAD"u8 : "WAITING"u8);
        writer.WriteEndObject();
    }
}

internal sealed class ListNotifications(IamDirectories directories, INotificationStore store, IReadOnlyList<NotificationDestination> destinations)
    : IOperation<ListNotificationsRequest, AccountTarget, ListNotificationsResponse>
{
    private const int DefaultResults = 100;

    public ValueTask<AccountTarget> ResolveAsync(CallContext call, ListNotificationsRequest request, CancellationToken ct) =>
        InstallationTarget.ResolveAsync(directories, call, ct);

    public async ValueTask<Plan<ListNotificationsResponse>> PlanAsync(
        CallContext call, Authorized<ListNotificationsRequest, AccountTarget> authorized, CancellationToken ct)
    {
        var request = authorized.Request;
        var size = (int)(request.MaxResults ?? DefaultResults);
        var after = request.NextToken is { } token ? long.Parse(token, CultureInfo.InvariantCulture) : 0;
        bool? dead = request.State is null ? null : request.State == "DEAD";
        var found = await store.ListNotificationsAsync(request.Destination, dead, after, size + 1, ct);
        var shown = found.Take(size).ToList();
        return new ListNotificationsResponse(
            destinations, await store.CountNotificationsAsync(ct), shown, found.Count > size ? shown[^1].Id.ToString(CultureInfo.InvariantCulture) : null);
    }
}
