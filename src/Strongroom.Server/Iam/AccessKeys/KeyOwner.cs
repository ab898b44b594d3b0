using Strongroom.Server.Iam.Users;

namespace Strongroom.Server.Iam.AccessKeys;

/// <summary>Whose access keys a call is about: those of a user or of the account's root.</summary>
/// <param name="UserName">As the user spells it; null for the root.</param>
internal sealed record KeyOwner(IamDirectory Directory, string? UserName)
{
    /// <exception cref="Protocol.ServiceException">NoSuchEntity: no such user.</exception>
    public static KeyOwner Of(IamTarget target, string? name) =>
        new(target.Directory, UserTargets.IsRoot(target) ? null : UserTargets.Existing(target, name).Name);

    /// <summary>Oldest first.</summary>
    public IEnumerable<IamAccessKey> Keys => UserName is null
        ? Directory.All<IamAccessKey>().Where(key => key.UserName is null).OrderBy(key => key.CreatedAtMs)
        : Directory.AccessKeysOf(UserName);

    /// <exception cref="Protocol.ServiceException">NoSuchEntity: there is no such key, or it is somebody else's.</exception>
    public IamAccessKey Existing(string accessKeyId) =>
        Keys.FirstOrDefault(key => key.AccessKeyId == accessKeyId) ?? throw IamErrors.NoSuchAccessKey(accessKeyId);
}
