using System.Security.Cryptography;
using System.Text;

namespace Strongroom.Protocol.SigV4;

/// <summary>Second half of authentication: did the holder of the secret sign this request? Pure, thread-safe, allocation-free for usual requests.</summary>
public static class SigV4Verifier
{
    /// <summary>Recomputes the signature over the bytes received and compares in fixed time.</summary>
    /// <param name="authorization">From a successful <see cref="SigV4Parser.TryParse"/> on the same request.</param>
    /// <param name="body">The raw body, before any parsing.</param>
    /// <param name="signingKey">
    /// From <see cref="SigningKeyCache"/>. For an unknown access key pass <see cref="SigningKeyCache.TakeForUnknownKey"/> and
    /// report <see cref="SigV4Failure.UnknownAccessKey"/> whatever comes back, so that time does not tell which keys exist.
    /// </param>
    /// <returns><see cref="SigV4Failure.None"/> or <see cref="SigV4Failure.SignatureMismatch"/>.</returns>
    /// <remarks>
    /// Also a mismatch: a signed header that did not arrive, an <c>x-amz-*</c> header that is not signed, a list of signed headers that is not
    /// lower case, sorted and unique, and an <c>x-amz-content-sha256</c> that is not the hash of the body. UNSIGNED-PAYLOAD and STREAMING-* are
    /// among the last: no operation served here has the unsigned-payload trait.
    /// </remarks>
    public static SigV4Failure Verify<THeaders>(
        in SignedRequest<THeaders> request, SigV4Authorization authorization, ReadOnlySpan<byte> body, SigningKey signingKey)
        where THeaders : struct, IHeaderSource
    {
        Span<byte> payloadHash = stackalloc byte[SHA256.HashSizeInBytes * 2];
        HashPayload(body, payloadHash);

        var declared = request.Headers.Find(SignedHeaderNames.ContentSha256);
        if (declared.Count > 0 && !Ascii.Equals(payloadHash, declared.Joined().AsSpan().Trim()))
            return SigV4Failure.SignatureMismatch;

        var canonical = new CanonicalBuffer(stackalloc byte[CanonicalBuffer.InitialSize]);
        try
        {
            if (!CanonicalRequest.TryAppend(ref canonical, request, authorization.SignedHeaders.Span, authorization.IsPresigned, payloadHash))
                return SigV4Failure.SignatureMismatch;

            Span<byte> computed = stackalloc byte[HMACSHA256.HashSizeInBytes];
            Signature.Compute(authorization.Timestamp, authorization.Scope.Span, canonical.Written, signingKey, computed);

            Span<byte> given = stackalloc byte[HMACSHA256.HashSizeInBytes];
            var isHex = TryReadSignature(authorization.Signature.Span, given);
            return CryptographicOperations.FixedTimeEquals(computed, given) & isHex ? SigV4Failure.None : SigV4Failure.SignatureMismatch;
        }
        finally
        {
            canonical.Dispose();
        }
    }

    /// <summary>
    /// The canonical request and the string to sign, for a debug setting that shows developers what the server made of their request.
    /// Contains the session token: never log it, and never show it to a caller whose key or token was not known. Null when no canonical form exists.
    /// </summary>
    public static (string CanonicalRequest, string StringToSign)? Explain<THeaders>(
        in SignedRequest<THeaders> request, SigV4Authorization authorization, ReadOnlySpan<byte> body)
        where THeaders : struct, IHeaderSource
    {
        Span<byte> payloadHash = stackalloc byte[SHA256.HashSizeInBytes * 2];
        HashPayload(body, payloadHash);

        var canonical = new CanonicalBuffer(stackalloc byte[CanonicalBuffer.InitialSize]);
        var stringToSign = new CanonicalBuffer(stackalloc byte[256]);
        try
        {
            if (!CanonicalRequest.TryAppend(ref canonical, request, authorization.SignedHeaders.Span, authorization.IsPresigned, payloadHash))
                return null;
            Signature.AppendStringToSign(ref stringToSign, authorization.Timestamp, authorization.Scope.Span, canonical.Written);
            return (Encoding.Latin1.GetString(canonical.Written), Encoding.Latin1.GetString(stringToSign.Written));
        }
        finally
        {
            canonical.Dispose();
            stringToSign.Dispose();
        }
    }

    internal static void HashPayload(ReadOnlySpan<byte> body, Span<byte> lowerHex)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(body, hash);
        Convert.TryToHexStringLower(hash, lowerHex, out _);
    }

    // AWS writes signatures in lower case; Convert would also take upper.
    private static bool TryReadSignature(ReadOnlySpan<char> text, Span<byte> destination) =>
        text.Length == destination.Length * 2
        && !text.ContainsAnyInRange('A', 'F')
        && Convert.FromHexString(text, destination, out _, out _) == System.Buffers.OperationStatus.Done;
}
