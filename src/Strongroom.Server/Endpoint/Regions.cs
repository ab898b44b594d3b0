using System.Text.RegularExpressions;

namespace Strongroom.Server.Endpoint;

/// <summary>Which region names a credential scope may carry: any that looks like AWS's, and those the operator names.</summary>
internal sealed partial class Regions(IEnumerable<string> configured)
{
    private readonly HashSet<string> names = configured.ToHashSet(StringComparer.Ordinal);

    public bool IsValid(string region) => names.Contains(region) || (region.Length <= 32 && LikeAws().IsMatch(region));

    // Source: IAM fact sheet 1.8.
    [GeneratedRegex(@"\A[a-z]{2,3}(-[a-z]+)+-[0-9]{1,2}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 100)]
    private static partial Regex LikeAws();
}
