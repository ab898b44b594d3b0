using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;

namespace Strongroom.Server.Strongroom;

/// <summary>The installation as a whole, as operations on accounts act on it.</summary>
internal static class InstallationTarget
{
    /// <summary>It belongs to the first account and has no policy of its own: so nobody of another account, its root included, is ever allowed.</summary>
    public static async ValueTask<AccountTarget> ResolveAsync(IamDirectories directories, CallContext call, CancellationToken ct)
    {
        var directory = await directories.GetAsync(call.Caller.Account, ct);
        return new AccountTarget(directory.Origin?.InstallationAccount ?? directory.Account);
    }

    /// <summary>Whether an account is the first one, which makes and lists the others.</summary>
    public static async ValueTask<bool> IsAsync(IamDirectories directories, string account, CancellationToken ct) =>
        await directories.GetAsync(account, ct) is { Origin: var origin } && (origin?.InstallationAccount ?? account) == account;
}
