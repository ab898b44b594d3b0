using System.Diagnostics;
using CsCheck;
using Strongroom.Server.Rotation;

namespace Strongroom.Tests.Server.Rotation;

public sealed class RotationScheduleTests
{
    [Theory]
    [InlineData(30, null, null, "2026-02-03T09:15:00Z", "2026-03-05T00:00:00Z", "2026-03-05T23:59:59Z")] // recorded from AWS
    [InlineData(null, "cron(0 16 1,15 * ? *)", "2h", "2026-02-03T00:00:00Z", "2026-02-15T16:00:00Z", "2026-02-15T17:59:59Z")] // user guide
    [InlineData(1, null, null, "2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z", "2027-01-01T23:59:59Z")]
    [InlineData(30, null, "3h", "2026-02-03T09:15:00Z", "2026-03-05T00:00:00Z", "2026-03-05T02:59:59Z")]
    [InlineData(null, "rate(10 days)", null, "2026-02-03T09:15:00Z", "2026-02-13T00:00:00Z", "2026-02-13T23:59:59Z")]
    [InlineData(null, "rate(1 day)", null, "2026-02-03T00:00:00Z", "2026-02-04T00:00:00Z", "2026-02-04T23:59:59Z")]
    [InlineData(null, "rate(4 hours)", null, "2026-02-03T09:15:00Z", "2026-02-03T12:00:00Z", "2026-02-03T12:59:59Z")]
    [InlineData(null, "rate(4 hours)", "4h", "2026-02-03T12:00:00Z", "2026-02-03T16:00:00Z", "2026-02-03T19:59:59Z")]
    [InlineData(null, "rate(24 hours)", null, "2026-02-03T09:15:00Z", "2026-02-04T00:00:00Z", "2026-02-04T00:59:59Z")]
    [InlineData(null, "cron(0 16 * * ? *)", null, "2026-02-03T16:00:00Z", "2026-02-04T16:00:00Z", "2026-02-04T23:59:59Z")] // strictly after
    [InlineData(null, "cron(0 /8 * * ? *)", null, "2026-02-03T09:00:00Z", "2026-02-03T16:00:00Z", "2026-02-03T16:59:59Z")]
    [InlineData(null, "cron(0 8/8 * * ? *)", "8h", "2026-02-03T16:30:00Z", "2026-02-04T08:00:00Z", "2026-02-04T15:59:59Z")]
    [InlineData(null, "cron(0 2/10 * * ? *)", null, "2026-02-03T12:00:00Z", "2026-02-03T22:00:00Z", "2026-02-03T22:59:59Z")]
    [InlineData(null, "cron(0 2/10 * * ? *)", null, "2026-02-03T22:00:00Z", "2026-02-04T02:00:00Z", "2026-02-04T02:59:59Z")]
    [InlineData(null, "cron(0 0 L * ? *)", null, "2026-02-03T00:00:00Z", "2026-02-28T00:00:00Z", "2026-02-28T23:59:59Z")]
    [InlineData(null, "cron(0 8 ? * TUE#3 *)", null, "2026-02-03T00:00:00Z", "2026-02-17T08:00:00Z", "2026-02-17T23:59:59Z")]
    [InlineData(null, "cron(0 8 ? * SUNL *)", null, "2026-02-03T00:00:00Z", "2026-02-22T08:00:00Z", "2026-02-22T23:59:59Z")]
    [InlineData(null, "cron(0 8 SUNL * ? *)", null, "2026-02-03T00:00:00Z", "2026-02-22T08:00:00Z", "2026-02-22T23:59:59Z")]
    [InlineData(null, "cron(0 8 ? * L *)", null, "2026-02-03T00:00:00Z", "2026-02-07T08:00:00Z", "2026-02-07T23:59:59Z")] // last day of the week: Saturday
    [InlineData(null, "cron(0 8 ? * 1 *)", null, "2026-02-03T00:00:00Z", "2026-02-08T08:00:00Z", "2026-02-08T23:59:59Z")] // 1 is Sunday
    [InlineData(null, "cron(0 8 ? * MON-FRI *)", null, "2026-02-06T09:00:00Z", "2026-02-09T08:00:00Z", "2026-02-09T23:59:59Z")]
    [InlineData(null, "cron(0 0 1 1/3 ? *)", null, "2026-02-03T00:00:00Z", "2026-04-01T00:00:00Z", "2026-04-01T23:59:59Z")]
    [InlineData(null, "cron(0 0 29 feb ? *)", null, "2026-02-03T00:00:00Z", "2028-02-29T00:00:00Z", "2028-02-29T23:59:59Z")]
    [InlineData(null, "cron(0 20 1 * ? *)", "4h", "2026-02-03T00:00:00Z", "2026-03-01T20:00:00Z", "2026-03-01T23:59:59Z")]
    public void The_next_window_follows_the_rules(int? days, string? expression, string? duration, string basis, string start, string latest)
    {
        Assert.True(RotationSchedule.TryParse(days, expression, duration, out var schedule, out var error), error.Message);

        var window = schedule.NextWindow(DateTimeOffset.Parse(basis));

        Assert.Equal(DateTimeOffset.Parse(start), window?.Start);
        Assert.Equal(DateTimeOffset.Parse(latest), schedule.NextRotationAt(DateTimeOffset.Parse(basis)));
    }

