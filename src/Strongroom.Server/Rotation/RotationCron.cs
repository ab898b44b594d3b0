using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;
using Quartz;

namespace Strongroom.Server.Rotation;

/// <summary>
/// <c>cron(minutes hours day-of-month month day-of-week year)</c> as Secrets Manager admits it. Quartz knows the calendar; the grammar here decides
/// what reaches it, because Quartz's dialect has more (<c>W</c>, <c>LW</c>, <c>L-3</c>, <c>H</c>, seconds).
/// </summary>
/// <remarks>Source: API fact sheet 4.6. Day, month and weekday names are accepted in any case.</remarks>
internal sealed partial class RotationCron
{
    private readonly CronExpression times;
    private readonly CronExpression days;
    private readonly uint hours; // bit h is set: a window starts at h o'clock

    private RotationCron(CronExpression times, CronExpression days, uint hours)
    {
        this.times = times;
        this.days = days;
        this.hours = hours;
    }

    /// <summary>Several windows a day: their default length is an hour, otherwise the rest of the day.</summary>
    public bool IsHourly => BitOperations.PopCount(hours) > 1;

    public int FirstHour => BitOperations.TrailingZeroCount(hours);

    private int LastHour => 31 - BitOperations.LeadingZeroCount(hours);

    public static bool TryParse(string expression, [NotNullWhen(true)] out RotationCron? cron)
    {
        cron = null;
        if (expression.Length > RotationSchedule.MaxExpressionLength
            || !expression.StartsWith("cron(", StringComparison.Ordinal) || !expression.EndsWith(')'))
            return false;

        var fields = expression[5..^1].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields is not ["0", var hoursText, var dayText, var month, var weekday, "*"])
            return false;

        var day = dayText.ToUpperInvariant();
        if (LastWeekdayInDayField().IsMatch(day) && weekday == "?")
            (day, weekday) = ("?", day); // {DAY}L, the last such weekday of the month, is documented in the day-of-month column

        if ((day == "?") == (weekday == "?")
            || !TryParseHours(hoursText, out var hours)
            || !DayField().IsMatch(day) || !MonthField().IsMatch(month) || !WeekdayField().IsMatch(weekday))
            return false;

        var hourList = string.Join(',', Enumerable.Range(0, 24).Where(h => (hours & 1u << h) != 0));
        var calendar = FormattableString.Invariant($"{FromFirst(day)} {FromFirst(month.ToUpperInvariant())} {FromFirst(weekday.ToUpperInvariant())} *");
        if (!CronExpression.TryParse($"0 0 {hourList} {calendar}", out var times) || !CronExpression.TryParse($"0 0 0 {calendar}", out var days))
            return false;

