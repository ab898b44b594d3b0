using Strongroom.Policy;
using Strongroom.Protocol;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam;

/// <summary>What differs between users, groups and roles where policies are put in or attached to them.</summary>
/// <param name="Title">As in the names of operations and members: <c>User</c>.</param>
/// <param name="Name">What the model demands of the name in attachments.</param>
/// <param name="ExistingName">And elsewhere.</param>
/// <param name="MaxInline">In characters, over all inline policies.</param>
internal sealed record HolderKind(string Title, Constraint Name, Constraint ExistingName, int MaxInline, Func<IamDirectory, string, PolicyHolder?> Find)
{
    public static HolderKind User { get; } = new("User", IamLimits.UserName, IamLimits.ExistingUserName, PolicySize.MaxUserInline, (d, name) => d.FindUser(name));

    public static HolderKind Group { get; } = new("Group", IamLimits.GroupName, IamLimits.GroupName, PolicySize.MaxGroupInline, (d, name) => d.FindGroup(name));

    public static HolderKind Role { get; } = new("Role", IamLimits.RoleName, IamLimits.RoleName, PolicySize.MaxRoleInline, (d, name) => d.FindRole(name));

    /// <summary><c>user</c>, in texts and ARNs.</summary>
    public string Noun { get; } = Title.ToLowerInvariant();

    /// <summary>The parameter that names one.</summary>
    public string NameMember => Title + "Name";

    /// <summary>The holder that a call names, existing or not. Denials print the name as it was given, never the path. Source: IAM fact sheet 3.6.</summary>
    public async ValueTask<IamTarget> ResolveAsync(IamDirectories directories, CallContext call, string name, CancellationToken ct)
    {
        var directory = await directories.GetAsync(call.Caller.Account, ct);
        var holder = Find(directory, name);
        return new IamTarget(directory, holder?.Arn(directory.Account) ?? $"arn:aws:iam::{directory.Account}:{Noun}/{name}", holder) { Printed = $"{Noun} {name}" };
    }

    /// <exception cref="ServiceException">NoSuchEntity.</exception>
    public PolicyHolder Existing(IamTarget target, string name) =>
        target.Entity as PolicyHolder ?? throw IamErrors.NoSuchEntity($"The {Noun} with name {name} cannot be found.");

    /// <exception cref="ServiceException">NoSuchEntity.</exception>
    public ServiceException NoSuchInline(string policy) => IamErrors.NoSuchEntity($"The {Noun} policy with name {policy} cannot be found.");

    /// <summary>The permissions boundary of a holder; groups have none.</summary>
    public static string? BoundaryOf(IamEntity? holder) => holder switch
    {
        IamUser user => user.Boundary,
        IamRole role => role.Boundary,
        _ => null,
    };
}
