using Strongroom.Crypto;

namespace Strongroom.Storage;

/// <summary>What the server itself keeps: key material (wrapped), settings of the installation, leases.</summary>
public interface IControlStore : ISettingStore
{
    /// <summary>Writes the settings, the account and what its directory begins with in one transaction, on an empty store only.</summary>
    /// <returns>False when the store already has an account; nothing was written.</returns>
    ValueTask<bool> InitializeAsync(StoreSeed seed, CancellationToken ct);

    /// <summary>One version of a key by its id, whatever account it belongs to; null when unknown.</summary>
    ValueTask<WrappedKey?> FindKeyAsync(Guid keyId, int version, CancellationToken ct);

    /// <summary>Takes or prolongs a named lease. True when <paramref name="holder"/> has it until <paramref name="until"/>.</summary>
    ValueTask<bool> TryLeaseAsync(string name, Guid holder, DateTimeOffset now, DateTimeOffset until, CancellationToken ct);

    /// <summary>A durable write that changes nothing of value; throws <see cref="StoreUnavailableException"/> while the store takes no work.</summary>
    ValueTask ProbeAsync(CancellationToken ct);
}

/// <param name="Entries">What the account's global directory begins with: its root access key, and its identity key with an alias.</param>
/// <param name="Keys">The material of the keys among the entries.</param>
public sealed record StoreSeed(
    string Account, IReadOnlyDictionary<string, byte[]> Settings, IReadOnlyList<DirectoryEntry> Entries,
    IReadOnlyList<WrappedKey> Keys, DateTimeOffset CreatedAt)
{
    /// <summary>The scope of the directory that holds an account's identities.</summary>
    public const string Scope = "global";
}

/// <summary>Audit records that were committed with a change and may not have reached the log yet.</summary>
public interface IAuditOutbox
{
    /// <summary>All records still in the outbox, oldest first.</summary>
    ValueTask<IReadOnlyList<AuditEntry>> ListAsync(CancellationToken ct);

    /// <summary>The highest number that the change sequence has given out; 0 before the first.</summary>
    ValueTask<long> FindSequenceAsync(CancellationToken ct);

    /// <summary>Moves the change sequence forward, so that the next number is greater than <paramref name="sequence"/>. Never moves it back.</summary>
    ValueTask AdvanceSequenceAsync(long sequence, CancellationToken ct);

    /// <summary>Forgets records that are on stable storage in the log. Unknown ids are ignored.</summary>
    ValueTask RemoveAsync(IReadOnlyCollection<Guid> eventIds, CancellationToken ct);
}

/// <summary>The store takes no work now: full or read-only disk, lost database. The message says what to do; it holds no data.</summary>
public sealed class StoreUnavailableException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>The store can't be opened as it is: newer schema, second server, wrong path. The message says what to do.</summary>
public sealed class StoreRefusedException(string message, Exception? inner = null) : Exception(message, inner);
