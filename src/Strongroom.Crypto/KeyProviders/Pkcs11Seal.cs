using System.Security.Cryptography;
using Net.Pkcs11Interop.Common;

namespace Strongroom.Crypto.KeyProviders;

/// <summary>Seals the root key under an AES key that never leaves a PKCS#11 token, with AES-GCM inside the token.</summary>
/// <remarks>
/// Each use loads the module, logs in, and leaves nothing open: the seal is used at start, and a token that was reset or exchanged meanwhile is
/// found as it is. Formats: docs/formats/root-key-file.md.
/// </remarks>
public sealed class Pkcs11Seal(Pkcs11SealOptions options, Guid installation, Entropy entropy) : IRootKeySeal
{
    private const byte FormatVersion = 1;
    private const int HeaderBytes = 5;
    private const int CipherAt = HeaderBytes + CipherPool.NonceBytes;
    private const int BlobBytes = CipherAt + CipherPool.KeyBytes + CipherPool.TagBytes;

    // A module's state is the process's: what one use initializes another would finalize.
    private static readonly Lock Module = new();

    public string Name => "pkcs11";

    /// <summary>Tests lose the session here.</summary>
    internal Action<Pkcs11Token>? BeforeKeyIsUsed { get; init; }

    private static ReadOnlySpan<byte> Magic => "SRRP"u8;

    /// <summary>Makes an AES-256 key in the token, sensitive and not extractable, where it has none of the configured label and id.</summary>
    public ValueTask EnsureKeyAsync(CancellationToken ct) => new(UseAsync(SessionType.ReadWrite, token =>
    {
        if (token.FindKey() is null)
            token.MakeKey();
        return true;
    }, ct));

    public async ValueTask<byte[]> WrapAsync(SecretBytes rootKey, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(rootKey);
        if (rootKey.Length != CipherPool.KeyBytes)
            throw new ArgumentException("A root key has 32 bytes.", nameof(rootKey));

        var blob = new byte[BlobBytes];
        Magic.CopyTo(blob);
        blob[4] = FormatVersion;
        entropy.Fill(blob.AsSpan(HeaderBytes, CipherPool.NonceBytes));
        return await UseAsync(SessionType.ReadOnly, token =>
        {
            var plaintext = GC.AllocateUninitializedArray<byte>(CipherPool.KeyBytes, pinned: true);
            try
            {
                rootKey.Reveal().CopyTo(plaintext);
                var sealedText = token.Encrypt(GetKey(token), blob[HeaderBytes..CipherAt], AssociatedData(), plaintext);
                if (sealedText.Length != BlobBytes - CipherAt)
                    throw new SealException($"The PKCS#11 token {options.TokenName} answers AES-GCM in another form than the standard's. Use another token.");
                sealedText.CopyTo(blob, CipherAt);
                return blob;
            }
            finally
            {
                CryptographicOperations.ZeroMemory(plaintext);
            }
        }, ct);
    }

    public async ValueTask<SecretBytes> UnwrapAsync(ReadOnlyMemory<byte> wrapped, CancellationToken ct)
    {
        var blob = wrapped.ToArray();
        if (blob.Length != BlobBytes || !blob.AsSpan().StartsWith(Magic))
            throw new SealException(
                "The sealed root key in the store was not made by the seal 'pkcs11'. Configure the seal that this data was created with.")
            { Failure = SealFailure.WrongKey };
        if (blob[4] != FormatVersion)
            throw new SealException(
                $"The sealed root key in the store has format version {blob[4]}, and this program knows version {FormatVersion} only. "
                + "Run the newer version of Strongroom that wrote it.");

        return await UseAsync(SessionType.ReadOnly, token =>
        {
            var key = GetKey(token);
            try
            {
                var plaintext = token.Decrypt(key, blob[HeaderBytes..CipherAt], AssociatedData(), blob[CipherAt..]);
                try
                {
                    return plaintext.Length == CipherPool.KeyBytes ? SecretBytes.CopyFrom(plaintext) : throw WrongKey(null);
                }
                finally
                {
                    CryptographicOperations.ZeroMemory(plaintext);
                }
            }
            catch (Pkcs11Exception e) when (Pkcs11Errors.IsTagMismatch(e.RV))
            {
                throw WrongKey(e);
            }
        }, ct);
    }

    private Net.Pkcs11Interop.HighLevelAPI.IObjectHandle GetKey(Pkcs11Token token)
    {
        BeforeKeyIsUsed?.Invoke(token);
        return token.FindKey() ?? throw new SealException(
            $"The PKCS#11 token {options.TokenName} has no AES key labelled '{options.KeyLabel}'{(options.KeyId is { } id ? $" with id {Convert.ToHexStringLower(id)}" : "")}. "
            + "Correct seal-pkcs11-key, or restore the token from its backup; without the key nothing can be read.");
    }

    private SealException WrongKey(Exception? cause) => new(
        $"The key '{options.KeyLabel}' in the PKCS#11 token {options.TokenName} is not the one this data was sealed with, or the sealed root key in the store is "
        + "damaged or of another installation. Configure the token and key that belong to this data.", cause)
    { Failure = SealFailure.WrongKey };

    private byte[] AssociatedData() => [.. Magic, FormatVersion, .. installation.ToByteArray(bigEndian: true)];

    // Modules block, and one of a network HSM may do so for long.
    private Task<T> UseAsync<T>(SessionType type, Func<Pkcs11Token, T> use, CancellationToken ct) => Task.Run(() =>
    {
        lock (Module)
        {
            try
            {
                try
                {
                    return UseOnce(type, use);
                }
                catch (Pkcs11Exception e) when (Pkcs11Errors.IsSessionLoss(e.RV))
                {
                    // Once more with a new session and a new login. The PIN was right a moment ago.
                    return UseOnce(type, use);
                }
            }
            catch (Pkcs11Exception e)
            {
                throw Pkcs11Errors.Map(e, options.TokenName);
            }
        }
    }, ct);

    private T UseOnce<T>(SessionType type, Func<Pkcs11Token, T> use)
    {
        using var token = Pkcs11Token.Open(options, type);
        return use(token);
    }
}
