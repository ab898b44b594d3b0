using Strongroom.Protocol;

namespace Strongroom.Server.Iam;

/// <summary>IAM's errors with AWS's texts. Source: IAM fact sheet 6.5.</summary>
internal static class IamErrors
{
    public static ServiceException NoSuchUser(string name) => NoSuchEntity($"The user with name {name} cannot be found.");

    public static ServiceException UserExists(string name) => Exists($"User with name {name} already exists.");

    public static ServiceException NoSuchRole(string name) => NoSuchEntity($"The role with name {name} cannot be found.");

    public static ServiceException NoSuchPolicy(string arn) => NoSuchEntity($"Policy {arn} was not found.");

    public static ServiceException NotAttachable(string arn) => NoSuchEntity($"Policy {arn} does not exist or is not attachable.");

    public static ServiceException NoSuchVersion(string arn, string version) =>
        NoSuchEntity($"Policy {arn} version {version} does not exist or is not attachable.");

    public static ServiceException NoSuchProvider(string arn) => NoSuchEntity($"OpenIDConnect Provider not found for arn {arn}");

    public static ServiceException NoSuchGroup(string name) => NoSuchEntity($"The group with name {name} cannot be found.");

    public static ServiceException GroupExists(string name) => Exists($"Group with name {name} already exists.");

    public static ServiceException NoSuchAccessKey(string id) => NoSuchEntity($"The Access Key with id {id} cannot be found.");

    public static ServiceException NoLoginProfile(string name) => NoSuchEntity($"Login Profile for User {name} cannot be found.");

    /// <param name="quota">As AWS names it, such as <c>GroupsPerUser</c>.</param>
    public static ServiceException QuotaExceeded(string quota, int limit) => LimitExceeded($"Cannot exceed quota for {quota}: {limit}");

    public static ServiceException NoSuchEntity(string message) => new("NoSuchEntity", message) { Status = 404 };

    public static ServiceException Exists(string message) => new("EntityAlreadyExists", message) { Status = 409 };

    public static ServiceException DeleteConflict(string message) => new("DeleteConflict", message) { Status = 409 };

    public static ServiceException LimitExceeded(string message) => new("LimitExceeded", message) { Status = 409 };

    public static ServiceException MalformedPolicy(string message) => new("MalformedPolicyDocument", message);

    public static ServiceException InvalidInput(string message) => new("InvalidInput", message);

    public static ServiceException InvalidArn() => Validation("Invalid ARN:  Could not be parsed!");

    public static ServiceException Validation(string message) => new("ValidationError", message);
}
