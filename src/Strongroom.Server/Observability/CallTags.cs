using System.Collections.Concurrent;
using Strongroom.Protocol;

namespace Strongroom.Server.Observability;

/// <summary>The labels of one operation's calls, made once for each outcome, so that counting a call makes nothing.</summary>
/// <remarks>
/// Labels come from our own tables alone: the operation from the operation table, the error code from the error catalogues. What a caller makes
/// up, such as an operation that does not exist, is counted under <see cref="Unknown"/>.
/// </remarks>
internal sealed class CallTags(string service, string operation)
{
    public const string Ok = "ok";
    public const string Denied = "denied";
    public const string Throttled = "throttled";
    public const string ClientError = "client_error";
    public const string ServerError = "server_error";

    /// <summary>The error code of a call whose caller went away before the answer.</summary>
    public const string Gone = "CallerGone";

    // No operation has this many errors. A guard against codes that one day are made from what callers send.
    private const int MaxCodes = 48;

    private readonly ConcurrentDictionary<string, KeyValuePair<string, object?>[]> failures = new(StringComparer.Ordinal);
    private readonly KeyValuePair<string, object?>[] ok = Make(service, operation, Ok, null);

    /// <summary>Calls of no operation that there is.</summary>
    public static CallTags Unknown { get; } = new("unknown", "Unknown");

    /// <summary>As AWS spells it, such as <c>SecretsManager</c>.</summary>
    public string Service { get; } = Spelled(service);

    public string Operation => operation;

    /// <summary>Name of the spans of its calls.</summary>
    public string SpanName { get; } = $"{Spelled(service)}/{operation}";

    /// <param name="code">AWS's error code; null for a call that succeeded.</param>
    public KeyValuePair<string, object?>[] For(string? code, int status)
    {
        if (code is null)
            return ok;
        if (failures.TryGetValue(code, out var known))
            return known;
        // Two threads may pass the bound together; a few more do no harm.
        if (failures.Count >= MaxCodes)
            code = "Other";
        return failures.GetOrAdd(code, Make(service, operation, OutcomeOf(code, status), code));
    }

    /// <summary>How a call ended, in one of five words.</summary>
    public static string OutcomeOf(string code, int status) => code switch
    {
        "AccessDeniedException" or "AccessDenied" or "UnrecognizedClientException" or "InvalidClientTokenId" or "InvalidSignatureException"
            or "SignatureDoesNotMatch" or "IncompleteSignatureException" or "IncompleteSignature" or "MissingAuthenticationTokenException"
            or "MissingAuthenticationToken" or "ExpiredTokenException" or "ExpiredToken" or "InvalidIdentityToken" => Denied,
        "ThrottlingException" or "Throttling" or "TooManyRequestsException" => Throttled,
        _ => status >= 500 ? ServerError : ClientError,
    };

    private static string Spelled(string service) => service switch
    {
        "secretsmanager" => "SecretsManager",
        "kms" => "KMS",
        "sts" => "STS",
        "iam" => "IAM",
        "cloudtrail" => "CloudTrail",
        "strongroom" => "Strongroom",
        _ => "Unknown",
    };

    private static KeyValuePair<string, object?>[] Make(string service, string operation, string outcome, string? code)
    {
        List<KeyValuePair<string, object?>> tags =
        [
            new("rpc.service", Spelled(service)), new("rpc.method", operation), new("strongroom.outcome", outcome),
        ];
        if (code is not null)
            tags.Add(new("error.type", code));
        return [.. tags];
    }
}
