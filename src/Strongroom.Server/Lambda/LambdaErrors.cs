using System.Globalization;
using Strongroom.Protocol;

namespace Strongroom.Server.Lambda;

/// <summary>Lambda's errors. Codes and statuses: Lambda model. Texts: as AWS answers them; where Strongroom has a limit of its own, ours.</summary>
internal static class LambdaErrors
{
    public static ServiceException InvalidParameter(string message) => new("InvalidParameterValueException", message);

    /// <summary>Differs from AWS, where functions are never off.</summary>
    public static ServiceException FunctionsOff() => InvalidParameter("Functions are off on this server: its setting 'functions' turns them on.");

    /// <summary>Differs from AWS: part of what its functions can have is not here.</summary>
    public static ServiceException Unserved(string what) => InvalidParameter($"{what} is not supported by Strongroom.");

    public static ServiceException NotFound(string arn) => Missing($"Function not found: {arn}");

    public static ServiceException OtherRegion(string region, string here) => Missing($"Functions from '{region}' are not reachable in this region ('{here}')");

    public static ServiceException NoPolicy() => Missing("The resource you requested does not exist.");

    public static ServiceException NothingToRemove() => Missing("No policy is associated with the given resource.");

    public static ServiceException NoStatement(string id) => Missing($"Statement {id} is not found in resource policy.");

    public static ServiceException Exists(string name) => Conflict($"Function already exist: {name}");

    public static ServiceException StatementExists(string id) =>
        Conflict($"The statement id ({id}) provided already exists. Please provide a new statement id, or remove the existing statement.");

    public static ServiceException StaleRevision() => new(
        "PreconditionFailedException", "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id")
    {
        Status = 412,
    };

    public static ServiceException QualifiersDiffer() => InvalidParameter("The derived qualifier from the function name does not match the specified qualifier.");

    public static ServiceException RoleNotAssumable() => InvalidParameter("The role defined for the function cannot be assumed by Lambda.");

    public static ServiceException InvalidPrincipal() => InvalidParameter("The provided principal was invalid. Please check the principal and try again.");

    public static ServiceException PolicyTooLong(int bytes) => new(
        "PolicyLengthExceededException",
        string.Create(CultureInfo.InvariantCulture, $"The final policy size ({bytes}) is bigger than the limit ({LambdaLimits.MaxPolicyBytes})."));

    public static ServiceException CodeStorageExceeded() => new("CodeStorageExceededException", "Code storage limit exceeded.");

    public static ServiceException ReservedVariables(IEnumerable<string> names) => InvalidParameter(
        "Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently "
        + $"not supported for modification. Reserved keys used in this request: {string.Join(", ", names)}");

    // AWS repeats the variables here, which may hold secrets.
    public static ServiceException EnvironmentTooLarge() => InvalidParameter(
        "Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit.");

    public static ServiceException NotJson() => new("InvalidRequestContentException", "Could not parse request body into json: The payload is not valid JSON.");

    public static ServiceException TooManyInvocations() => new("TooManyRequestsException", "Rate Exceeded.") { Status = 429 };

    private static ServiceException Missing(string message) => new("ResourceNotFoundException", message) { Status = 404 };

    private static ServiceException Conflict(string message) => new("ResourceConflictException", message) { Status = 409 };
}
