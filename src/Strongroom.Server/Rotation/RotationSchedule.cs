using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Strongroom.Server.Rotation;

/// <summary>When a secret rotates: <c>RotationRules</c>, checked once and turned into arithmetic.</summary>
/// <remarks>
/// Immutable and thread-safe; pure functions of their arguments. All times are UTC. Every input is answered in bounded time: expressions are at most
/// <see cref="MaxExpressionLength"/> characters and a calendar is walked over a fixed span of years.
/// Source: API fact sheet 4.6 (user guide, "Schedule expressions").
/// </remarks>
internal sealed class RotationSchedule
{
    /// <summary>What DescribeSecret can report at most; the model bounds the member to 1–1000.</summary>
    internal const int MaxDays = 1000;
    internal const int MaxExpressionLength = 256;

    private const int MaxRateDays = 999;
    private const int MinHoursBetween = 4;

    private readonly int everyDays;              // > 0: whole-day counting from the base day
    private readonly int everyHours;             // > 0: slots of so many hours
    private readonly RotationCron? cron;
    private readonly TimeSpan? duration;
    private readonly long? givenDays;
    private int computedDays;

    private RotationSchedule(int everyDays, int everyHours, RotationCron? cron, TimeSpan? duration, long? givenDays)
    {
        this.everyDays = everyDays;
        this.everyHours = everyHours;
        this.cron = cron;
        this.duration = duration;
        this.givenDays = givenDays;
    }

    /// <summary>
    /// The days that DescribeSecret and ListSecrets report: as given, or computed from the expression as the longest gap between two windows in whole
    /// days, within 1–<see cref="MaxDays"/>. AWS documents that it reports a number and not how it rounds.
    /// </summary>
    public long AutomaticallyAfterDays
    {
        get
        {
            if (givenDays is { } given)
                return given;
            if (computedDays == 0)
                computedDays = Math.Clamp(cron?.LongestGapInDays() ?? (everyHours > 0 ? everyHours / 24 : everyDays), 1, MaxDays);
            return computedDays;
        }
    }

    /// <summary>Checks rotation rules as a caller sent them.</summary>
    /// <returns>False with a <paramref name="error"/> whose text AWS's InvalidParameterException can carry; never throws.</returns>
    public static bool TryParse(
        long? automaticallyAfterDays, string? scheduleExpression, string? duration,
        [NotNullWhen(true)] out RotationSchedule? schedule, out RotationScheduleError error)
    {
        schedule = null;
        error = default;
        if (automaticallyAfterDays is not null && scheduleExpression is not null)
            return Fail(RotationScheduleFault.DaysAndExpression, null, out error);

        int days = 0, hours = 0;
        RotationCron? cron = null;
        if (automaticallyAfterDays is { } given)
        {
            if (given is < 1 or > MaxDays)
                return Fail(RotationScheduleFault.DaysOutOfRange, given.ToString(CultureInfo.InvariantCulture), out error);
            days = (int)given;
        }
        else if (scheduleExpression is null)
        {
            return Fail(RotationScheduleFault.NothingGiven, null, out error);
        }
        else if (!TryParseRate(scheduleExpression, out days, out hours)
            && !(RotationCron.TryParse(scheduleExpression, out cron) && cron.HasAtLeastBetween(MinHoursBetween)))
        {
            return Fail(RotationScheduleFault.InvalidExpression, scheduleExpression, out error);
        }

        TimeSpan? length = null;
        if (duration is not null)
        {
            // A window may not run into the next one, nor, on a schedule of days, past midnight.
            var limit = hours > 0 ? hours : cron is null ? 24 : cron.IsHourly ? cron.ShortestGapInHours() : 24 - cron.FirstHour;
            if (!TryParseDuration(duration, out var n) || n > limit)
                return Fail(RotationScheduleFault.InvalidDuration, duration, out error);
            length = TimeSpan.FromHours(n);
        }

        schedule = new RotationSchedule(days, hours, cron, length, automaticallyAfterDays);
        return true;
    }

    /// <summary>
    /// The next window after <paramref name="basis"/>: the end of the last rotation, the last change of the current value by hand, or the moment
    /// rotation was switched on. It begins strictly after it, on day counts on a later day.
    /// </summary>
    /// <returns>Null only past the end of the calendar.</returns>
    public RotationWindow? NextWindow(DateTimeOffset basis)
    {
        var at = basis.UtcDateTime;
        if (at.Year >= LastYear)
            return null;

        if (cron is not null)
        {
            if (cron.NextAfter(at) is not { } start)
                return null;
            return Window(start, cron.IsHourly ? start.AddHours(1) : start.Date.AddDays(1));
        }

        if (everyDays > 0)
            return Window(at.Date.AddDays(everyDays), at.Date.AddDays(everyDays + 1));

        // Whole days in hours count from the base day like days. Other rates keep to one grid from a fixed midnight: counted anew from each day's
        // midnight, rate(10 hours) would put 20:00 and 00:00 four hours apart. How AWS lays them is not documented.
        var slot = TimeSpan.FromHours(everyHours).Ticks;
        var next = everyHours % 24 == 0
            ? at.Date.AddHours(everyHours)
            : DateTime.UnixEpoch.AddTicks((FloorDiv((at - DateTime.UnixEpoch).Ticks, slot) + 1) * slot);
        return Window(next, next.AddHours(1));
    }

    /// <summary>NextRotationDate: the latest instant, to the second, at which the next rotation may start.</summary>
    public DateTimeOffset? NextRotationAt(DateTimeOffset basis) => NextWindow(basis)?.LatestInstant;

    private RotationWindow Window(DateTime start, DateTime defaultEnd) => new(
        new DateTimeOffset(start, TimeSpan.Zero),
        new DateTimeOffset(duration is { } length ? start + length : defaultEnd, TimeSpan.Zero));

    private static long FloorDiv(long a, long b) => a >= 0 ? a / b : -((-a + b - 1) / b);

    private static bool TryParseRate(string expression, out int days, out int hours)
    {
        days = hours = 0;
        if (expression.Length > MaxExpressionLength
            || !expression.StartsWith("rate(", StringComparison.Ordinal) || !expression.EndsWith(')'))
            return false;

        var inner = expression.AsSpan(5, expression.Length - 6).Trim(' ');
        var space = inner.IndexOf(' ');
        if (space < 0 || !int.TryParse(inner[..space], NumberStyles.None, CultureInfo.InvariantCulture, out var n))
            return false;

        switch (inner[space..].TrimStart(' '))
        {
            case "day" or "days" when n is >= 1 and <= MaxRateDays:
                days = n;
                return true;
            case "hour" or "hours" when n is >= MinHoursBetween and <= MaxRateDays * 24:
                hours = n;
                return true;
            default:
                return false;
        }
    }

    private static bool TryParseDuration(string text, out int hours)
    {
        hours = 0;
        return text.Length is 2 or 3 && text[^1] == 'h'
            && int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out hours) && hours > 0;
    }

    private static bool Fail(RotationScheduleFault fault, string? given, out RotationScheduleError error)
    {
        error = new RotationScheduleError(fault, given);
        return false;
    }

    // Room for the longest step below DateTime's own end, so that no addition here can overflow.
    private const int LastYear = 9990;
}
