using System.Globalization;
using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Audit.Lookup;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;
using Strongroom.Server.SecretsManager;

namespace Strongroom.Server.CloudTrail;

internal sealed class LookupAttributeParameter
{
    public string? AttributeKey { get; private set; }
    public string? AttributeValue { get; private set; }

    public static Shape<LookupAttributeParameter> Shape { get; } = new(
        Member.String<LookupAttributeParameter>("AttributeKey", r => r.AttributeKey, (r, v) => r.AttributeKey = v,
            Constraint.Enum("EventId", "EventName", "ReadOnly", "Username", "ResourceType", "ResourceName", "EventSource", "AccessKeyId"), required: true),
        Member.String<LookupAttributeParameter>("AttributeValue", r => r.AttributeValue, (r, v) => r.AttributeValue = v, Constraint.Length(1, 2000), required: true));
}

/// <summary>Source: CloudTrail model, LookupEvents; IAM fact sheet 8.6.</summary>
internal sealed class LookupEventsRequest
{
    public IReadOnlyList<LookupAttributeParameter>? LookupAttributes { get; private set; }
    public DateTimeOffset? StartTime { get; private set; }
    public DateTimeOffset? EndTime { get; private set; }
    public string? EventCategory { get; private set; }
    public long? MaxResults { get; private set; }
    public string? NextToken { get; private set; }

    public static Shape<LookupEventsRequest> Shape { get; } = new(
        Member.Structs<LookupEventsRequest, LookupAttributeParameter>(
            "LookupAttributes", LookupAttributeParameter.Shape, r => r.LookupAttributes, (r, v) => r.LookupAttributes = v),
        Member.Time<LookupEventsRequest>("StartTime", r => r.StartTime, (r, v) => r.StartTime = v),
        Member.Time<LookupEventsRequest>("EndTime", r => r.EndTime, (r, v) => r.EndTime = v),
        Member.String<LookupEventsRequest>("EventCategory", r => r.EventCategory, (r, v) => r.EventCategory = v, Constraint.Enum("insight")),
        Member.Long<LookupEventsRequest>("MaxResults", r => r.MaxResults, (r, v) => r.MaxResults = v, 1, 50),
        Member.String<LookupEventsRequest>("NextToken", r => r.NextToken, (r, v) => r.NextToken = v))
    {
        // The service has an error of its own for each of these. Source: CloudTrail model, LookupEvents, errors.
        CodeOf = path => path.Split('.')[0] switch
        {
            "lookupAttributes" => CloudTrailErrors.InvalidLookupAttributes,
            "maxResults" => CloudTrailErrors.InvalidMaxResults,
            "eventCategory" => CloudTrailErrors.InvalidEventCategory,
            _ => null,
        },
    };
}

/// <summary>The codes of CloudTrail's errors, whose texts the model leaves open.</summary>
internal static class CloudTrailErrors
{
    public const string InvalidLookupAttributes = "InvalidLookupAttributesException";
    public const string InvalidMaxResults = "InvalidMaxResultsException";
    public const string InvalidEventCategory = "InvalidEventCategoryException";

    public static Protocol.ServiceException TooManyAttributes() =>
        new(InvalidLookupAttributes, "Only one lookup attribute can be specified.");

    public static Protocol.ServiceException InvalidTimeRange() =>
        new("InvalidTimeRangeException", "The start time must not be after the end time, and both must be possible dates.");
}

/// <summary>An event as the answer shows it.</summary>
internal sealed record LookedUpEvent(LoggedEvent Event, string CloudTrailEvent)
{
    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteOptional("AccessKeyId"u8, Event.AccessKeyId);
        writer.WriteString("CloudTrailEvent"u8, CloudTrailEvent);
        writer.WriteString("EventId"u8, Event.EventId);
        writer.WriteString("EventName"u8, Event.EventName);
        writer.WriteString("EventSource"u8, Event.EventSource);
        writer.WriteDate("EventTime"u8, Event.TimeUtc);
        writer.WriteString("ReadOnly"u8, Terms.ReadOnly(Event.IsReadOnly));
        writer.WriteStartArray("Resources"u8);
        foreach (var (type, name) in Event.Resources)
        {
            writer.WriteStartObject();
            writer.WriteString("ResourceName"u8, name);
            writer.WriteString("ResourceType"u8, type);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteOptional("Username"u8, Event.Username);
        writer.WriteEndObject();
    }
}

