using Strongroom.Crypto;

namespace Strongroom.Server.Webhooks;

/// <summary>How long to wait before what failed is tried again.</summary>
internal static class Backoff
{
    /// <summary>Twice as long with each failure, up to a longest wait; half of it by chance, so that many servers do not come back at one instant.</summary>
    /// <param name="failures">In a row, from 1.</param>
    public static TimeSpan After(int failures, TimeSpan first, TimeSpan longest, Entropy entropy)
    {
        var full = Math.Min(longest.TotalMilliseconds, first.TotalMilliseconds * Math.Pow(2, Math.Min(failures - 1, 30)));
        return TimeSpan.FromMilliseconds(full / 2 + entropy.Below((int)(full / 2) + 1));
    }
}