    [Fact]
    public void An_offset_of_the_basis_does_not_move_the_day()
    {
        RotationSchedule.TryParse(1, null, null, out var schedule, out _);

        Assert.Equal(DateTimeOffset.Parse("2026-02-04T23:59:59Z"), schedule!.NextRotationAt(DateTimeOffset.Parse("2026-02-04T01:00:00+02:00")));
    }

    [Theory]
    [InlineData("rate(10 days)", 10)]
    [InlineData("rate(1 day)", 1)]
    [InlineData("rate(12 hours)", 1)]
    [InlineData("rate(48 hours)", 2)]
    [InlineData("cron(0 16 1,15 * ? *)", 17)] // 15th to 1st over a month of 31 days
    [InlineData("cron(0 0 ? * SUN *)", 7)]
    [InlineData("cron(0 0 * * ? *)", 1)]
    [InlineData("cron(0 0 1 1 ? *)", 366)]
    [InlineData("cron(0 0 29 2 ? *)", 1000)]
    public void Days_are_computed_from_an_expression(string expression, long days)
    {
        RotationSchedule.TryParse(null, expression, null, out var schedule, out _);

        Assert.Equal(days, schedule!.AutomaticallyAfterDays);
    }

    [Theory]
    [InlineData("")]
    [InlineData("rate()")]
    [InlineData("rate(3 hours)")]
    [InlineData("rate(0 days)")]
    [InlineData("rate(-1 days)")]
    [InlineData("rate(1000 days)")]
    [InlineData("rate(23977 hours)")]
    [InlineData("rate(99999999999999999999 days)")]
    [InlineData("rate(5 minutes)")]
    [InlineData("rate(5days)")]
    [InlineData("rate(5 days")]
    [InlineData("at(2026-01-01)")]
    [InlineData("cron()")]
    [InlineData("cron(0 0 * * ?)")]           // five fields
    [InlineData("cron(0 0 0 * * ? *)")]       // seven fields
    [InlineData("cron(5 0 * * ? *)")]         // minutes other than 0
    [InlineData("cron(* 0 * * ? *)")]
    [InlineData("cron(0 24 * * ? *)")]
    [InlineData("cron(0 0/0 * * ? *)")]
    [InlineData("cron(0 5-3 * * ? *)")]
    [InlineData("cron(0 * * * ? *)")]         // hourly is too often
    [InlineData("cron(0 /3 * * ? *)")]
    [InlineData("cron(0 1,4 * * ? *)")]
    [InlineData("cron(0 0,23 * * ? *)")]      // an hour apart over midnight
    [InlineData("cron(0 0,23 1,31 * ? *)")]   // 31 January and 1 February are neighbours too
    [InlineData("cron(0 0 * * * *)")]         // neither is ?
    [InlineData("cron(0 0 ? * ? *)")]         // both are ?
    [InlineData("cron(0 0 1 * 2 *)")]
    [InlineData("cron(0 0 0 * ? *)")]
    [InlineData("cron(0 0 32 * ? *)")]
    [InlineData("cron(0 0 15W * ? *)")]       // Quartz knows these, Secrets Manager does not
    [InlineData("cron(0 0 LW * ? *)")]
    [InlineData("cron(0 0 L-3 * ? *)")]
    [InlineData("cron(0 0 1 13 ? *)")]
    [InlineData("cron(0 0 1 0 ? *)")]
    [InlineData("cron(0 0 ? * 0 *)")]
    [InlineData("cron(0 0 ? * 8 *)")]
    [InlineData("cron(0 0 ? * MON#6 *)")]
    [InlineData("cron(0 0 1 * ? 2027)")]
    [InlineData("cron(0 0 30 2 ? *)")]        // never
    public void Other_expressions_are_refused(string expression)
    {
        Assert.False(RotationSchedule.TryParse(null, expression, null, out var schedule, out var error));

        Assert.Null(schedule);
        Assert.Equal(RotationScheduleFault.InvalidExpression, error.Fault);
        Assert.Equal($"Invalid schedule expression: {expression}.", error.Message);
    }

