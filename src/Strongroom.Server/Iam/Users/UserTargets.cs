using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Users;

/// <summary>Finds the user that an operation names; without a name, whoever calls. Source: IAM fact sheet 6.2.</summary>
internal static class UserTargets
{
    /// <param name="name">Null for operations that then mean the caller.</param>
    /// <returns>For a root without a name, its own ARN and no entity: see <see cref="IsRoot"/>.</returns>
    /// <exception cref="Protocol.ServiceException">ValidationError: no name, and the caller is neither user nor root.</exception>
    public static async ValueTask<IamTarget> ResolveAsync(IamDirectories directories, CallContext call, string? name, CancellationToken ct)
    {
        var directory = await directories.GetAsync(call.Caller.Account, ct);
        var principal = call.Caller.Principal;
        return (name, principal.Kind) switch
        {
            ({ } given, _) => Of(directory, given),
            (null, PrincipalKind.User) => Of(directory, principal.UserName!),
            (null, PrincipalKind.Root) => new IamTarget(directory, RootArn(directory)),
            _ => throw IamErrors.Validation("Must specify userName when calling with non-User credentials"),
        };
    }

    public static IamTarget Of(IamDirectory directory, string name)
    {
        var user = directory.FindUser(name);

        // Printed as it was asked for: an ARN would have the path that only an existing user has. Source: IAM fact sheet 3.6.
        return new IamTarget(directory, user?.Arn(directory.Account) ?? $"arn:aws:iam::{directory.Account}:user/{name}", user) { Printed = $"user {name}" };
    }

    /// <summary>Whether the call is about the account's root itself.</summary>
    public static bool IsRoot(IamTarget target) => target.ResourceArn == RootArn(target.Directory);

    /// <exception cref="Protocol.ServiceException">NoSuchEntity.</exception>
    public static IamUser Existing(IamTarget target, string? name) =>
        target.Entity as IamUser ?? throw IamErrors.NoSuchUser(name ?? target.ResourceArn[(target.ResourceArn.LastIndexOf('/') + 1)..]);

    private static string RootArn(IamDirectory directory) => Authentication.AccessKeys.RootArn(directory.Account);
}
