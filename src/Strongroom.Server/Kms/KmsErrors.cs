using Strongroom.Protocol;

namespace Strongroom.Server.Kms;

/// <summary>KMS's errors with AWS's texts. Source: IAM fact sheet 7.3-7.5.</summary>
internal static class KmsErrors
{
    public static ServiceException NoSuchKey(string arn) => NotFound($"Key '{arn}' does not exist");

    public static ServiceException InvalidKeyId(string text) => NotFound($"Invalid keyId '{text}'");

    public static ServiceException InvalidArn(string text) => NotFound($"Invalid arn {text}");

    public static ServiceException NoSuchAlias(string arn) => NotFound($"Alias {arn} is not found.");

    public static ServiceException NoSuchPolicy() => NotFound("No such policy exists");

    public static ServiceException NoSuchGrant(string id) => NotFound($"Grant ID {id} not found");

    public static ServiceException AliasExists(string arn) => Make("AlreadyExistsException", $"An alias with the name {arn} already exists");

    public static ServiceException ReservedAlias() => Make("NotAuthorizedException", "");

    public static ServiceException AliasPrefix() => Validation(
        "Alias must start with the prefix \"alias/\". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html");

    public static ServiceException Disabled(string arn) => Make("DisabledException", $"{arn} is disabled.");

    public static ServiceException InvalidState(string arn, string state) => Make("KMSInvalidStateException", $"{arn} is {state}.");

    /// <summary>Without a message, as AWS answers it.</summary>
    public static ServiceException InvalidCiphertext() => Make("InvalidCiphertextException", "");

    public static ServiceException UnknownCiphertextKey() => Make(
        "AccessDeniedException",
        "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.");

    public static ServiceException IncorrectKey() =>
        Make("IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.");

    public static ServiceException InvalidAlgorithm(string arn, string algorithm) =>
        Make("InvalidKeyUsageException", $"{arn} has key spec SYMMETRIC_DEFAULT, which is not valid for the encryption algorithm {algorithm}.");

    public static ServiceException Unsupported(string message = "") => Make("UnsupportedOperationException", message);

    public static ServiceException LimitExceeded(string message) => Make("LimitExceededException", message);

    public static ServiceException Tag(string message) => Make("TagException", message);

    public static ServiceException DryRun() => Make("DryRunOperationException", "The request would have succeeded, but the DryRun option is set.");

    public static ServiceException MalformedPolicy(string message) => Make("MalformedPolicyDocumentException", message);

    public static ServiceException InvalidPrincipals() => MalformedPolicy("Policy contains a statement with one or more invalid principals.");

    public static ServiceException LocksOut() => MalformedPolicy("The new key policy will not allow you to update the key policy in the future.");

    public static ServiceException InvalidMarker() => Make("InvalidMarkerException", "Could not deserialize marker");

    public static ServiceException InvalidGrantToken() => Make("InvalidGrantTokenException", "Invalid grant token");

    public static ServiceException InvalidGrantId() => Make("InvalidGrantIdException", "Invalid grant id");

    public static ServiceException InvalidArnException(string text) => Make("InvalidArnException", $"{text} is not a valid principal");

    public static ServiceException Validation(string message) => FrameworkErrors.Validation(message);

    private static ServiceException NotFound(string message) => Make("NotFoundException", message);

    // KMS spells the member "message", as the framework does.
    private static ServiceException Make(string code, string message) => new(code, message) { IsFrameworkError = true };
}
