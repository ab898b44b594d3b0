using System.Security.Cryptography;

namespace Strongroom.Protocol.SigV4;

/// <summary>
/// Derived signing keys, set up for use, so that four HMACs, the opening of a secret access key and the set-up of the hash are saved on all
/// but the first request. Thread-safe.
/// </summary>
/// <remarks>
/// Keys are lent, because a key may be evicted, and is then zeroed, while a request is being verified with it. Only keys of
/// yesterday, today and tomorrow are kept; an older one, which only a presigned request can ask for, is derived each time.
/// </remarks>
public sealed class SigningKeyCache(TimeProvider time, int capacity = SigningKeyCache.DefaultCapacity) : IDisposable
{
    /// <summary>4096 keys: about half a megabyte, and a kilobyte more for each that is in use at once.</summary>
    public const int DefaultCapacity = 4096;

    /// <summary>Length of a signing key in bytes.</summary>
    public const int KeySize = HMACSHA256.HashSizeInBytes;

    // As many as can be at work at once; more were made only while threads waited for a processor.
    private static readonly int MaxIdle = Environment.ProcessorCount;

    private readonly Lock _lock = new();
    private readonly Dictionary<Slot, LinkedListNode<Entry>> _entries = [];
    private readonly LinkedList<Entry> _recent = []; // most recently used first
    private int _sweptOnDay;

    /// <summary>How many keys are held.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
                return _entries.Count;
        }
    }

    /// <summary>Lends a kept key. The caller disposes it after use.</summary>
    /// <param name="credentialVersion">Must change whenever the key's secret or status does; entries of another version are never returned.</param>
    /// <returns>Null when the key has to be derived with <see cref="Derive"/>.</returns>
    public SigningKey? Take(SigV4Authorization authorization, long credentialVersion)
    {
        var slot = Slot.Of(authorization, credentialVersion);
        lock (_lock)
        {
            if (!_entries.TryGetValue(slot, out var node))
                return null;

            if (_recent.First != node)
            {
                _recent.Remove(node);
                _recent.AddFirst(node);
            }

            return node.Value.Lend(this);
        }
    }

    /// <summary>Derives the key from <paramref name="secret"/>, keeps it, and lends it. The caller disposes it after use.</summary>
    /// <param name="secret">The secret access key in ASCII.</param>
    public SigningKey Derive(SigV4Authorization authorization, long credentialVersion, ReadOnlySpan<byte> secret)
    {
        var slot = Slot.Of(authorization, credentialVersion);
        var entry = new Entry(slot, authorization.RequestTime, GC.AllocateUninitializedArray<byte>(KeySize, pinned: true));
        Signature.DeriveKey(secret, authorization.Date, authorization.Region, authorization.Service, entry.Key);
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime).DayNumber;
        lock (_lock)
        {
            var lent = entry.Lend(this);
            // Another request may have been first; the key is the same.
            if (!IsCurrent(authorization.RequestTime, today) || _entries.ContainsKey(slot))
            {
                entry.Drop();
                return lent;
            }

            if (_sweptOnDay != today)
            {
                _sweptOnDay = today;
                Evict(kept => !IsCurrent(kept.SignedAt, today));
            }

            if (_entries.Count >= capacity)
                Evict(_recent.Last!);
            _entries.Add(slot, _recent.AddFirst(entry));
            return lent;
        }
    }

    /// <summary>
    /// Lends a key nobody can sign with. An unknown access key costs what a known one costs, and leaves nothing behind but one entry for
    /// each region, service and date.
    /// </summary>
    public SigningKey TakeForUnknownKey(SigV4Authorization authorization)
    {
        var nobody = new SigV4Authorization
        {
            Date = authorization.Date,
            Region = authorization.Region,
            Service = authorization.Service,
            RequestTime = authorization.RequestTime,
        };
        return Take(nobody, 0) ?? Derive(nobody, 0, "this secret belongs to nobody: 40 bytes."u8);
    }

    /// <summary>Drops and zeroes every key of an access key at once: call it when one is deactivated or deleted.</summary>
    public void Evict(string accessKeyId)
    {
        lock (_lock)
            Evict(entry => entry.Slot.AccessKeyId == accessKeyId);
    }

    /// <summary>Drops and zeroes everything.</summary>
    public void Dispose()
    {
        lock (_lock)
            Evict(_ => true);
    }

    internal void GiveBack(SigningKey key)
    {
        lock (_lock)
            key.Entry.GiveBack(key);
    }

    private static bool IsCurrent(DateTimeOffset signedAt, int today) =>
        Math.Abs(DateOnly.FromDateTime(signedAt.UtcDateTime).DayNumber - today) <= 1;

    private void Evict(Predicate<Entry> condition)
    {
        for (var node = _recent.First; node is not null;)
        {
            var next = node.Next;
            if (condition(node.Value))
                Evict(node);
            node = next;
        }
    }

    private void Evict(LinkedListNode<Entry> node)
    {
        node.Value.Drop();
        _entries.Remove(node.Value.Slot);
        _recent.Remove(node);
    }

    /// <summary>One key and the idle hashes set up with it. Used under the cache's lock only.</summary>
    internal sealed class Entry(Slot slot, DateTimeOffset signedAt, byte[] key)
    {
        private readonly Stack<SigningKey> _idle = [];
        private bool _isDropped;

        public Slot Slot { get; } = slot;

        public DateTimeOffset SignedAt { get; } = signedAt;

        public byte[] Key { get; } = key;

        public SigningKey Lend(SigningKeyCache cache)
        {
            var lent = _idle.TryPop(out var idle) ? idle : new SigningKey(cache, this, Key);
            lent.IsLent = true;
            return lent;
        }

        public void GiveBack(SigningKey key)
        {
            // Given back twice, it would be lent to two requests at once.
            if (!key.IsLent)
                return;
            key.IsLent = false;
            if (_isDropped || _idle.Count >= MaxIdle)
                key.Clear();
            else
                _idle.Push(key);
        }

        public void Drop()
        {
            _isDropped = true;
            CryptographicOperations.ZeroMemory(Key);
            while (_idle.TryPop(out var idle))
                idle.Clear();
        }
    }

    internal readonly record struct Slot(string AccessKeyId, long CredentialVersion, string Date, string Region, string Service)
    {
        public static Slot Of(SigV4Authorization authorization, long credentialVersion) =>
            new(authorization.AccessKeyId, credentialVersion, authorization.Date, authorization.Region, authorization.Service);

        // The access key alone tells entries apart well enough; hashing the other three strings would be most of a lookup's cost.
        public override int GetHashCode() => AccessKeyId.GetHashCode(StringComparison.Ordinal);
    }
}
