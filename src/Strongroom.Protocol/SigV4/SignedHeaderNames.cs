using System.Collections.Frozen;

namespace Strongroom.Protocol.SigV4;

/// <summary>
/// Header names that AWS clients sign, as ready-made strings: a header dictionary wants a string key, and a slice of
/// SignedHeaders would have to be copied into one for every request.
/// </summary>
internal static class SignedHeaderNames
{
    public const string AmzPrefix = "x-amz-";
    public const string Authorization = "authorization";
    public const string ContentSha256 = "x-amz-content-sha256";
    public const string Date = "date";
    public const string AmzDate = "x-amz-date";
    public const string SecurityToken = "x-amz-security-token";

    private static readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> Known = FrozenSet.Create(
        StringComparer.Ordinal,
        "accept", "accept-encoding", "amz-sdk-invocation-id", "amz-sdk-request", "content-length", "content-md5", "content-type",
        Date, "host", "user-agent", "x-amz-api-version", "x-amz-client-context", ContentSha256, AmzDate, "x-amz-invocation-type",
        "x-amz-log-type", SecurityToken, "x-amz-target", "x-amz-user-agent", "x-amzn-query-mode", "x-amzn-trace-id",
        "x-k8s-aws-id").GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The name as a string; allocates only for a name no known client signs.</summary>
    public static string Get(ReadOnlySpan<char> name) => Known.TryGetValue(name, out var known) ? known : name.ToString();
}
