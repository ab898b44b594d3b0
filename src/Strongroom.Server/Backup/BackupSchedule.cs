using System.Globalization;
using System.Text.RegularExpressions;
using Strongroom.Server.Rotation;

namespace Strongroom.Server.Backup;

/// <summary>When the server makes backups: <c>rate(6 hours)</c>, or <c>cron(0 3 * * ? *)</c> in the form that Secrets Manager's rotation has. UTC.</summary>
internal sealed partial class BackupSchedule
{
    private static readonly TimeSpan Least = TimeSpan.FromMinutes(5);

    private readonly TimeSpan interval;
    private readonly RotationCron? cron;

    private BackupSchedule(TimeSpan interval, RotationCron? cron) => (this.interval, this.cron) = (interval, cron);

    /// <returns>Null for anything else.</returns>
    public static BackupSchedule? TryParse(string expression)
    {
        if (RotationCron.TryParse(expression, out var cron))
            return new BackupSchedule(TimeSpan.Zero, cron);
        if (RateForm().Match(expression) is not { Success: true } match || !int.TryParse(match.Groups["n"].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            return null;
        var interval = number * match.Groups["unit"].Value[0] switch { 'm' => TimeSpan.FromMinutes(1), 'h' => TimeSpan.FromHours(1), _ => TimeSpan.FromDays(1) };
        return interval >= Least ? new BackupSchedule(interval, null) : null;
    }

    /// <summary>When the next one is due after one at <paramref name="last"/>.</summary>
    public DateTimeOffset NextAfter(DateTimeOffset last) => cron is null ? last + interval
        : cron.NextAfter(last.UtcDateTime) is { } next ? new DateTimeOffset(next, TimeSpan.Zero) : DateTimeOffset.MaxValue;

    [GeneratedRegex(@"\Arate\((?<n>[1-9][0-9]{0,3}) (?<unit>minute|hour|day)s?\)\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, 100)]
    private static partial Regex RateForm();
}
