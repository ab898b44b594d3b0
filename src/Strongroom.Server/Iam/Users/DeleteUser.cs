using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Users;

/// <summary>Source: IAM model, DeleteUser; IAM fact sheet 6.5, deleting order rules.</summary>
internal sealed class DeleteUserRequest
{
    public string? UserName { get; private set; }

    public static Shape<DeleteUserRequest> Shape { get; } = new(
        Member.String<DeleteUserRequest>("UserName", r => r.UserName, (r, v) => r.UserName = v, IamLimits.ExistingUserName, required: true));
}

internal sealed class DeleteUser(IamDirectories directories) : IOperation<DeleteUserRequest, IamTarget, Done>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, DeleteUserRequest request, CancellationToken ct) =>
        UserTargets.ResolveAsync(directories, call, request.UserName, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<DeleteUserRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var user = UserTargets.Existing(target, request.UserName);
        if (user.Groups.Count > 0)
            throw IamErrors.DeleteConflict("Cannot delete entity, must remove users from group first.");
        if (target.Directory.AccessKeysOf(user.Name).Any())
            throw IamErrors.DeleteConflict("Cannot delete entity, must delete access keys first.");
        if (user.AttachedPolicies.Count > 0)
            throw IamErrors.DeleteConflict("Cannot delete entity, must detach all policies first.");
        if (user.InlinePolicies.Count > 0)
            throw IamErrors.DeleteConflict("Cannot delete entity, must delete policies first.");
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([], [user])));
    }
}
