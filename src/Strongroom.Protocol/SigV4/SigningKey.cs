using System.Security.Cryptography;

namespace Strongroom.Protocol.SigV4;

/// <summary>A signing key, ready for use: lent by <see cref="SigningKeyCache"/> to one request at a time, given back when disposed.</summary>
/// <remarks>
/// Holds a hash that is set up with the key, not the key: with OpenSSL 3 the set-up is three fifths of what a one-shot HMAC costs.
/// </remarks>
public sealed class SigningKey : IDisposable
{
    private readonly SigningKeyCache _cache;
    private readonly IncrementalHash _hash;

    internal SigningKey(SigningKeyCache cache, SigningKeyCache.Entry entry, ReadOnlySpan<byte> key)
    {
        (_cache, Entry) = (cache, entry);
        _hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
    }

    internal SigningKeyCache.Entry Entry { get; }

    /// <summary>Read and written under the cache's lock.</summary>
    internal bool IsLent { get; set; }

    /// <summary>Writes the signature of a string to sign: 32 bytes.</summary>
    public void Sign(ReadOnlySpan<byte> stringToSign, Span<byte> destination)
    {
        _hash.AppendData(stringToSign);
        _hash.GetHashAndReset(destination);
    }

    /// <summary>Gives it back; it must not be used afterwards.</summary>
    public void Dispose() => _cache.GiveBack(this);

    /// <summary>Ends it for good and zeroes what it holds.</summary>
    internal void Clear() => _hash.Dispose();
}
