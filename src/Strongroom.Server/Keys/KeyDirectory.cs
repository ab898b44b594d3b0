using System.Collections.Concurrent;
using Strongroom.Crypto;
using Strongroom.Protocol;
using Strongroom.Storage;

namespace Strongroom.Server.Keys;

/// <summary>Finds KMS keys by the names callers give them and has them loaded into the keyring before they are used.</summary>
/// <remarks>Until the identity and keys issue the only key of an account and region is the default one, made on first use.</remarks>
internal sealed class KeyDirectory(IControlStore store, Keyring keyring, TimeProvider time)
{
    /// <summary>The key that AWS manages for Secrets Manager.</summary>
    public const string DefaultAlias = "alias/aws/secretsmanager";

    /// <summary>The account's key for access-key secrets and other identities.</summary>
    public const string IdentityAlias = "alias/strongroom/identity";

    /// <summary>The region that keys without a region live in.</summary>
    public const string Global = "global";

    // The alias of the key that AWS manages never moves, so what it named once it names always. Whoever adds a version to a key loads it.
    private readonly ConcurrentDictionary<(string Account, string Region), Guid> defaults = new();

    /// <summary>The key id to seal with, loaded; null when the caller's key does not exist.</summary>
    /// <param name="kmsKeyId">Key id, key ARN, alias or alias ARN as the caller sent it; null for the default key.</param>
    public async ValueTask<Guid?> FindAsync(string account, string region, string? kmsKeyId, CancellationToken ct)
    {
        if (IsDefault(kmsKeyId, account, region))
            return defaults.TryGetValue((account, region), out var known) ? known : await FindDefaultAsync(account, region, ct);

        var alias = AliasOf(kmsKeyId!, account, region);
        if (alias is null)
        {
            return Guid.TryParseExact(KeyIdOf(kmsKeyId!, account, region), "D", out var id)
                && await store.FindKeyAsync(id, 1, ct) is { } byId && byId.Account == account && byId.Region == region
                ? Load(byId)
                : null;
        }

        return await store.FindKeyByAliasAsync(account, region, alias, ct) is { } byAlias ? Load(byAlias) : null;
    }

    /// <summary>The key that seals an account's access-key secrets, loaded. Made with the account.</summary>
    /// <exception cref="StoreUnavailableException">It is not there: the database is not whole.</exception>
    public async ValueTask<Guid> IdentityKeyAsync(string account, CancellationToken ct) =>
        await FindAsync(account, Global, IdentityAlias, ct)
        ?? throw new StoreUnavailableException($"The identity key of account {account} is missing from the database. Restore a backup.");

    /// <summary>Makes the identity key of an account that is about to be created. One that an attempt left behind is used: nothing else can have used it.</summary>
    public async ValueTask<Guid> NewIdentityKeyAsync(string account, CancellationToken ct)
    {
        var key = keyring.NewKey(account, Global, time.GetUtcNow());
        return await store.AddKeyAsync(key, IdentityAlias, ct) ? key.KeyId : await IdentityKeyAsync(account, ct);
    }

    /// <summary>Whether a key name stands for the default key, which AWS does not show.</summary>
    public static bool IsDefault(string? kmsKeyId, string account, string region) =>
        string.IsNullOrEmpty(kmsKeyId) || kmsKeyId == DefaultAlias || AliasOf(kmsKeyId, account, region) == DefaultAlias;

    /// <summary>Loads the key that a value is sealed under, so that the keyring can open it.</summary>
    /// <returns>False when the key is not known to the store.</returns>
    public ValueTask<bool> EnsureLoadedAsync(SealedValue value, CancellationToken ct) =>
        !Keyring.TryReadKey(value, out var id, out var version) ? new(false)
        : keyring.IsLoaded(id, version) ? new(true)
        : LoadAsync(id, version, ct);

    private async ValueTask<bool> LoadAsync(Guid id, int version, CancellationToken ct)
    {
        if (await store.FindKeyAsync(id, version, ct) is not { } key)
            return false;
        keyring.Load(key);
        return true;
    }

    private async ValueTask<Guid> FindDefaultAsync(string account, string region, CancellationToken ct)
    {
        var key = await store.FindKeyByAliasAsync(account, region, DefaultAlias, ct) is { } found ? Load(found) : await MakeDefaultAsync(account, region, ct);
        defaults[(account, region)] = key;
        return key;
    }

    private async ValueTask<Guid> MakeDefaultAsync(string account, string region, CancellationToken ct)
    {
        var key = keyring.NewKey(account, region, time.GetUtcNow());
        if (await store.AddKeyAsync(key, DefaultAlias, ct))
            return key.KeyId;
        // Somebody else was first; theirs is the one.
        var winner = await store.FindKeyByAliasAsync(account, region, DefaultAlias, ct);
        return Load(winner ?? throw new StoreUnavailableException("The default key could be neither made nor found. Try again."));
    }

    private Guid Load(WrappedKey key)
    {
        if (!keyring.IsLoaded(key.KeyId, key.Version))
            keyring.Load(key);
        return key.KeyId;
    }

    private static string? AliasOf(string text, string account, string region) =>
        text.StartsWith("alias/", StringComparison.Ordinal) ? text
        : Here(text, account, region) is { } arn && arn.Resource.StartsWith("alias/", StringComparison.Ordinal) ? arn.Resource
        : null;

    private static string? KeyIdOf(string text, string account, string region) =>
        Here(text, account, region) is { } arn && arn.Resource.StartsWith("key/", StringComparison.Ordinal) ? arn.Resource["key/".Length..] : text;

    private static Arn? Here(string text, string account, string region) =>
        Arn.TryParse(text) is { Service: "kms" } arn && arn.Account == account && arn.Region == region ? arn : null;
}
