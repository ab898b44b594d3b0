using System.Globalization;
using Strongroom.Server.Hosting;

namespace Strongroom.Server.Quotas;

/// <summary>How often something may happen: so many a second, and so many at once after a pause.</summary>
/// <param name="PerSecond">More than 0, at most <see cref="MaxPerSecond"/>.</param>
/// <param name="Burst">At least 1.</param>
public readonly record struct Rate(double PerSecond, int Burst)
{
    public const double MaxPerSecond = 1_000_000;

    /// <param name="text"><c>100/s</c>, <c>30/min</c>, with a burst <c>100/s:500</c>; without one it is what a second gives, at least 1.</param>
    /// <param name="setting">For the message.</param>
    /// <exception cref="SettingsException">Not in this form.</exception>
    public static Rate Parse(string text, string setting)
    {
        var burst = 0;
        var rate = text;
        if (text.LastIndexOf(':') is var colon and >= 0)
        {
            rate = text[..colon];
            if (!int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out burst) || burst is < 1 or > (int)MaxPerSecond)
                throw Malformed(text, setting);
        }

        var slash = rate.IndexOf('/', StringComparison.Ordinal);
        var seconds = slash < 0 ? 0 : rate[(slash + 1)..] switch { "s" => 1, "min" => 60, "h" => 3600, _ => 0 };
        if (seconds == 0 || !double.TryParse(rate.AsSpan(0, slash), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count))
            throw Malformed(text, setting);
        var perSecond = count / seconds;
        // A bucket that takes longer than a day for one token is a typing error.
        return perSecond is >= 1.0 / 86_400 and <= MaxPerSecond
            ? new Rate(perSecond, burst > 0 ? burst : (int)Math.Max(1, Math.Ceiling(perSecond)))
            : throw Malformed(text, setting);
    }

    private static SettingsException Malformed(string text, string setting) => new(
        $"'{text}' is no rate ({setting}). Use for example 100/s, 30/min, or 100/s:500 for up to 500 at once after a pause; from one a day to {MaxPerSecond:0} a second.");
}
