namespace Strongroom.Protocol;

/// <summary>An Amazon Resource Name in its six parts.</summary>
/// <param name="Partition"><c>aws</c>, <c>aws-cn</c>, <c>aws-us-gov</c> or an isolated one.</param>
/// <param name="Resource">Everything after the fifth colon; may hold further colons.</param>
public sealed record Arn(string Partition, string Service, string Region, string Account, string Resource)
{
    /// <summary>Splits on the first five colons; null when there are fewer or the text does not begin with <c>arn:</c>.</summary>
    public static Arn? TryParse(string text)
    {
        var parts = text.Split(':', 6);
        return parts.Length == 6 && parts[0] == "arn" ? new Arn(parts[1], parts[2], parts[3], parts[4], parts[5]) : null;
    }

    /// <summary>The partition a region belongs to. Source: API fact sheet 2.1.</summary>
    public static string PartitionOf(string region) =>
        region.StartsWith("cn-", StringComparison.Ordinal) ? "aws-cn"
        : region.StartsWith("us-gov-", StringComparison.Ordinal) ? "aws-us-gov"
        : region.StartsWith("us-iso-", StringComparison.Ordinal) ? "aws-iso"
        : region.StartsWith("us-isob-", StringComparison.Ordinal) ? "aws-iso-b"
        : "aws";

    public override string ToString() => $"arn:{Partition}:{Service}:{Region}:{Account}:{Resource}";
}
