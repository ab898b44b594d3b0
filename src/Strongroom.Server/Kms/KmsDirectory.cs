using Strongroom.Storage;

namespace Strongroom.Server.Kms;

/// <summary>The KMS keys, aliases and grants of one account and region at one moment. Immutable and safe to share; a change makes the next one.</summary>
internal sealed class KmsDirectory
{
    private readonly Dictionary<(string Kind, string Name), (DirectoryEntry Entry, KmsEntity Entity)> entities = [];
    private readonly Dictionary<Guid, KmsKey> keys = [];
    private readonly ILookup<string, KmsGrant> grants;

    private KmsDirectory(StoredDirectory stored, KmsDirectory? previous)
    {
        (Account, Region, Revision) = (stored.Account, stored.Scope, stored.Revision);
        foreach (var entry in stored.Entries)
        {
            // What did not change stays the same object, and so does everything that hangs on its identity, such as compiled policies.
            if (previous is not null && previous.entities.TryGetValue((entry.Kind, entry.Name), out var known) && known.Entry.Document == entry.Document)
                entities.Add((entry.Kind, entry.Name), known);
            else if (KmsJson.Read(entry, Account, Region) is { } entity)
                entities.Add((entry.Kind, entry.Name), (entry, entity));
        }

        foreach (var key in All<KmsKey>())
            keys.Add(key.Id, key);
        grants = All<KmsGrant>().ToLookup(grant => grant.KeyId, StringComparer.Ordinal);
    }

    public string Account { get; }

    public string Region { get; }

    public long Revision { get; }

    public static KmsDirectory Parse(StoredDirectory stored, KmsDirectory? previous) => new(stored, previous);

    public int KeyCount => keys.Count;

    public KmsKey? FindKey(Guid id) => keys.GetValueOrDefault(id);

    /// <param name="name">With the prefix <c>alias/</c>.</param>
    public KmsAlias? FindAlias(string name) => entities.TryGetValue((KmsAlias.EntryKind, name), out var found) ? (KmsAlias)found.Entity : null;

    public KmsKey? FindKeyByAlias(string name) => FindAlias(name) is { } alias ? FindKey(Guid.ParseExact(alias.KeyId, "D")) : null;

    public IEnumerable<KmsAlias> AliasesOf(KmsKey key) => All<KmsAlias>().Where(alias => alias.KeyId == key.EntryName);

    /// <summary>Grants on a key, in order of their ids.</summary>
    public IEnumerable<KmsGrant> GrantsOn(KmsKey key) => grants[key.EntryName];

    /// <summary>All entities of a type, in order of their names, ordinal.</summary>
    public IEnumerable<T> All<T>()
        where T : KmsEntity => entities.Values.Select(pair => pair.Entity).OfType<T>().OrderBy(entity => entity.EntryName, StringComparer.Ordinal);

    /// <summary>The change that puts and removes entities; stale when another change of this account and region comes first.</summary>
    public DirectoryChange Change(IEnumerable<KmsEntity> puts, IEnumerable<KmsEntity>? removals = null) => new(Account, Region, Revision)
    {
        Puts = [.. puts.Select(KmsJson.Write)],
        Removals = [.. (removals ?? []).Select(entity => (entity.Kind, entity.EntryName))],
    };
}
