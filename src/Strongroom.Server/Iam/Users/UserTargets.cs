using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Users;

/// <summary>Finds the user that an operation names; without a name, the user who calls. Source: IAM fact sheet 6.2.</summary>
internal static class UserTargets
{
    /// <param name="name">Null for operations that then mean the caller.</param>
    /// <exception cref="Protocol.ServiceException">ValidationError: no name, and the caller is no user.</exception>
    public static async ValueTask<IamTarget> ResolveAsync(IamDirectories directories, CallContext call, string? name, CancellationToken ct)
    {
        var directory = await directories.GetAsync(call.Caller.Account, ct);
        var principal = call.Caller.Principal;
        if (name is null && principal.Kind != PrincipalKind.User)
            throw IamErrors.Validation("Must specify userName when calling with non-User credentials");
        name ??= principal.UserName!;
        var user = directory.FindUser(name);
        return new IamTarget(directory, user?.Arn(directory.Account) ?? $"arn:aws:iam::{directory.Account}:user/{name}", user);
    }

    /// <exception cref="Protocol.ServiceException">NoSuchEntity.</exception>
    public static IamUser Existing(IamTarget target, string? name) =>
        target.Entity as IamUser ?? throw IamErrors.NoSuchUser(name ?? target.ResourceArn[(target.ResourceArn.LastIndexOf('/') + 1)..]);
}
