using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam.Oidc;
using Strongroom.Server.Iam.Policies;
using Strongroom.Server.Iam.Roles;
using Strongroom.Server.Iam.Users;

namespace Strongroom.Server.Iam.Tagged;

/// <summary>A kind of entity that has tags, and all that differs between the operations on them.</summary>
/// <param name="Title">As in the operations' names: Tag…, Untag….</param>
/// <param name="NameMember">The parameter that names one.</param>
/// <param name="Quota">Of tags, as AWS calls it.</param>
/// <param name="ResolveAsync">The entity that a call names, existing or not.</param>
/// <param name="TagsOf">Of an existing one; throws NoSuchEntity.</param>
/// <param name="Changeable">One that the operation of this name may change; throws NoSuchEntity, or AccessDenied for AWS's own policies.</param>
internal sealed record TaggedKind(
    string Title, string NameMember, Constraint Name, string Quota,
    Func<IamDirectories, CallContext, string, CancellationToken, ValueTask<IamTarget>> ResolveAsync,
    Func<IamTarget, string, IReadOnlyList<IamTag>> TagsOf,
    Func<CallContext, IamTarget, string, string, IamEntity> Changeable)
{
    public static TaggedKind User { get; } = new(
        "User", "UserName", IamLimits.ExistingUserName, "TagsPerUser", UserTargets.ResolveAsync,
        static (target, name) => UserTargets.Existing(target, name).Tags,
        static (_, target, name, _) => UserTargets.Existing(target, name));

    public static TaggedKind Role { get; } = new(
        "Role", "RoleName", IamLimits.RoleName, "TagsPerRole", RoleTargets.ResolveAsync,
        static (target, name) => RoleTargets.Existing(target, name).Tags,
        static (_, target, name, _) => RoleTargets.Existing(target, name));

    public static TaggedKind Policy { get; } = new(
        "Policy", "PolicyArn", IamLimits.Arn, "TagsPerPolicy", PolicyTargets.ResolveAsync,
        static (target, _) => PolicyTargets.Existing(target).Own?.Tags ?? [],
        static (call, target, _, operation) => PolicyTargets.Changeable(call, target, operation));

    public static TaggedKind Provider { get; } = new(
        "OpenIDConnectProvider", "OpenIDConnectProviderArn", IamLimits.Arn, "TagsPerOpenIdConnectProvider", ProviderTargets.ResolveAsync,
        static (target, _) => ProviderTargets.Existing(target).Tags,
        static (_, target, _, _) => ProviderTargets.Existing(target));
}
