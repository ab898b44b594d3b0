namespace Strongroom.Protocol;

/// <summary>Errors of the protocol itself, before any service has a say. Source: API fact sheet 1.5, 1.6.</summary>
public static class FrameworkErrors
{
    public static ServiceException UnknownOperation() =>
        Framework("UnknownOperationException", "The operation named by X-Amz-Target is not known to this service.");

    public static ServiceException UnknownPath() => new("UnknownOperationException", "No operation that is served here has this method and path.")
    {
        Status = 404,
        IsFrameworkError = true,
    };

    public static ServiceException InvalidAction(string action, string version) =>
        Framework("InvalidAction", $"Could not find operation {action} for version {version}");

    public static ServiceException Serialization(string message) => Framework("SerializationException", message);

    public static ServiceException Validation(string message) => Framework("ValidationException", message);

    public static ServiceException TooLarge(int maxBodyBytes) => new("RequestEntityTooLargeException", $"The request body is larger than {maxBodyBytes} bytes.")
    {
        Status = 413,
        IsFrameworkError = true,
    };

    public static ServiceException Internal() => new("InternalServiceError", "An error occurred on the server side.") { Status = 500 };

    /// <summary>The SDKs try a call that met it again. Source: AWS common errors, ServiceUnavailable.</summary>
    public static ServiceException Unavailable() => new("ServiceUnavailable", "The request has failed due to a temporary failure of the server.")
    {
        Status = 503,
        IsFrameworkError = true,
    };

    /// <summary>The SDKs wait and try again. Source: IAM fact sheet 1.6, throttled.</summary>
    /// <param name="isQuery">The Query protocol has another code.</param>
    public static ServiceException Throttled(bool isQuery, string message = "Rate exceeded") => Framework(isQuery ? "Throttling" : "ThrottlingException", message);

    /// <summary>The same of a REST service. Source: IAM fact sheet 9.1.</summary>
    public static ServiceException TooManyRequests() => new("TooManyRequestsException", "Rate exceeded") { Status = 429 };

    private static ServiceException Framework(string code, string message) => new(code, message) { IsFrameworkError = true };
}