internal sealed record LookupEventsResponse(IReadOnlyList<LookedUpEvent> Events, string? NextToken) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("Events"u8);
        foreach (var found in Events)
            found.Write(writer);
        writer.WriteEndArray();
        writer.WriteOptional("NextToken"u8, NextToken);
    }
}

/// <summary>Shows an account its events of one region, newest first, from the audit log.</summary>
internal sealed class LookupEvents(AuditLookup lookup, PagingTokens tokens) : IOperation<LookupEventsRequest, AccountTarget, LookupEventsResponse>
{
    private const int UsualPage = 50;

    // Older ones AWS has no longer; here `strongroom audit search` finds them. Source: CloudTrail model, LookupEvents.
    private const int Days = 90;

    public ValueTask<AccountTarget> ResolveAsync(CallContext call, LookupEventsRequest request, CancellationToken ct) => AccountTarget.Of(call);

    public ValueTask<Plan<LookupEventsResponse>> PlanAsync(
        CallContext call, Authorized<LookupEventsRequest, AccountTarget> authorized, CancellationToken ct)
    {
        var request = authorized.Request;
        if (request.LookupAttributes is { Count: > 1 })
            throw CloudTrailErrors.TooManyAttributes();
        var query = QueryOf(call, request);
        var listing = ListingOf(call, request);
        LogPosition? after = request.NextToken is { } token ? PositionOf(tokens.Read(listing, token)) : null;
        // No trail here has Insights, so no event of that category was ever made.
        if (request.EventCategory is not null)
            return new(new LookupEventsResponse([], null));

        var size = (int)(request.MaxResults ?? UsualPage);
        var events = new List<LookedUpEvent>();
        LogPosition? last = null;
        foreach (var found in lookup.Newest(query, after, ct))
        {
            if (events.Count == size)
                return new(new LookupEventsResponse(events, TokenOf(listing, last!.Value)));
            events.Add(new LookedUpEvent(found.Event, LoggedText.WithoutChain(found.Line.Span)));
            last = found.Position;
        }

        return new(new LookupEventsResponse(events, null));
    }

    private static LookupQuery QueryOf(CallContext call, LookupEventsRequest request)
    {
        if (request.StartTime > request.EndTime || !IsPossible(request.StartTime) || !IsPossible(request.EndTime))
            throw CloudTrailErrors.InvalidTimeRange();
        var first = call.Now.AddDays(-Days);
        if (request.StartTime > first)
            first = request.StartTime.Value;
        // Events have whole seconds: those at a fraction's second are before it.
        var from = Seconds(first.AddTicks(TimeSpan.TicksPerSecond - 1));
        var to = request.EndTime is { } end ? Seconds(end) : uint.MaxValue;
        var scope = new TrailScope(call.Caller.Account, call.Region);
        return request.LookupAttributes is [{ } wanted]
            ? EventMatch.Query(scope, Enum.Parse<LookupAttribute>(wanted.AttributeKey!), wanted.AttributeValue!, from, to)
            : new LookupQuery(scope, LookupQuery.All, from, to, _ => true);
    }

    private static bool IsPossible(DateTimeOffset? time) => time is null || (time > DateTimeOffset.MinValue && time < DateTimeOffset.MaxValue);

    private static uint Seconds(DateTimeOffset time) => (uint)Math.Clamp(time.ToUnixTimeSeconds(), 0, uint.MaxValue);

    // A token goes on with the listing it came from and no other; how many a page has may change.
    private static string ListingOf(CallContext call, LookupEventsRequest request)
    {
        var attribute = request.LookupAttributes is [{ } wanted] ? $"{wanted.AttributeKey}\n{wanted.AttributeValue}" : "\n";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"LookupEvents\n{call.Caller.Account}\n{call.Region}\n{request.StartTime?.UtcTicks}\n{request.EndTime?.UtcTicks}\n{request.EventCategory}\n{attribute}");
    }

    private string TokenOf(string listing, LogPosition position) =>
        tokens.Make(listing, position.Time, string.Create(CultureInfo.InvariantCulture, $"{position.Segment}:{position.Offset}"));

    private static LogPosition PositionOf((long SortKey, string Name) token)
    {
        var place = token.Name.Split(':');
        return new LogPosition((uint)token.SortKey, int.Parse(place[0], CultureInfo.InvariantCulture), long.Parse(place[1], CultureInfo.InvariantCulture));
    }
}