        var parsed = new RotationCron(times.WithTimeZone(TimeZoneInfo.Utc), days.WithTimeZone(TimeZoneInfo.Utc), hours);
        if (parsed.days.GetNextValidTimeAfter(CycleStart) is not { } first || first > CycleEnd)
            return false; // 30 February: never
        cron = parsed;
        return true;
    }

    /// <summary>The first window start strictly after <paramref name="instant"/> (UTC); null past the end of the calendar.</summary>
    public DateTime? NextAfter(DateTime instant) =>
        times.GetNextValidTimeAfter(new DateTimeOffset(instant, TimeSpan.Zero))?.UtcDateTime;

    public bool HasAtLeastBetween(int hours) => ShortestGapInHours() >= hours;

    /// <summary>Hours between the closest two window starts; at most a day, a longer gap counts as one.</summary>
    public int ShortestGapInHours()
    {
        var gap = 24;
        for (int h = FirstHour + 1, previous = FirstHour; h < 24; h++)
        {
            if ((hours & 1u << h) == 0)
                continue;
            gap = Math.Min(gap, h - previous);
            previous = h;
        }

        // Over midnight it is shorter only if there are windows on two days in a row.
        var overMidnight = 24 - LastHour + FirstHour;
        return overMidnight < gap && DayGaps().Any(days => days == 1) ? overMidnight : gap;
    }

    public int LongestGapInDays() => DayGaps().DefaultIfEmpty(RotationSchedule.MaxDays).Max();

    /// <summary>Distances between the days of one leap cycle: at most 1,522, whatever the expression.</summary>
    private IEnumerable<int> DayGaps()
    {
        DateTimeOffset? previous = null;
        for (var day = days.GetNextValidTimeAfter(CycleStart); day is { } d && d <= CycleEnd; day = days.GetNextValidTimeAfter(d))
        {
            if (previous is { } p)
                yield return (int)(d - p).TotalDays;
            previous = d;
        }
    }

    private static bool TryParseHours(string text, out uint hours)
    {
        hours = 0;
        foreach (var item in text.Split(','))
        {
            if (HourItem().Match(item) is not { Success: true } match)
                return false;

            var step = match.Groups["step"].Success ? Number(match.Groups["step"]) : 0;
            var first = match.Groups["first"].Success ? Number(match.Groups["first"]) : 0;
            var last = match.Groups["last"].Success ? Number(match.Groups["last"])
                : match.Groups["first"].Success && step == 0 ? first
                : 23;
            if (first > last || last > 23 || (match.Groups["step"].Success && step is < 1 or > 23))
                return false;
            for (var h = first; h <= last; h += Math.Max(step, 1))
                hours |= 1u << h;
        }

        return hours != 0;
    }

    private static int Number(Group digits) => int.Parse(digits.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary><c>/5</c> is short for <c>1/5</c> in the day, month and weekday fields.</summary>
    private static string FromFirst(string field) =>
        string.Join(',', field.Split(',').Select(item => item.StartsWith('/') ? "1" + item : item));

    // Contains two 29ths of February and every combination of weekday and date that a leap cycle has.
    private static readonly DateTimeOffset CycleStart = new(2023, 12, 31, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset CycleEnd = new(2028, 3, 1, 0, 0, 0, TimeSpan.Zero);

    private const RegexOptions Options = RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture;

    [GeneratedRegex(@"\A(/(?<step>[0-9]{1,2})|(\*|(?<first>[0-9]{1,2})(-(?<last>[0-9]{1,2}))?)(/(?<step>[0-9]{1,2}))?)\z", Options)]
    private static partial Regex HourItem();

    [GeneratedRegex(DayPattern, Options)]
    private static partial Regex DayField();

    [GeneratedRegex(MonthPattern, Options)]
    private static partial Regex MonthField();

    [GeneratedRegex(WeekdayPattern, Options)]
    private static partial Regex WeekdayField();

    [GeneratedRegex(@"\A" + Weekday + @"L\z", Options)]
    private static partial Regex LastWeekdayInDayField();

    private const string Step = @"/[1-9][0-9]?";
    private const string Day = @"(0?[1-9]|[12][0-9]|3[01])";
    private const string Month = @"(0?[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)";
    private const string Weekday = @"([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)";

    private const string DayItem = @"(L|" + Step + @"|(\*|" + Day + @"(-" + Day + @")?)(" + Step + @")?)";
    private const string MonthItem = @"(" + Step + @"|(\*|" + Month + @"(-" + Month + @")?)(" + Step + @")?)";
    private const string WeekdayItem = @"(" + Step + @"|(\*|" + Weekday + @"(-" + Weekday + @")?)(" + Step + @")?)";

    private const string DayPattern = @"\A(\?|" + DayItem + @"(," + DayItem + @")*)\z";
    private const string MonthPattern = @"\A" + MonthItem + @"(," + MonthItem + @")*\z";
    private const string WeekdayPattern = @"\A(\?|L|" + Weekday + @"L|" + Weekday + @"#[1-5]|" + WeekdayItem + @"(," + WeekdayItem + @")*)\z";
}
