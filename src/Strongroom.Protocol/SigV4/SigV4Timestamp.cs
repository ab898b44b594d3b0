using System.Globalization;

namespace Strongroom.Protocol.SigV4;

/// <summary>The two date forms a signed request may carry: ISO 8601 basic (<c>X-Amz-Date</c>) and RFC 1123 (<c>Date</c>).</summary>
public static class SigV4Timestamp
{
    /// <summary><c>20260115T123045Z</c>.</summary>
    public static string Format(DateTimeOffset instant) => instant.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Reads exactly <c>yyyyMMddTHHmmssZ</c>. Written out because it runs for every request.</summary>
    internal static bool TryParseBasic(ReadOnlySpan<char> text, out DateTimeOffset instant)
    {
        instant = default;
        if (text.Length != 16 || text[8] != 'T' || text[15] != 'Z'
            || text[..8].ContainsAnyExceptInRange('0', '9') || text[9..15].ContainsAnyExceptInRange('0', '9'))
        {
            return false;
        }

        var (year, month, day) = (Two(text, 0) * 100 + Two(text, 2), Two(text, 4), Two(text, 6));
        var (hour, minute, second) = (Two(text, 9), Two(text, 11), Two(text, 13));
        if (year == 0 || month is 0 or > 12 || day == 0 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 59)
            return false;

        instant = new(year, month, day, hour, minute, second, TimeSpan.Zero);
        return true;
    }

    /// <summary>Reads <c>Thu, 15 Jan 2026 12:30:45 GMT</c>; some clients write the zone as <c>-0000</c>, <c>+0000</c> or <c>UTC</c>.</summary>
    internal static bool TryParseHttp(ReadOnlySpan<char> text, out DateTimeOffset instant)
    {
        instant = default;
        var zone = text.LastIndexOf(' ');
        return zone > 0
            && text[(zone + 1)..] is "GMT" or "-0000" or "+0000" or "UTC"
            && DateTimeOffset.TryParseExact(text[..zone], "ddd, dd MMM yyyy HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out instant);
    }

    private static int Two(ReadOnlySpan<char> text, int at) => (text[at] - '0') * 10 + (text[at + 1] - '0');
}
