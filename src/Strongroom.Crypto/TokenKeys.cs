using System.Collections.Concurrent;

namespace Strongroom.Crypto;

/// <summary>Opaque tokens, a derived key for each purpose. Format: docs/formats/paging-token.md.</summary>
internal sealed class TokenKeys(SecretBytes rootKey, Entropy entropy) : IDisposable
{
    private const byte FormatVersion = 1;
    private const int OverheadBytes = 1 + CipherPool.NonceBytes + CipherPool.TagBytes;

    private readonly ConcurrentDictionary<string, CipherPool> byPurpose = new(StringComparer.Ordinal);

    public byte[] Protect(string purpose, ReadOnlySpan<byte> payload)
    {
        var token = new byte[OverheadBytes + payload.Length];
        token[0] = FormatVersion;
        var nonce = token.AsSpan(1, CipherPool.NonceBytes);
        entropy.Fill(nonce);
        var body = token.AsSpan(1 + CipherPool.NonceBytes);
        KeyFor(purpose).Encrypt(nonce, payload, body[..^CipherPool.TagBytes], body[^CipherPool.TagBytes..], token.AsSpan(0, 1));
        return token;
    }

    public bool TryOpen(string purpose, ReadOnlySpan<byte> token, out byte[] payload)
    {
        payload = [];
        if (token.Length < OverheadBytes || token[0] != FormatVersion)
            return false;

        var body = token[(1 + CipherPool.NonceBytes)..];
        var opened = new byte[token.Length - OverheadBytes];
        try
        {
            KeyFor(purpose).Decrypt(
                token.Slice(1, CipherPool.NonceBytes), body[..^CipherPool.TagBytes], body[^CipherPool.TagBytes..], opened, token[..1]);
        }
        catch (DecryptionException)
        {
            return false;
        }

        payload = opened;
        return true;
    }

    public void Dispose()
    {
        foreach (var key in byPurpose.Values)
            key.Dispose();
    }

    // Purposes are constants in the code, so the table stays small.
    private CipherPool KeyFor(string purpose)
    {
        if (byPurpose.TryGetValue(purpose, out var key))
            return key;

        var made = new CipherPool(RootKeyDerivation.Derive(rootKey, RootKeyDerivation.Token, purpose));
        var kept = byPurpose.GetOrAdd(purpose, made);
        if (kept != made)
            made.Dispose();
        return kept;
    }
}
