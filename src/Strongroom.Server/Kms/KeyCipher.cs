using System.Buffers.Text;
using System.Text;
using Strongroom.Crypto;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Keys;

namespace Strongroom.Server.Kms;

/// <summary>Encrypts and decrypts for callers under keys that are loaded first.</summary>
internal sealed class KeyCipher(KeyDirectory keys, KmsTargets targets, Keyring keyring)
{
    /// <exception cref="Protocol.ServiceException">DisabledException, KMSInvalidStateException.</exception>
    public async ValueTask<byte[]> EncryptAsync(
        KmsTarget target, IReadOnlyDictionary<string, string>? context, SecretBytes plaintext, CancellationToken ct)
    {
        var key = target.Usable;
        await keys.LoadAsync(key, ct);
        var directory = target.Directory;
        try
        {
            return keyring.Encrypt(key.Id, key.LatestVersion, directory.Account, directory.Region, context ?? KmsLimits.NoContext, plaintext.Reveal());
        }
        catch (DecryptionException)
        {
            // The material went away in this moment.
            throw KmsErrors.NoSuchKey(target.ResourceArn);
        }
    }

    /// <returns>The plaintext, which the caller owns, and the material that it was encrypted with.</returns>
    /// <exception cref="Protocol.ServiceException">InvalidCiphertextException, IncorrectKeyException, DisabledException, KMSInvalidStateException.</exception>
    public async ValueTask<(SecretBytes Plaintext, int Version)> DecryptAsync(
        KmsTarget target, ReadOnlyMemory<byte> blob, IReadOnlyDictionary<string, string>? context, CancellationToken ct)
    {
        var key = target.Usable;
        if (!Keyring.TryReadKey(blob.Span, out var id, out var version))
            throw KmsErrors.InvalidCiphertext();
        if (id != key.Id)
            throw KmsErrors.IncorrectKey();
        try
        {
            // A version that the key does not have is a forgery.
            if (key.Versions.Any(v => v.Number == version) && await keys.EnsureLoadedAsync(id, version, ct))
                return (keyring.Decrypt(blob.Span, target.Directory.Account, target.Directory.Region, context ?? KmsLimits.NoContext), version);
        }
        catch (DecryptionException)
        {
            // Which of context and bytes is wrong is not told.
        }

        throw KmsErrors.InvalidCiphertext();
    }

    /// <summary>The key to decrypt with: the one that is named, or else the one that the ciphertext names.</summary>
    /// <exception cref="Protocol.ServiceException">InvalidCiphertextException, AccessDeniedException, NotFoundException.</exception>
    public async ValueTask<KmsTarget> FindForAsync(CallContext call, ReadOnlyMemory<byte> blob, string? keyId, KmsRequestKeys request, CancellationToken ct)
    {
        if (!string.IsNullOrEmpty(keyId))
            return await targets.ResolveAsync(call, keyId, request, ct);
        if (!Keyring.TryReadKey(blob.Span, out var id, out _))
            throw KmsErrors.InvalidCiphertext();
        return await keys.FindAnywhereAsync(id, ct) is { } found && found.Directory.Region == call.Region
            ? new KmsTarget(call.Caller.Account, found.Directory, found.Key.Arn, found.Key) { Request = request }
            : throw KmsErrors.UnknownCiphertextKey();
    }

    /// <exception cref="Protocol.ServiceException">InvalidKeyUsageException: an algorithm that symmetric keys do not have.</exception>
    public static void CheckAlgorithm(KmsTarget target, string? algorithm)
    {
        if (algorithm is not null and not KmsLimits.SymmetricDefault)
            throw KmsErrors.InvalidAlgorithm(target.ResourceArn, algorithm);
    }
}

/// <summary>Grant tokens. Grants take effect at once here, so a token adds nothing; but only one that came from here is accepted.</summary>
internal sealed class GrantTokens(Keyring keyring)
{
    private const string Purpose = "kms-grant-token";

    public string Make(KmsDirectory directory, KmsGrant grant) => Base64Url.EncodeToString(
        keyring.ProtectToken(Purpose, Encoding.UTF8.GetBytes($"{directory.Account}\n{directory.Region}\n{grant.KeyId}\n{grant.EntryName}")));

    /// <exception cref="Protocol.ServiceException">InvalidGrantTokenException.</exception>
    public (string Account, string Region, string KeyId, string GrantId) Read(string token)
    {
        try
        {
            if (Base64Url.IsValid(token) && keyring.TryOpenToken(Purpose, Base64Url.DecodeFromChars(token), out var payload)
                && Encoding.UTF8.GetString(payload).Split('\n') is [var account, var region, var key, var grant])
                return (account, region, key, grant);
        }
        catch (FormatException)
        {
            // Not ours: the same answer as for an altered one.
        }

        throw KmsErrors.InvalidGrantToken();
    }

    /// <exception cref="Protocol.ServiceException">InvalidGrantTokenException.</exception>
    public void Check(IReadOnlyList<string>? tokens)
    {
        foreach (var token in tokens ?? [])
            Read(token);
    }
}
