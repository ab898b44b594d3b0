using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Groups;

/// <summary>Source: IAM model, UpdateGroup.</summary>
internal sealed class UpdateGroupRequest
{
    public string? GroupName { get; private set; }
    public string? NewPath { get; private set; }
    public string? NewGroupName { get; private set; }

    public static Shape<UpdateGroupRequest> Shape { get; } = new(
        Member.String<UpdateGroupRequest>("GroupName", r => r.GroupName, (r, v) => r.GroupName = v, IamLimits.GroupName, required: true),
        Member.String<UpdateGroupRequest>("NewPath", r => r.NewPath, (r, v) => r.NewPath = v, IamLimits.Path),
        Member.String<UpdateGroupRequest>("NewGroupName", r => r.NewGroupName, (r, v) => r.NewGroupName = v, IamLimits.GroupName));
}

/// <summary>Renames a group or moves it to another path: its id, members and policies stay its own.</summary>
internal sealed class UpdateGroup(IamDirectories directories) : IOperation<UpdateGroupRequest, IamTarget, Done>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, UpdateGroupRequest request, CancellationToken ct) =>
        GroupTargets.ResolveAsync(directories, call, request.GroupName!, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<UpdateGroupRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var directory = target.Directory;
        var group = GroupTargets.Existing(target, request.GroupName!);
        var changed = group with { Name = request.NewGroupName ?? group.Name, Path = request.NewPath ?? group.Path };

        // Source: IAM API Reference, UpdateGroup: the caller needs permission on both the source object and the target object.
        AccessDenied.Demand(call, "iam:UpdateGroup", target with { ResourceArn = changed.Arn(directory.Account) });
        if (directory.FindGroup(changed.Name) is { } taken && taken.Key != group.Key)
            throw IamErrors.GroupExists(taken.Name);

        var members = changed.Name == group.Name ? [] : GroupTargets.Members(directory, group).Select(user => user with
        {
            Groups = [.. user.Groups.Select(name => IamEntity.KeyOf(name) == group.Key ? changed.Name : name)],
        });
        return new(new Plan<Done>(Done.Instance, directory.Change([changed, .. members], changed.Key == group.Key ? [] : [group])));
    }
}
