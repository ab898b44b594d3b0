using Strongroom.Protocol;

namespace Strongroom.Server.Sts;

/// <summary>STS's errors with AWS's texts. Source: IAM fact sheet 5.3; those that no source records are marked.</summary>
internal static class StsErrors
{
    public static ServiceException InvalidArn(string text) => Validation($"{text} is invalid");

    public static ServiceException RootMayNotAssume() => Denied("Roles may not be assumed by root accounts.");

    public static ServiceException NotAuthorized(string caller, string action, string roleArn) =>
        Denied($"User: {caller} is not authorized to perform: {action} on resource: {roleArn}");

    public static ServiceException WebIdentityNotAuthorized() => Denied("Not authorized to perform sts:AssumeRoleWithWebIdentity");

    public static ServiceException SessionMayNotCall(string operation) => Denied($"Cannot call {operation} with session credentials");

    public static ServiceException TooLongForRole() => Validation("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");

    public static ServiceException TooLongForChain() =>
        Validation("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.");

    public static ServiceException TooManyPolicies(int max) => Validation(
        $"1 validation error detected: Value at 'policyArns' failed to satisfy constraint: Member must have length less than or equal to {max}");

    public static ServiceException NoContextProvider() => InvalidParameter("ProvidedContexts are not supported: there is no identity center.");

    public static ServiceException DuplicateTagKeys() => InvalidParameter("Duplicate tag keys found. Please note that Tag keys are case insensitive.");

    public static ServiceException TransitiveKeyWithoutTag() => InvalidParameter("The specified transitive tag key must be included in the requested tags.");

    public static ServiceException TransitiveKeyConflict() => InvalidParameter(
        "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session.");

    // Not recorded: AWS documents only that the value can't be changed.
    public static ServiceException SourceIdentityConflict() => Denied("The source identity of the calling session can't be changed.");

    public static ServiceException MfaIncomplete() => Denied("MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code.");

    public static ServiceException MfaFailed() => Denied("MultiFactorAuthentication failed with invalid MFA one time pass code.");

    public static ServiceException MalformedPolicy(string message) => new("MalformedPolicyDocument", message);

    public static ServiceException PackedPolicyTooLarge(int percent) =>
        new("PackedPolicyTooLarge", $"Packed policy consumes {percent}% of allotted space, please use smaller policy.");

    public static ServiceException NoProvider(string issuer) => InvalidToken($"No OpenIDConnect provider found in your account for {issuer}");

    public static ServiceException WrongAudience() => InvalidToken("Incorrect token audience");

    public static ServiceException NoJwt() => InvalidToken("The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)");

    // The two spaces are AWS's.
    public static ServiceException NoVerificationKey() => InvalidToken(
        "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements");

    // Not recorded. One text for every way in which a signature can be wrong.
    public static ServiceException BadSignature() => InvalidToken("The ID Token's signature could not be verified.");

    public static ServiceException TokenExpired(long now, long expiry) => new(
        "ExpiredTokenException", $"Token expired: current date/time {now} must be before the expiration date/time {expiry}");

    // Not recorded.
    public static ServiceException TokenFromTheFuture() => InvalidToken("The ID Token is not valid yet.");

    // Not recorded.
    public static ServiceException BadSessionTags() => InvalidToken("The session tags in the ID Token are not valid.");

    /// <summary>The SDKs try a call that met it again.</summary>
    public static ServiceException IssuerUnreachable() => new(
        "IDPCommunicationError", "The identity provider that was asked to verify the incoming identity token could not be reached.");

    public static ServiceException InvalidToken(string message) => new("InvalidIdentityToken", message);

    public static ServiceException InvalidMessage() => new("InvalidAuthorizationMessageException", "Message is not valid");

    public static ServiceException Validation(string message) => new("ValidationError", message);

    private static ServiceException InvalidParameter(string message) => new("InvalidParameterValue", message);

    private static ServiceException Denied(string message) => new("AccessDenied", message) { Status = 403 };
}
