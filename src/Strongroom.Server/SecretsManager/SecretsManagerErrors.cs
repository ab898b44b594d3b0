using Strongroom.Protocol;

namespace Strongroom.Server.SecretsManager;

/// <summary>Secrets Manager's errors with AWS's own texts. Source: API fact sheet, sections 2 and 3; the tag there says how sure a text is.</summary>
internal static class SecretsManagerErrors
{
    // The typographic apostrophe is AWS's.
    private const string CurrentStays = "You can only move staging label AWSCURRENT to a different secret version. It can\u2019t be completely removed.";

    public static ServiceException NotFound() => Make("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");

    public static ServiceException NoValueForLabel(string label) =>
        Make("ResourceNotFoundException", $"Secrets Manager can't find the specified secret value for staging label: {label}");

    public static ServiceException NoValueForVersion(string versionId) =>
        Make("ResourceNotFoundException", $"Secrets Manager can't find the specified secret value for VersionId: {versionId}");

    public static ServiceException StageNotOnVersion() =>
        InvalidRequest("You provided a VersionStage that is not associated to the provided VersionId.");

    public static ServiceException InvalidName() => FrameworkErrors.Validation(
        "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!");

    public static ServiceException MarkedForDeletion() =>
        InvalidRequest("You can't perform this operation on the secret because it was marked for deletion.");

    public static ServiceException NameMarkedForDeletion() =>
        InvalidRequest("You can't create this secret because a secret with this name is already scheduled for deletion.");

    public static ServiceException Replica() =>
        InvalidParameter("Operation not permitted on a replica secret. Call must be made in primary secret's region.");

    public static ServiceException ManagedByService() =>
        InvalidRequest("This secret is managed by an AWS service, and you must use that service to update it.");

    public static ServiceException Exists(string name) =>
        Make("ResourceExistsException", $"The operation failed because the secret {name} already exists.");

    public static ServiceException TokenInUse(string token, string arn) =>
        Make("ResourceExistsException", $"You can't use ClientRequestToken {token} because that value is already in use for a version of secret {arn}.");

    public static ServiceException NoToken(bool rotating = false) =>
        Make(rotating ? "InvalidParameterException" : "InvalidRequestException", "You must provide a ClientRequestToken value. We recommend a UUID-type value.");

    public static ServiceException BothValues() =>
        InvalidParameter("You can't specify both a binary secret value and a string secret value in the same secret.");

    public static ServiceException NoValue() => InvalidRequest("You must provide either SecretString or SecretBinary.");

    /// <remarks>AWS's text is not known. Source: API fact sheet 3.3.</remarks>
    public static ServiceException TooManySecrets() => LimitExceeded("You have reached the maximum number of secrets.");

    public static ServiceException TooManyVersions() => LimitExceeded("The secret has reached the maximum number of versions.");

    public static ServiceException TooManyLabels() => LimitExceeded("The secret has reached the maximum number of staging labels.");

    public static ServiceException TooManyTags() => InvalidParameter("A secret can have at most 50 tags.");

    public static ServiceException DuplicateTags() => InvalidParameter("Duplicate tag keys found.");

    public static ServiceException NoTagKey() => InvalidParameter("Tag keys must not be empty.");

    public static ServiceException ReservedTag() => InvalidParameter("You can't add, edit, or delete tags that begin with \"aws:\".");

    public static ServiceException CurrentCannotBeRemoved() => InvalidParameter(CurrentStays);

    public static ServiceException RemoveFromMissing(string label, string holder) => InvalidParameter(
        $"The parameter RemoveFromVersionId can't be empty. Staging label {label} is currently attached to version {holder}, "
        + "so you must explicitly reference that version in RemoveFromVersionId.");

    public static ServiceException RemoveFromWrong(string label) => InvalidParameter(
        $"When you move staging label {label}, if you specify RemoveFromVersionId, it must be set to the version that currently has the staging label {label}.");

    public static ServiceException NoVersionGiven() => InvalidParameter("You must provide MoveToVersionId, RemoveFromVersionId, or both.");

    public static ServiceException RecoveryWindow() =>
        InvalidParameter("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).");

    public static ServiceException ForceWithWindow() =>
        InvalidParameter("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.");

    public static ServiceException HasReplicas(string arn, IEnumerable<string> regions) =>
        InvalidParameter($"You can't delete secret {arn} that still has replica regions [{string.Join(", ", regions)}]");

    public static ServiceException InvalidReplicaRegion() => InvalidParameter("Invalid replica region.");

    public static ServiceException NotAReplica() => InvalidRequest("The secret is not a replica.");

    public static ServiceException InvalidNextToken() => Make("InvalidNextTokenException", "The NextToken value is invalid.");

    public static ServiceException MalformedPolicy(string message) => Make("MalformedPolicyDocumentException", message);

    public static ServiceException PublicPolicy() => Make(
        "PublicPolicyException", "The resource policy allows public access to the secret and BlockPublicPolicy is set to true.");

    public static ServiceException EncryptionFailure() => Make(
        "EncryptionFailure",
        "Secrets Manager can't encrypt the protected secret text using the provided KMS key. Check that the KMS key is available, enabled, and not in an invalid state.");

    /// <summary>KMS's refusal of the name of a key, passed on. Source: recorded texts, docs/compatibility/kms.md.</summary>
    public static ServiceException InvalidKey(ServiceException refusal) =>
        InvalidParameter($"The operation failed because of an invalid KMS key: {refusal.Message}");

    public static ServiceException DecryptionFailure() =>
        Make("DecryptionFailure", "Secrets Manager can't decrypt the protected secret text using the provided KMS key.");

    public static ServiceException NoRotationFunction() =>
        InvalidRequest("No Lambda rotation function ARN is associated with this secret.");

    public static ServiceException FunctionNotInvocable() => Make(
        "AccessDeniedException",
        "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.");

    public static ServiceException RotationPending() =>
        InvalidRequest("A previous rotation isn't complete. That rotation will be reattempted.");

    /// <summary>AWS's words for it are not known. Source: API fact sheet 3.13.</summary>
    public static ServiceException InvalidRotationToken() => new("AccessDeniedException", "The rotation token is invalid.");

    public static ServiceException ServiceManagedRotation() =>
        InvalidRequest("Rotation Lambda ARN is not supported for a service-managed secret.");

    public static ServiceException InvalidParameter(string message) => Make("InvalidParameterException", message);

    public static ServiceException InvalidRequest(string message) => Make("InvalidRequestException", message);

    private static ServiceException LimitExceeded(string message) => Make("LimitExceededException", message);

    private static ServiceException Make(string code, string message) => new(code, message);
}
