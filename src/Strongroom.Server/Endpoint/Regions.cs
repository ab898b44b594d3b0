using System.Text.RegularExpressions;

namespace Strongroom.Server.Endpoint;

/// <summary>Which region names a credential scope may carry: any that looks like AWS's, and those the operator names.</summary>
internal sealed partial class Regions(IEnumerable<string> configured)
{
    private readonly HashSet<string> names = configured.ToHashSet(StringComparer.Ordinal);

    // Nearly all calls name the region of the call before: comparing is a tenth of matching.
    private volatile string lastValid = "us-east-1";

    public bool IsValid(string region)
    {
        if (region == lastValid)
            return true;
        if (!names.Contains(region) && !(region.Length <= 32 && LikeAws().IsMatch(region)))
            return false;
        lastValid = region;
        return true;
    }

    // Source: IAM fact sheet 1.8.
    [GeneratedRegex(@"\A[a-z]{2,3}(-[a-z]+)+-[0-9]{1,2}\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 100)]
    private static partial Regex LikeAws();
}
