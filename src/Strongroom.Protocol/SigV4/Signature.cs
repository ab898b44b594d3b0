using System.Security.Cryptography;
using System.Text;

namespace Strongroom.Protocol.SigV4;

/// <summary>The three hash steps of SigV4: signing key, string to sign, signature.</summary>
internal static class Signature
{
    public const string Algorithm = "AWS4-HMAC-SHA256";
    public const string Terminator = "aws4_request";

    /// <summary>Derives the key that signs for one date, region and service.</summary>
    /// <param name="date">yyyymmdd.</param>
    /// <param name="destination">32 bytes.</param>
    public static void DeriveKey(ReadOnlySpan<byte> secret, string date, string region, string service, Span<byte> destination)
    {
        var needed = 4 + secret.Length;
        Span<byte> prefixed = needed <= 256 ? stackalloc byte[256] : new byte[needed];
        prefixed = prefixed[..needed];
        "AWS4"u8.CopyTo(prefixed);
        secret.CopyTo(prefixed[4..]);

        Chain(prefixed, date, destination);
        CryptographicOperations.ZeroMemory(prefixed);
        Chain(destination, region, destination);
        Chain(destination, service, destination);
        Chain(destination, Terminator, destination);
    }

    /// <param name="scope"><c>date/region/service/aws4_request</c>.</param>
    public static void AppendStringToSign(
        ref CanonicalBuffer buffer, ReadOnlySpan<char> timestamp, ReadOnlySpan<char> scope, ReadOnlySpan<byte> canonicalRequest)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(canonicalRequest, hash);

        buffer.Append(Algorithm);
        buffer.Append((byte)'\n');
        buffer.Append(timestamp);
        buffer.Append((byte)'\n');
        buffer.Append(scope);
        buffer.Append((byte)'\n');
        buffer.AppendHex(hash);
    }

    /// <summary>Signs a canonical request; <paramref name="destination"/> takes 32 bytes.</summary>
    public static void Compute(
        ReadOnlySpan<char> timestamp, ReadOnlySpan<char> scope, ReadOnlySpan<byte> canonicalRequest, SigningKey signingKey, Span<byte> destination)
    {
        var stringToSign = new CanonicalBuffer(stackalloc byte[256]);
        AppendStringToSign(ref stringToSign, timestamp, scope, canonicalRequest);
        signingKey.Sign(stringToSign.Written, destination);
        stringToSign.Dispose();
    }

    // Source and destination of HashData may not overlap as we would like, so the result takes a detour.
    private static void Chain(ReadOnlySpan<byte> key, string message, Span<byte> destination)
    {
        Span<byte> result = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(message), result);
        result.CopyTo(destination);
        CryptographicOperations.ZeroMemory(result);
    }
}
