using System.Globalization;

namespace Strongroom.Policy;

/// <summary>The date values of a policy: W3C ISO 8601 from year to fraction, or seconds since 1970. Source: IAM fact sheet 2.4.</summary>
public static class PolicyDate
{
    /// <returns>False for what AWS's parser refuses too: other formats, impossible dates and offsets.</returns>
    public static bool TryParse(string text, out DateTimeOffset instant)
    {
        ArgumentNullException.ThrowIfNull(text);
        instant = default;
        if (text.Length == 4 || text.Contains('-', StringComparison.Ordinal) && !text.StartsWith('-'))
        {
            return DateTimeOffset.TryParseExact(
                text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out instant);
        }

        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds)
            || seconds < DateTimeOffset.MinValue.ToUnixTimeSeconds() || seconds > DateTimeOffset.MaxValue.ToUnixTimeSeconds())
            return false;
        instant = DateTimeOffset.FromUnixTimeSeconds(seconds);
        return true;
    }

    internal static bool IsValid(string text) => TryParse(text, out _);

    private static readonly string[] Formats =
    [
        "yyyy", "yyyy-MM", "yyyy-MM-dd",
        "yyyy-MM-ddTHH:mmK", "yyyy-MM-ddTHH:mm:ssK", "yyyy-MM-ddTHH:mm:ss.FFFFFFFK",
    ];
}
