using System.Collections.Concurrent;
using Strongroom.Server.Directories;
using Strongroom.Storage;

namespace Strongroom.Server.Iam;

/// <summary>The IAM entities of one account at one moment. Immutable and safe to share; a change makes the next one.</summary>
internal sealed class IamDirectory
{
    private readonly Dictionary<(string Kind, string Key), (DirectoryEntry Entry, IamEntity Entity)> entities = [];

    private IamDirectory(StoredDirectory stored, IamDirectory? previous)
    {
        Account = stored.Account;
        Revision = stored.Revision;
        foreach (var entry in stored.Entries)
        {
            // What did not change stays the same object, and so does everything that hangs on its identity.
            if (previous is not null && previous.entities.TryGetValue((entry.Kind, entry.Name), out var known) && IsSame(known.Entry, entry))
                entities.Add((entry.Kind, entry.Name), known);
            else if (IamJson.Read(entry) is { } entity)
                entities.Add((entry.Kind, entry.Name), (entry, entity));
        }
    }

    public string Account { get; }

    public long Revision { get; }

    public IamAccountAlias? Alias => Find<IamAccountAlias>("account-alias", "alias");

    /// <summary>Null for the installation's first account.</summary>
    public IamAccountOrigin? Origin => Find<IamAccountOrigin>("account-origin", "origin");

    public static IamDirectory Parse(StoredDirectory stored, IamDirectory? previous) => new(stored, previous);

    public IamUser? FindUser(string name) => Find<IamUser>("user", IamEntity.KeyOf(name));

    /// <summary>Looks at every user: for the few who changed their names.</summary>
    public IamUser? FindUserById(string id) => entities.Values.Select(pair => pair.Entity).OfType<IamUser>().FirstOrDefault(user => user.Id == id);

    public IamGroup? FindGroup(string name) => Find<IamGroup>("group", IamEntity.KeyOf(name));

    public IamRole? FindRole(string name) => Find<IamRole>("role", IamEntity.KeyOf(name));

    /// <summary>A managed policy of this account; AWS's own are in <see cref="AwsManagedPolicies"/>.</summary>
    public IamPolicy? FindPolicy(string name) => Find<IamPolicy>("policy", IamEntity.KeyOf(name));

    /// <summary>A managed policy of this account by its ARN, whose path must be right too.</summary>
    public IamPolicy? FindPolicyByArn(string arn) => FindPolicy(arn[(arn.LastIndexOf('/') + 1)..]) is { } policy && policy.Arn(Account) == arn ? policy : null;

    public IamAccessKey? FindAccessKey(string accessKeyId) => Find<IamAccessKey>(DirectoryEntry.AccessKeyKind, accessKeyId);

    /// <summary>A user's keys, oldest first.</summary>
    public IEnumerable<IamAccessKey> AccessKeysOf(string userName) =>
        All<IamAccessKey>().Where(key => string.Equals(key.UserName, userName, StringComparison.OrdinalIgnoreCase)).OrderBy(key => key.CreatedAtMs);

    public IamOidcProvider? FindOidcProvider(string url) => Find<IamOidcProvider>("oidc-provider", url);

    /// <summary>All entities of a type, in order of their keys, ordinal.</summary>
    public IEnumerable<T> All<T>()
        where T : IamEntity => entities.Values.Select(pair => pair.Entity).OfType<T>().OrderBy(entity => entity.Key, StringComparer.Ordinal);

    /// <summary>The change that puts and removes entities; stale when another change of this account comes first.</summary>
    public DirectoryChange Change(IEnumerable<IamEntity> puts, IEnumerable<IamEntity>? removals = null) => new(Account, StoreSeed.Scope, Revision)
    {
        Puts = [.. puts.Select(IamJson.Write)],
        Removals = [.. (removals ?? []).Select(entity => (entity.Kind, entity.Key))],
    };

    private T? Find<T>(string kind, string key)
        where T : IamEntity => entities.TryGetValue((kind, key), out var found) ? (T)found.Entity : null;

    // A sealed part changes only together with its document, except for the bytes of a fresh seal, which differ in any case.
    private static bool IsSame(DirectoryEntry known, DirectoryEntry read) =>
        known.Document == read.Document
        && (known.Sealed?.Bytes ?? ReadOnlyMemory<byte>.Empty).Span.SequenceEqual((read.Sealed?.Bytes ?? ReadOnlyMemory<byte>.Empty).Span);
}

/// <summary>Finds accounts' IAM entities.</summary>
internal sealed class IamDirectories(DirectoryCache cache, IDirectoryStore store)
{
    // Enough for every key in use; beyond it a key costs one read of the store a request.
    private const int MaxKnownKeys = 100_000;

    // A key never moves to another account; whether it still exists is for the account's directory to say.
    private readonly ConcurrentDictionary<string, string> accountOfKey = new(StringComparer.Ordinal);

    // Accounts are made and never removed.
    private readonly ConcurrentDictionary<string, bool> accounts = new(StringComparer.Ordinal);

    public ValueTask<IamDirectory> GetAsync(string account, CancellationToken ct) => cache.GetAsync<IamDirectory>(account, StoreSeed.Scope, IamDirectory.Parse, ct);

    /// <summary>The directory of an account that somebody names; null when there is no such account. Nothing is kept for names that are none.</summary>
    public ValueTask<IamDirectory?> FindAsync(string account, CancellationToken ct) =>
        accounts.ContainsKey(account) ? Some(GetAsync(account, ct)) : LookUpAccountAsync(account, ct);

    /// <summary>The ids of all accounts of this installation.</summary>
    public async ValueTask<IReadOnlyList<string>> ListAccountsAsync(CancellationToken ct) =>
        [.. (await store.ListAccountsAsync(ct)).Select(account => account.Account)];

    /// <summary>The directory of the account that an access key belongs to; null when nobody has such a key.</summary>
    public ValueTask<IamDirectory?> FindByAccessKeyAsync(string accessKeyId, CancellationToken ct) =>
        accountOfKey.TryGetValue(accessKeyId, out var account) ? Some(GetAsync(account, ct)) : LookUpAsync(accessKeyId, ct);

    private async ValueTask<IamDirectory?> LookUpAccountAsync(string account, CancellationToken ct)
    {
        foreach (var stored in await store.ListAccountsAsync(ct))
            accounts.TryAdd(stored.Account, true);
        return accounts.ContainsKey(account) ? await GetAsync(account, ct) : null;
    }

    private async ValueTask<IamDirectory?> LookUpAsync(string accessKeyId, CancellationToken ct)
    {
        if (await store.FindAccessKeyAccountAsync(accessKeyId, ct) is not { } account)
            return null;
        if (accountOfKey.Count < MaxKnownKeys)
            accountOfKey.TryAdd(accessKeyId, account);
        return await GetAsync(account, ct);
    }

    private static ValueTask<IamDirectory?> Some(ValueTask<IamDirectory> task) =>
        task.IsCompletedSuccessfully ? new(task.Result) : AwaitAsync(task);

    private static async ValueTask<IamDirectory?> AwaitAsync(ValueTask<IamDirectory> task) => await task;
}
