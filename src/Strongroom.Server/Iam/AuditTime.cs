using System.Globalization;

namespace Strongroom.Server.Iam;

/// <summary>Times in <c>responseElements</c> of IAM's records, US long form. Source: IAM fact sheet 8.3.</summary>
internal static class AuditTime
{
    public static string Format(DateTimeOffset time) => time.UtcDateTime.ToString("MMM d, yyyy h:mm:ss tt", CultureInfo.InvariantCulture);
}
