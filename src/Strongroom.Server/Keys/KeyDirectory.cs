using System.Collections.Concurrent;
using Strongroom.Crypto;
using Strongroom.Protocol;
using Strongroom.Server.Directories;
using Strongroom.Server.Iam;
using Strongroom.Server.Kms;
using Strongroom.Server.Observability;
using Strongroom.Storage;

namespace Strongroom.Server.Keys;

/// <summary>Finds KMS keys and has their material loaded into the keyring before it is used. Makes the default key of a region on first use.</summary>
internal sealed class KeyDirectory(
    DirectoryCache cache, IamDirectories accounts, IDirectoryStore directories, IControlStore store, ISecretStore commits, Keyring keyring, TimeProvider time)
{
    /// <summary>The key that AWS manages for Secrets Manager.</summary>
    public const string DefaultAlias = "alias/aws/secretsmanager";

    /// <summary>The account's key for access-key secrets and other identities.</summary>
    public const string IdentityAlias = "alias/strongroom/identity";

    /// <summary>The region that keys without a region live in.</summary>
    public const string Global = "global";

    // The alias of the identity key never moves, so what it named once it names always.
    private readonly ConcurrentDictionary<string, Guid> identities = new(StringComparer.Ordinal);

    // Where keys of other accounts are; a key never moves.
    private readonly ConcurrentDictionary<Guid, (string Account, string Region)> owners = new();

    /// <summary>The keys of an account that exists, in a region.</summary>
    public ValueTask<KmsDirectory> GetAsync(string account, string region, CancellationToken ct) =>
        cache.GetAsync<KmsDirectory>(account, region, KmsDirectory.Parse, ct);

    /// <summary>The keys of an account that somebody names; null when there is no such account.</summary>
    public async ValueTask<KmsDirectory?> FindDirectoryAsync(string account, string region, CancellationToken ct) =>
        await accounts.FindAsync(account, ct) is null ? null : await GetAsync(account, region, ct);

    /// <summary>A key by its id alone, wherever it is; null when there is none, or none any more.</summary>
    public async ValueTask<(KmsDirectory Directory, KmsKey Key)?> FindAnywhereAsync(Guid id, CancellationToken ct)
    {
        if (!owners.TryGetValue(id, out var owner))
        {
            if (await store.FindKeyAsync(id, 1, ct) is not { } stored)
                return null;
            owners[id] = owner = (stored.Account, stored.Region);
        }

        var directory = await GetAsync(owner.Account, owner.Region, ct);
        return directory.FindKey(id) is { } key ? (directory, key) : null;
    }

    /// <summary>A key by a name that is not the default key's, as an account has it in a region; null when there is none.</summary>
    /// <param name="name">Key id, key ARN, alias or alias ARN; an ARN may name another account's key of the region.</param>
    public async ValueTask<(KmsDirectory Directory, KmsKey Key)?> FindAsync(string account, string region, string name, CancellationToken ct)
    {
        var resource = name;
        if (name.StartsWith("arn:", StringComparison.Ordinal))
        {
            if (Arn.TryParse(name) is not { Service: "kms" } arn || arn.Region != region)
                return null;
            account = arn.Account;
            resource = arn.Resource.StartsWith("key/", StringComparison.Ordinal) ? arn.Resource["key/".Length..] : arn.Resource;
        }

        if (await FindDirectoryAsync(account, region, ct) is not { } directory)
            return null;
        var key = resource.StartsWith(KmsTargets.AliasPrefix, StringComparison.Ordinal) ? directory.FindKeyByAlias(resource)
            : Guid.TryParseExact(resource, "D", out var id) ? directory.FindKey(id)
            : null;
        return key is null ? null : (directory, key);
    }

    /// <summary>The ARN of the key that a name stands for, whether or not there is such a key: an id or ARN says it, an alias has to be looked up.</summary>
    /// <returns>Null for an alias of nothing, the default key's before its first use included, and for what can't name a key.</returns>
    public async ValueTask<string?> FindArnAsync(string account, string region, string name, CancellationToken ct)
    {
        // The key's own spelling of its ARN where there is one: a condition on it must not be passed by writing the id in capitals.
        if (await FindAsync(account, region, name, ct) is var (_, key))
            return key.Arn;
        if (Guid.TryParseExact(name, "D", out var id))
            return KmsArn.Key(account, region, id.ToString());
        return Arn.TryParse(name) is { Service: "kms" } arn && arn.Resource.StartsWith("key/", StringComparison.Ordinal) ? name : null;
    }

    /// <summary>The default key of an account and region, made if this is its first use.</summary>
    public ValueTask<KmsKey> DefaultKeyAsync(string account, string region, CancellationToken ct)
    {
        var task = GetAsync(account, region, ct);
        return task.IsCompletedSuccessfully && task.Result.FindKeyByAlias(DefaultAlias) is { } key ? new(key) : MakeDefaultAsync(account, region, ct);
    }

    /// <summary>The key that seals an account's access-key secrets, loaded. Made with the account.</summary>
    /// <exception cref="StoreUnavailableException">It is not there: the database is not whole.</exception>
    public async ValueTask<Guid> IdentityKeyAsync(string account, CancellationToken ct)
    {
        if (identities.TryGetValue(account, out var known))
            return known;
        var directory = KmsDirectory.Parse(await directories.LoadDirectoryAsync(account, Global, ct), null);
        var key = directory.FindKeyByAlias(IdentityAlias)
            ?? throw new StoreUnavailableException($"The identity key of account {account} is missing from the database. Restore a backup.");
        return identities[account] = await LoadAsync(key, ct);
    }

    /// <summary>What a new account's global directory and its keys have for <see cref="IdentityKeyAsync"/>.</summary>
    public static IReadOnlyList<DirectoryEntry> IdentityEntries(WrappedKey key)
    {
        var entity = NewAwsKey(key) with { Description = "Protects the secrets of access keys and other identities" };
        return [KmsJson.Write(entity), KmsJson.Write(AliasOf(IdentityAlias, entity))];
    }

    /// <summary>Whether a key name stands for the default key, which AWS does not show.</summary>
    public static bool IsDefault(string? kmsKeyId, string account, string region) =>
        string.IsNullOrEmpty(kmsKeyId) || kmsKeyId == DefaultAlias || AliasOf(kmsKeyId, account, region) == DefaultAlias;

    /// <summary>Loads the key that a value is sealed under, so that the keyring can open it.</summary>
    /// <returns>False when the key is not known to the store.</returns>
    public ValueTask<bool> EnsureLoadedAsync(SealedValue value, CancellationToken ct) =>
        Keyring.TryReadKey(value, out var id, out var version) ? EnsureLoadedAsync(id, version, ct) : new(false);

    /// <returns>False when the store does not have this version of the key.</returns>
    public ValueTask<bool> EnsureLoadedAsync(Guid id, int version, CancellationToken ct) =>
        keyring.IsLoaded(id, version) ? new(true) : LoadAsync(id, version, ct);

    /// <summary>Loads the version of a key that encrypts.</summary>
    /// <exception cref="StoreUnavailableException">Its material is missing: the database is not whole.</exception>
    public async ValueTask<Guid> LoadAsync(KmsKey key, CancellationToken ct) =>
        await EnsureLoadedAsync(key.Id, key.LatestVersion, ct)
            ? key.Id
            : throw new StoreUnavailableException($"The material of key {key.Id} is missing from the database. Restore a backup.");

    /// <summary>The material of the latest version of a key as it is stored, to make the next one after it.</summary>
    public async ValueTask<WrappedKey> LatestAsync(KmsKey key, CancellationToken ct) =>
        await store.FindKeyAsync(key.Id, key.LatestVersion, ct)
        ?? throw new StoreUnavailableException($"The material of key {key.Id} is missing from the database. Restore a backup.");

    private async ValueTask<bool> LoadAsync(Guid id, int version, CancellationToken ct)
    {
        using var span = Spans.Begin("KMS key unwrap");
        if (await store.FindKeyAsync(id, version, ct) is not { } key)
            return false;
        keyring.Load(key);
        return true;
    }

    private async ValueTask<KmsKey> MakeDefaultAsync(string account, string region, CancellationToken ct)
    {
        while (true)
        {
            var directory = await GetAsync(account, region, ct);
            if (directory.FindKeyByAlias(DefaultAlias) is { } found)
                return found;

            var made = keyring.NewKey(account, region, time.GetUtcNow());
            var key = NewAwsKey(made) with { Description = "Default key that protects my Secrets Manager data when no other key is defined" };
            var commit = new SecretCommit([], []) { Directories = [directory.Change([key, AliasOf(DefaultAlias, key)])], Keys = [made] };
            // Somebody else may be first; then theirs is the one.
            if (await commits.CommitAsync(commit, ct) == CommitResult.Stale)
                keyring.Forget(made.KeyId);
        }
    }

    private static KmsKey NewAwsKey(WrappedKey key)
    {
        var now = key.CreatedAt.ToUnixTimeMilliseconds();
        return new KmsKey
        {
            Manager = "AWS",
            RotationEnabled = true,
            NextRotationAtMs = key.CreatedAt.AddDays(KmsKey.DefaultRotationDays).ToUnixTimeMilliseconds(),
            Versions = [new KmsKeyVersion(key.Version, now)],
            CreatedAtMs = now,
        }.At(key.KeyId, key.Account, key.Region);
    }

    private static KmsAlias AliasOf(string name, KmsKey key) =>
        new() { EntryName = name, KeyId = key.EntryName, CreatedAtMs = key.CreatedAtMs, UpdatedAtMs = key.CreatedAtMs };

    private static string? AliasOf(string text, string account, string region) =>
        text.StartsWith("alias/", StringComparison.Ordinal) ? text
        : Here(text, account, region) is { } arn && arn.Resource.StartsWith("alias/", StringComparison.Ordinal) ? arn.Resource
        : null;

    private static Arn? Here(string text, string account, string region) =>
        Arn.TryParse(text) is { Service: "kms" } arn && arn.Account == account && arn.Region == region ? arn : null;
}
