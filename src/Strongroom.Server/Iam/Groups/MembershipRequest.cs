using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Iam.Users;

namespace Strongroom.Server.Iam.Groups;

/// <summary>A group and a user. Source: IAM model, AddUserToGroup and RemoveUserFromGroup.</summary>
internal sealed class MembershipRequest
{
    public string? GroupName { get; private set; }
    public string? UserName { get; private set; }

    public static Shape<MembershipRequest> Shape { get; } = new(
        Member.String<MembershipRequest>("GroupName", r => r.GroupName, (r, v) => r.GroupName = v, IamLimits.GroupName, required: true),
        Member.String<MembershipRequest>("UserName", r => r.UserName, (r, v) => r.UserName = v, IamLimits.ExistingUserName, required: true));

    /// <exception cref="Protocol.ServiceException">NoSuchEntity: the group or the user.</exception>
    public (IamGroup Group, IamUser User) Existing(IamTarget target) => (
        GroupTargets.Existing(target, GroupName!), UserTargets.Existing(UserTargets.Of(target.Directory, UserName!), UserName));
}
