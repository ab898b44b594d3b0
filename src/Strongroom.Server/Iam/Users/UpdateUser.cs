using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Users;

/// <summary>Source: IAM model, UpdateUser.</summary>
internal sealed class UpdateUserRequest
{
    public string? UserName { get; private set; }
    public string? NewPath { get; private set; }
    public string? NewUserName { get; private set; }

    public static Shape<UpdateUserRequest> Shape { get; } = new(
        Member.String<UpdateUserRequest>("UserName", r => r.UserName, (r, v) => r.UserName = v, IamLimits.ExistingUserName, required: true),
        Member.String<UpdateUserRequest>("NewPath", r => r.NewPath, (r, v) => r.NewPath = v, IamLimits.Path),
        Member.String<UpdateUserRequest>("NewUserName", r => r.NewUserName, (r, v) => r.NewUserName = v, IamLimits.UserName));
}

/// <summary>Renames a user or moves it to another path: its id, keys, memberships and policies stay its own.</summary>
internal sealed class UpdateUser(IamDirectories directories) : IOperation<UpdateUserRequest, IamTarget, Done>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, UpdateUserRequest request, CancellationToken ct) =>
        UserTargets.ResolveAsync(directories, call, request.UserName, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<UpdateUserRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var directory = target.Directory;
        var user = UserTargets.Existing(target, request.UserName);
        var changed = user with { Name = request.NewUserName ?? user.Name, Path = request.NewPath ?? user.Path };

        // Source: IAM API Reference, UpdateUser: the caller needs permission on both the source object and the target object.
        AccessDenied.Demand(call, "iam:UpdateUser", target with { ResourceArn = changed.Arn(directory.Account), Printed = null });
        if (directory.FindUser(changed.Name) is { } taken && taken.Key != user.Key)
            throw IamErrors.UserExists(taken.Name);

        var keys = directory.AccessKeysOf(user.Name).Select(key => key with { UserName = changed.Name });
        return new(new Plan<Done>(Done.Instance, directory.Change([changed, .. keys], changed.Key == user.Key ? [] : [user])));
    }
}
