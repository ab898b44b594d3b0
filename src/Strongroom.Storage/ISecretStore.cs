using Strongroom.Crypto;

namespace Strongroom.Storage;

/// <summary>
/// Durable secrets. One implementation, <see cref="SqlStore"/>, over two engines; both pass one contract suite. Safe for concurrent use.
/// </summary>
/// <remarks>
/// Absence is null, a conflict is an enum; anything else that goes wrong is a <see cref="StoreUnavailableException"/> that says what to do.
/// The store knows nothing of AWS's errors and never sees a plaintext or a key.
/// </remarks>
public interface ISecretStore
{
    /// <summary>Finds a secret, replica or primary, marked for deletion or not. Name comparison is ordinal.</summary>
    ValueTask<StoredSecret?> FindAsync(string account, string region, string name, CancellationToken ct);

    ValueTask<StoredVersion?> FindVersionAsync(long secretId, string versionId, CancellationToken ct);

    /// <summary>Secrets of one account and region in the order asked for, by keyset: stable while others are added and removed.</summary>
    ValueTask<IReadOnlyList<StoredSecret>> ListAsync(SecretQuery query, CancellationToken ct);

    /// <summary>Versions oldest first (then by id, ordinal), after the given one, at most <paramref name="limit"/>.</summary>
    ValueTask<IReadOnlyList<VersionSummary>> ListVersionsAsync(
        long secretId, bool includeUnlabelled, VersionPosition? after, int limit, CancellationToken ct);

    /// <summary>Applies all changes and stores the audit record, in one transaction. Completes once it is on stable storage.</summary>
    /// <returns><see cref="CommitResult.Stale"/>: a secret changed, appeared or went away since it was read; nothing was written.</returns>
    ValueTask<CommitResult> CommitAsync(SecretCommit commit, CancellationToken ct);

    /// <summary>Notes that a value was read on <paramref name="day"/>; never moves a date back and changes no revision.</summary>
    ValueTask TouchAsync(long secretId, string versionId, DateOnly day, CancellationToken ct);

    /// <summary>Secrets of all accounts and regions whose <see cref="StoredSecret.PurgeAt"/> is at or before <paramref name="now"/>, oldest first.</summary>
    /// <param name="after">Position of the last one of the page before; null for the first page.</param>
    ValueTask<IReadOnlyList<StoredSecret>> ListPurgeableAsync(DateTimeOffset now, PurgePosition? after, int limit, CancellationToken ct);

    /// <summary>Secrets of all accounts and regions, not marked for deletion, whose rotation is overdue (<see cref="SecretRotation.IsOverdue"/>), by id, after
    /// the given one. Walks over the documents of all secrets: some minutes should lie between two walks.</summary>
    ValueTask<IReadOnlyList<StoredSecret>> ListOverdueAsync(DateTimeOffset now, long after, int limit, CancellationToken ct);

    /// <summary>Primaries of all accounts and regions with a replica that waits for its key, by id, after the given one.</summary>
    ValueTask<IReadOnlyList<StoredSecret>> ListLaggingAsync(long after, int limit, CancellationToken ct);
}

public enum CommitResult { Committed, Stale }

/// <param name="Changes">All or none. Secrets that exist are changed before new ones are inserted, whatever the order here, so that a
/// removed secret's name can be taken in the same commit and no two commits wait for each other.</param>
/// <param name="Records">The audit records that stand or fall with the changes; kept in the outbox until <see cref="IAuditOutbox.RemoveAsync"/>.</param>
public sealed record SecretCommit(IReadOnlyList<SecretChange> Changes, IReadOnlyList<AuditEntry> Records)
{
    /// <summary>New accounts; one that exists already makes the commit stale.</summary>
    public IReadOnlyList<StoredAccount> Accounts { get; init; } = [];

    public IReadOnlyList<DirectoryChange> Directories { get; init; } = [];

