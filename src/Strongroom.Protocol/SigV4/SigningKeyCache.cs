using System.Security.Cryptography;

namespace Strongroom.Protocol.SigV4;

/// <summary>
/// Derived signing keys, so that four HMACs and the opening of a secret access key are saved on all but the first request. Thread-safe.
/// </summary>
/// <remarks>
/// Keys are handed out as copies, because a key may be evicted, and is then zeroed, while a request is being verified with it. Only keys of
/// yesterday, today and tomorrow are kept; an older one, which only a presigned request can ask for, is derived each time.
/// </remarks>
public sealed class SigningKeyCache(TimeProvider time, int capacity = SigningKeyCache.DefaultCapacity) : IDisposable
{
    /// <summary>4096 keys: about half a megabyte.</summary>
    public const int DefaultCapacity = 4096;

    /// <summary>Length of a signing key in bytes.</summary>
    public const int KeySize = HMACSHA256.HashSizeInBytes;

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

    /// <summary>Copies a kept key into <paramref name="destination"/> (32 bytes), which the caller zeroes after use.</summary>
    /// <param name="credentialVersion">Must change whenever the key's secret or status does; entries of another version are never returned.</param>
    /// <returns>False when the key has to be derived with <see cref="Derive"/>.</returns>
    public bool TryCopy(SigV4Authorization authorization, long credentialVersion, Span<byte> destination)
    {
        var slot = Slot.Of(authorization, credentialVersion);
        lock (_lock)
        {
            if (!_entries.TryGetValue(slot, out var node))
                return false;

            node.Value.Key.CopyTo(destination);
            if (_recent.First != node)
            {
                _recent.Remove(node);
                _recent.AddFirst(node);
            }

            return true;
        }
    }

    /// <summary>Derives the key from <paramref name="secret"/>, keeps it, and writes it to <paramref name="destination"/> (32 bytes).</summary>
    /// <param name="secret">The secret access key in ASCII.</param>
    public void Derive(SigV4Authorization authorization, long credentialVersion, ReadOnlySpan<byte> secret, Span<byte> destination)
    {
        Signature.DeriveKey(secret, authorization.Date, authorization.Region, authorization.Service, destination);
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime).DayNumber;
        if (!IsCurrent(authorization.RequestTime, today))
            return;

        var slot = Slot.Of(authorization, credentialVersion);
        lock (_lock)
        {
            if (_sweptOnDay != today)
            {
                _sweptOnDay = today;
                Evict(entry => !IsCurrent(entry.SignedAt, today));
            }

            if (_entries.ContainsKey(slot))
                return; // another request was first; the key is the same
            if (_entries.Count >= capacity)
                Evict(_recent.Last!);

            var entry = new Entry(slot, authorization.RequestTime, GC.AllocateUninitializedArray<byte>(KeySize, pinned: true));
            destination[..KeySize].CopyTo(entry.Key);
            _entries.Add(slot, _recent.AddFirst(entry));
        }
    }

    /// <summary>
    /// Writes a key nobody can sign with. An unknown access key costs what a known one costs, and leaves nothing behind but one entry for
    /// each region, service and date.
    /// </summary>
    public void CopyForUnknownKey(SigV4Authorization authorization, Span<byte> destination)
    {
        var nobody = new SigV4Authorization
        {
            Date = authorization.Date,
            Region = authorization.Region,
            Service = authorization.Service,
            RequestTime = authorization.RequestTime,
        };
        if (!TryCopy(nobody, 0, destination))
            Derive(nobody, 0, "this secret belongs to nobody: 40 bytes."u8, destination);
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
        CryptographicOperations.ZeroMemory(node.Value.Key);
        _entries.Remove(node.Value.Slot);
        _recent.Remove(node);
    }

    private sealed record Entry(Slot Slot, DateTimeOffset SignedAt, byte[] Key);

    private readonly record struct Slot(string AccessKeyId, long CredentialVersion, string Date, string Region, string Service)
    {
        public static Slot Of(SigV4Authorization authorization, long credentialVersion) =>
            new(authorization.AccessKeyId, credentialVersion, authorization.Date, authorization.Region, authorization.Service);

        // The access key alone tells entries apart well enough; hashing the other three strings would be most of a lookup's cost.
        public override int GetHashCode() => AccessKeyId.GetHashCode(StringComparison.Ordinal);
    }
}
