using System.Collections.Concurrent;

namespace Strongroom.Storage;

/// <summary>The records that <see cref="CachingSecretStore"/> keeps: found without a lock, changed under one, bounded by bytes.</summary>
/// <remarks>
/// A read that began before a change ended may have seen the old rows. It asks for the <see cref="Moment"/> before it reads; what it
/// then wants to add is refused when any change has ended since.
/// </remarks>
internal sealed class RecordCache(long maxBytes)
{
    private readonly ConcurrentDictionary<SecretPlace, Entry> byPlace = new();
    private readonly ConcurrentDictionary<long, Entry> byId = new();
    private readonly Lock gate = new();
    private readonly LinkedList<Entry> order = []; // the next to be evicted first
    private readonly Dictionary<SecretPlace, Underway> changing = [];
    private long moment;
    private long bytes;

    /// <summary>Estimated memory of what is kept.</summary>
    public long Bytes => Volatile.Read(ref bytes);

    public long Moment => Volatile.Read(ref moment);

    public StoredSecret? Find(SecretPlace place)
    {
        if (!byPlace.TryGetValue(place, out var entry))
            return null;
        entry.MarkUsed();
        return entry.Secret;
    }

    public StoredVersion? FindVersion(long secretId, string versionId)
    {
        if (!byId.TryGetValue(secretId, out var entry))
            return null;
        foreach (var version in entry.Versions)
        {
            if (version.VersionId == versionId)
                return version;
        }

        return null;
    }

    public void Add(SecretPlace place, StoredSecret secret, long readAt)
    {
        lock (gate)
        {
            if (readAt != moment || changing.ContainsKey(place) || byPlace.ContainsKey(place))
                return;
            Keep(place, secret);
        }
    }

    /// <summary>Keeps a version with its secret; of a secret that is not here, nothing is kept.</summary>
    public void AddVersion(long secretId, StoredVersion version, long readAt)
    {
        lock (gate)
        {
            if (readAt != moment || !byId.TryGetValue(secretId, out var entry) || FindVersion(secretId, version.VersionId) is not null)
                return;
            entry.Versions = [.. entry.Versions, version];
            Grow(entry, SizeOf(version));
        }
    }

    /// <summary>Drops secrets that are about to change, and keeps them out until <see cref="EndChanges"/>.</summary>
    public void BeginChanges(IReadOnlyList<SecretChange> changes)
    {
        lock (gate)
        {
            foreach (var change in changes)
            {
                if (SecretPlace.Of(change) is { } place)
                    Begin(place, change);
            }
        }
    }

    public void EndChanges(IReadOnlyList<SecretChange> changes, bool isCommitted)
    {
        lock (gate)
        {
            moment++;
            foreach (var change in changes)
            {
                if (SecretPlace.Of(change) is { } place)
                    End(place, change, isCommitted);
            }
        }
    }

    /// <summary>Drops a secret whose day of last read has changed.</summary>
    public void Forget(long secretId)
    {
        lock (gate)
        {
            moment++;
            if (byId.TryGetValue(secretId, out var entry))
                Remove(entry);
            foreach (var underway in changing.Values)
            {
                if (underway.Before?.Id == secretId)
                    underway.Before = null;
            }
        }
    }

    private void Begin(SecretPlace place, SecretChange change)
    {
        if (changing.TryGetValue(place, out var underway))
        {
            // Which of them comes last is for the store to know.
            underway.Count++;
            underway.Before = null;
            return;
        }

        changing.Add(place, underway = new Underway());
        if (!byPlace.TryGetValue(place, out var entry))
            return;
        underway.Before = ReferenceEquals(entry.Secret, change.Before) ? change.Before : null;
        Remove(entry);
    }

    private void End(SecretPlace place, SecretChange change, bool isCommitted)
    {
        var underway = changing[place];
        if (--underway.Count > 0)
            return; // several may change one secret; all but one will find themselves stale
        changing.Remove(place);
        if (isCommitted && underway.Before is { } before && change.After is { } after)
            Keep(place, Written(before, after));
    }

    // What a read would now bring: the store's own numbers, the day of the last read as it was, times to the millisecond.
    private static StoredSecret Written(StoredSecret before, StoredSecret after) => after with
    {
        Id = before.Id,
        Revision = before.Revision + 1,
        AccessedOn = before.AccessedOn,
        ChangedAt = DateTimeOffset.FromUnixTimeMilliseconds(after.ChangedAt.ToMilliseconds()),
        PurgeAt = after.PurgeAt is { } purge ? DateTimeOffset.FromUnixTimeMilliseconds(purge.ToMilliseconds()) : null,
    };

    private void Keep(SecretPlace place, StoredSecret secret)
    {
        var entry = new Entry(secret);
        byPlace[place] = entry;
        byId[secret.Id] = entry;
        order.AddLast(entry.Node);
        Grow(entry, SizeOf(secret));
    }

    private void Grow(Entry entry, long size)
    {
        entry.Bytes += size;
        bytes += size;

        // Second chance: what was read since its last turn gets another one, so that a single pass over everything evicts little of use.
        while (bytes > maxBytes && order.First is { } oldest)
        {
            if (oldest.Value.TakeUsed() && order.Count > 1)
            {
                order.Remove(oldest);
                order.AddLast(oldest);
            }
            else
            {
                Remove(oldest.Value);
            }
        }
    }

    private void Remove(Entry entry)
    {
        byPlace.TryRemove(SecretPlace.Of(entry.Secret), out _);
        byId.TryRemove(entry.Secret.Id, out _);
        order.Remove(entry.Node);
        bytes -= entry.Bytes;
    }

    // Estimates, rather too large: objects, references, and texts of two bytes a character.
    private static long SizeOf(StoredSecret secret)
    {
        var document = secret.Document;
        var chars = (2L * secret.Name.Length) + (document.Description?.Length ?? 0) + (document.ResourcePolicy?.Length ?? 0);
        foreach (var tag in document.Tags ?? [])
            chars += 64 + tag.Key.Length + tag.Value.Length;
        foreach (var version in document.Versions)
            chars += 128 + version.Labels.Sum(label => 32 + label.Length);
        foreach (var data in document.Rotation?.ExternalMetadata ?? [])
            chars += 64 + data.Key.Length + data.Value.Length;
        return 1024 + (2 * chars) + (256 * (document.Replicas?.Count ?? 0));
    }

    private static long SizeOf(StoredVersion version) => 512 + (version.Value?.Bytes.Length ?? 0);

    /// <summary>Changes of one secret between their beginning and their end.</summary>
    private sealed class Underway
    {
        public int Count { get; set; } = 1;

        /// <summary>The secret as it is known to have been when its only change began; null when that is not known.</summary>
        public StoredSecret? Before { get; set; }
    }

    private sealed class Entry
    {
        private volatile bool used;
        private volatile StoredVersion[] versions = [];

        public Entry(StoredSecret secret)
        {
            Secret = secret;
            Node = new LinkedListNode<Entry>(this);
        }

        public StoredSecret Secret { get; }

        public LinkedListNode<Entry> Node { get; }

        public long Bytes { get; set; }

        public StoredVersion[] Versions
        {
            get => versions;
            set => versions = value;
        }

        public void MarkUsed()
        {
            // Read first: writing the same again would take the cache line from all other cores.
            if (!used)
                used = true;
        }

        public bool TakeUsed()
        {
            var was = used;
            used = false;
            return was;
        }
    }
}
