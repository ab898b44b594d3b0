namespace Strongroom.Protocol;

/// <summary>An error that AWS models: what the caller did wrong, or may not do. Made in one catalogue per service, caught once, in the pipeline.</summary>
/// <param name="code">The bare shape name, as in <c>__type</c>.</param>
/// <param name="message">AWS's own text; never empty, because some clients need it. Never holds a secret.</param>
public sealed class ServiceException(string code, string message) : Exception(message)
{
    public string Code { get; } = code;

    /// <summary>HTTP status of the JSON protocol. Source: API fact sheet 1.3.</summary>
    public int Status { get; init; } = 400;

    /// <summary>The framework's own errors spell the member <c>message</c>; modelled errors and AccessDenied spell it <c>Message</c>.</summary>
    public bool IsFrameworkError { get; init; }
}