    /// <summary>New versions of KMS keys.</summary>
    public IReadOnlyList<WrappedKey> Keys { get; init; } = [];

    /// <summary>KMS keys whose material goes for good, all versions; what was encrypted under them is lost.</summary>
    public IReadOnlyList<Guid> DestroyedKeys { get; init; } = [];

    /// <summary>Code of functions, each with the directory change that names it.</summary>
    public IReadOnlyList<FunctionCodeChange> FunctionCode { get; init; } = [];

    /// <summary>Notifications of the change; each waits in the store until it is delivered.</summary>
    public IReadOnlyList<NewNotification> Notifications { get; init; } = [];

    /// <summary>What becomes of notifications that wait already; null for nothing.</summary>
    public NotificationChange? NotificationChange { get; init; }

    /// <summary>A setting that goes with it, such as a note of what was announced; null for none.</summary>
    public SettingChange? Setting { get; init; }

    /// <summary>What steps of rotations came to.</summary>
    public IReadOnlyList<RotationStepRecord> RotationSteps { get; init; } = [];
}

/// <param name="Expected">What it was read with, null for not set; anything else makes the commit stale.</param>
public sealed record SettingChange(string Name, byte[]? Expected, byte[] Value);

/// <summary>One secret's part of a commit: what it was when it was read, and what it is to be.</summary>
public sealed record SecretChange
{
    /// <summary>Null: the secret must not exist (same account, region and name) and is inserted.</summary>
    public StoredSecret? Before { get; init; }

    /// <summary>Null: the secret and all its versions are removed for good. Its Revision is ignored: the store writes Before's plus one.
    /// So is its AccessedOn, which only <see cref="ISecretStore.TouchAsync"/> changes. Place, suffix and creation time are Before's.</summary>
    public StoredSecret? After { get; init; }

    /// <summary>Versions to insert, or to replace whole (a placeholder filled, a value sealed anew) by version id. A replaced one
    /// keeps its AccessedOn.</summary>
    public IReadOnlyList<StoredVersion> Versions { get; init; } = [];

    /// <summary>Versions to remove at once, labelled or not (a test rotation's version).</summary>
    public IReadOnlyList<string> RemovedVersionIds { get; init; } = [];

    /// <summary>When set, versions without labels that were created before this time are pruned, oldest first, while more than
    /// <see cref="KeepUnlabelled"/> without labels remain.</summary>
    public DateTimeOffset? PruneCreatedBefore { get; init; }

    public int KeepUnlabelled { get; init; } = 100;
}

/// <summary>An audit record that belongs to a commit.</summary>
/// <param name="Json">One CloudTrail record, UTF-8, one line, no line feed at the end.</param>
public sealed record AuditEntry(Guid EventId, ReadOnlyMemory<byte> Json)
{
    /// <summary>The store's change sequence with the commit that brought the record, known once that is done: greater than that of every
    /// commit that was acknowledged before it began. 0: not committed.</summary>
    public long Sequence { get; internal set; }
}

public enum SecretOrder { CreatedDate, LastAccessedDate, LastChangedDate, Name }

/// <param name="After">Position of the last row of the page before; null for the first page.</param>
/// <param name="IncludeMarkedForDeletion">Whether secrets with a purge time are listed.</param>
public sealed record SecretQuery(
    string Account, string Region, SecretOrder Order, bool Descending, SecretPosition? After, int Limit, bool IncludeMarkedForDeletion);

/// <summary>A place in a listing. <paramref name="SortKey"/>: Unix milliseconds for dates (for last accessed, those of the UTC midnight of the
/// day; 0 when never accessed, so that never-accessed is oldest); 0 for order by name. <paramref name="Name"/> breaks ties, ordinal.</summary>
public sealed record SecretPosition(long SortKey, string Name);

public sealed record PurgePosition(DateTimeOffset PurgeAt, long Id);

public sealed record VersionPosition(DateTimeOffset CreatedAt, string VersionId);