    [Theory]
    [InlineData("cron(0 0,23 1 * ? *)")] // never on two days in a row
    [InlineData("cron(0 0,4 * * ? *)")]
    [InlineData("cron(0 0-20/4 * * ? *)")]
    [InlineData("cron(0 1 /10 * ? *)")]
    [InlineData("cron(0  1  * JAN-MAR  ?  *)")]
    [InlineData("cron(0 1 ? * FRI-MON *)")]
    [InlineData("cron(0 1 1,L * ? *)")]
    [InlineData("rate(999 days)")]
    [InlineData("rate(1 days)")]
    public void Other_forms_are_accepted(string expression) =>
        Assert.True(RotationSchedule.TryParse(null, expression, null, out _, out var error), error.Message);

    [Theory]
    [InlineData(30, null, "24h", true)]
    [InlineData(30, null, "25h", false)]
    [InlineData(30, null, "0h", false)]
    [InlineData(30, null, "h", false)]
    [InlineData(30, null, "2", false)]
    [InlineData(30, null, "2d", false)]
    [InlineData(30, null, "-1h", false)]
    [InlineData(30, null, "", false)]
    [InlineData(null, "rate(4 hours)", "4h", true)]
    [InlineData(null, "rate(4 hours)", "5h", false)]
    [InlineData(null, "rate(30 hours)", "30h", true)]
    [InlineData(null, "cron(0 16 1,15 * ? *)", "8h", true)]
    [InlineData(null, "cron(0 16 1,15 * ? *)", "9h", false)]    // past midnight
    [InlineData(null, "cron(0 0,6,20 * * ? *)", "4h", true)]
    [InlineData(null, "cron(0 0,6,20 * * ? *)", "5h", false)]   // 20:00 would reach into 00:00
    public void A_duration_fits_its_window(int? days, string? expression, string duration, bool valid)
    {
        Assert.Equal(valid, RotationSchedule.TryParse(days, expression, duration, out _, out var error));

        if (!valid)
            Assert.Equal($"Invalid Duration: {duration}.", error.Message);
    }

    [Fact]
    public void Days_and_an_expression_exclude_each_other()
    {
        RotationSchedule.TryParse(1, "rate(1 day)", null, out _, out var error);
        Assert.Equal("You cannot specify both rotation frequency and schedule expression together.", error.Message);
    }

    [Theory]
    [InlineData(null, RotationScheduleFault.NothingGiven)]
    [InlineData(0L, RotationScheduleFault.DaysOutOfRange)]
    [InlineData(1001L, RotationScheduleFault.DaysOutOfRange)]
    [InlineData(long.MaxValue, RotationScheduleFault.DaysOutOfRange)]
    [InlineData(long.MinValue, RotationScheduleFault.DaysOutOfRange)]
    [InlineData(1L, RotationScheduleFault.None)]
    [InlineData(1000L, RotationScheduleFault.None)]
    internal void Days_have_bounds(long? days, RotationScheduleFault fault)
    {
        RotationSchedule.TryParse(days, null, null, out _, out var error);
        Assert.Equal(fault, error.Fault);
    }

    [Fact]
    public void Any_text_is_answered_soon_and_any_schedule_moves_on()
    {
        var token = Gen.OneOf(
            "0", "*", "?", "L", "/", "-", ",", "#", "1", "2", "9", "23", "31", "99", "MON", "SUN", "FEB", "W", "H", " ", "cron(", ")", "rate(", "days", "é");
        var field = Gen.OneOf("*", "?", "0", "1", "L", "1/5", "*/7", "FEB", "MON#5", "1-5", "29-31", "2,30", "/4", "5L", "0,23");
        var text = Gen.OneOf(
            token.Array[0, 40].Select(string.Concat),
            field.Array[5].Select(f => $"cron(0 {string.Join(' ', f)})"),
            field.Array[4].Select(f => $"cron(0 {string.Join(' ', f)} *)"));
        var instant = Gen.DateTime[new DateTime(1900, 1, 1), new DateTime(9999, 12, 31)];

        Gen.Select(text, instant).Sample((expression, at) =>
        {
            var watch = Stopwatch.StartNew();
            if (RotationSchedule.TryParse(null, expression, null, out var schedule, out _))
            {
                var basis = new DateTimeOffset(DateTime.SpecifyKind(at, DateTimeKind.Utc));
                var window = schedule.NextWindow(basis);
                Assert.InRange(schedule.AutomaticallyAfterDays, 1, 1000);
                Assert.True(window is null || (window.Value.Start > basis && window.Value.End > window.Value.Start));
            }

            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), $"{expression} took {watch.Elapsed}");
        }, iter: 2_000);
    }
}
