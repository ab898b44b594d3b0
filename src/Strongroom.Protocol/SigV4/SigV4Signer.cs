using System.Security.Cryptography;
using System.Text;

namespace Strongroom.Protocol.SigV4;

/// <summary>What a client signs with.</summary>
/// <param name="SessionToken">Of temporary credentials, else null.</param>
public sealed record SigV4Credentials(string AccessKeyId, string SecretAccessKey, string? SessionToken = null)
{
    // A record prints its members; these must not end up in a log.
    public override string ToString() => AccessKeyId;
}

/// <summary>The client's side: signs requests for our own command line, for tests and for load generators.</summary>
public static class SigV4Signer
{
    /// <summary>Signs a request with its headers.</summary>
    /// <param name="rawTarget">Path and query as they will be sent.</param>
    /// <param name="headers">
    /// The headers that will be sent and shall be signed; must contain <c>host</c>. When <c>x-amz-date</c> (see
    /// <see cref="SigV4Timestamp.Format"/>) or, with a session token, <c>x-amz-security-token</c> is missing, it is signed all the same and must be sent too.
    /// </param>
    /// <returns>The value of the Authorization header.</returns>
    public static string Sign(
        string method,
        string rawTarget,
        IEnumerable<KeyValuePair<string, string>> headers,
        ReadOnlySpan<byte> body,
        SigV4Credentials credentials,
        string region,
        string service,
        DateTimeOffset time)
    {
        var timestamp = SigV4Timestamp.Format(time);
        var all = headers.ToList();
        AddMissing(all, SignedHeaderNames.AmzDate, timestamp);
        if (credentials.SessionToken is not null)
            AddMissing(all, SignedHeaderNames.SecurityToken, credentials.SessionToken);

#pragma warning disable CA1308 // SigV4 wants lower case
        var signedHeaders = string.Join(';', all.Select(field => field.Key.ToLowerInvariant()).Distinct().Order(StringComparer.Ordinal));
#pragma warning restore CA1308
        var scope = $"{timestamp[..8]}/{region}/{service}/{Signature.Terminator}";

        Span<byte> payloadHash = stackalloc byte[SHA256.HashSizeInBytes * 2];
        SigV4Verifier.HashPayload(body, payloadHash);
        var request = new SignedRequest<HeaderList>(method, rawTarget, new(all));
        var canonical = new CanonicalBuffer(stackalloc byte[CanonicalBuffer.InitialSize]);
        if (!CanonicalRequest.TryAppend(ref canonical, request, signedHeaders, isPresigned: false, payloadHash))
            throw new ArgumentException("A header value or the target has a character that HTTP cannot carry.", nameof(headers));

        Span<byte> key = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Signature.DeriveKey(Encoding.UTF8.GetBytes(credentials.SecretAccessKey), timestamp[..8], region, service, key);
        Span<byte> signature = stackalloc byte[HMACSHA256.HashSizeInBytes];
        var stringToSign = new CanonicalBuffer(stackalloc byte[256]);
        Signature.AppendStringToSign(ref stringToSign, timestamp, scope, canonical.Written);
        HMACSHA256.HashData(key, stringToSign.Written, signature);
        stringToSign.Dispose();
        CryptographicOperations.ZeroMemory(key);
        canonical.Dispose();

        return $"{Signature.Algorithm} Credential={credentials.AccessKeyId}/{scope}, SignedHeaders={signedHeaders}, "
            + $"Signature={Convert.ToHexStringLower(signature)}";
    }

    private static void AddMissing(List<KeyValuePair<string, string>> headers, string name, string value)
    {
        if (!headers.Exists(field => field.Key.Equals(name, StringComparison.OrdinalIgnoreCase)))
            headers.Add(new(name, value));
    }
}
