namespace Strongroom.Storage;

public sealed partial class SqlStore
{
    public async ValueTask<CommitResult> CommitAsync(SecretCommit commit, CancellationToken ct)
    {
        foreach (var change in commit.Changes)
            RequireSamePlace(change);

        var swept = removals.Take(MaxSweptWithCommit);
        long? sequence = null;
        try
        {
            sequence = await engine.WriteAsync((commit, swept), ApplyAsync, ct);
        }
        finally
        {
            if (sequence is null)
                removals.Add(swept);
        }

        if (sequence is null)
            return CommitResult.Stale;
        foreach (var entry in commit.Records)
            entry.Sequence = sequence.Value;
        return CommitResult.Committed;
    }

    /// <returns>The change sequence with this commit; null when it is stale.</returns>
    private static async ValueTask<long?> ApplyAsync(
        SqlSession tx, (SecretCommit Commit, IReadOnlyList<Guid> Swept) work, CancellationToken ct)
    {
        if (!await ApplyAllAsync(tx, work.Commit, ct))
        {
            tx.Abandon();
            return null;
        }

        var sequence = 0L;
        foreach (var entry in work.Commit.Records)
        {
            await using var reader = await tx.QueryAsync("INSERT INTO audit_outbox (event_id, record) VALUES (@event, @record) RETURNING seq",
                ct, ("event", entry.EventId), ("record", entry.Json));
            await reader.ReadAsync(ct);
            sequence = reader.GetInt64(0);
        }

        foreach (var notification in work.Commit.Notifications)
            await InsertNotificationAsync(tx, notification, ct);

        foreach (var step in work.Commit.RotationSteps)
            await InsertRotationStepAsync(tx, step, ct);

        if (work.Commit.NotificationChange is { } change)
            await ApplyNotificationsAsync(tx, change, ct);

        if (work.Swept.Count > 0)
            await RemoveRecordsAsync(tx, work.Swept, ct);
        return sequence;
    }

    /// <returns>False when anything is not as the commit expects it.</returns>
    private static async ValueTask<bool> ApplyAllAsync(SqlSession tx, SecretCommit commit, CancellationToken ct)
    {
        if (commit.Setting is { } setting && !await ChangeSettingAsync(tx, setting, ct))
            return false;

        foreach (var account in commit.Accounts)
        {
            if (!await InsertAccountAsync(tx, account, ct))
                return false;
        }

        foreach (var change in InLockOrder(commit.Directories))
        {
            if (!await ApplyDirectoryAsync(tx, change, ct))
                return false;
        }

        foreach (var change in InLockOrder(commit.Changes))
        {
            if (!await ApplyChangeAsync(tx, change, ct))
                return false;
        }

        foreach (var key in commit.Keys)
            await InsertKeyVersionAsync(tx, key, ct);

        foreach (var keyId in commit.DestroyedKeys)
            await RemoveKeyAsync(tx, keyId, ct);

        foreach (var change in commit.FunctionCode)
            await ApplyFunctionCodeAsync(tx, change, ct);

        return true;
    }

    /// <returns>False when the secret is not as <see cref="SecretChange.Before"/> says.</returns>
    private static async ValueTask<bool> ApplyChangeAsync(SqlSession tx, SecretChange change, CancellationToken ct)
    {
        // The secret's row comes first: in PostgreSQL that also takes the row lock, so one change at a time gets past this point.
        switch (change)
        {
            case { Before: { } before, After: null }: // the versions go with it
                return await tx.ExecuteAsync("DELETE FROM secret WHERE id = @id AND revision = @revision",
                    ct, ("id", before.Id), ("revision", before.Revision)) == 1;

            case { Before: { } before, After: { } after }:
                return await UpdateSecretAsync(tx, before, after, ct) && await ApplyVersionsAsync(tx, before.Id, change, ct);

            default:
                return await InsertSecretAsync(tx, change.After!, ct) is { } id && await ApplyVersionsAsync(tx, id, change, ct);
        }
    }

    private static async ValueTask<bool> UpdateSecretAsync(SqlSession tx, StoredSecret before, StoredSecret after, CancellationToken ct) =>
        await tx.ExecuteAsync("""
            UPDATE secret SET revision = revision + 1, changed_at_ms = @changed, purge_at_ms = @purge, lagging = @lagging, document = @document,
              rotate_at_ms = CASE WHEN @rescheduled = 1 THEN @rotate ELSE rotate_at_ms END
            WHERE id = @id AND revision = @revision
            """, ct, ("rescheduled", after.RotateAt() != before.RotateAt() ? 1L : 0L), ("rotate", after.RotateAt()?.ToMilliseconds()),
            ("changed", after.ChangedAt.ToMilliseconds()), ("purge", after.PurgeAt?.ToMilliseconds()), ("lagging", after.Document.IsLagging ? 1L : 0L),
            ("document", DocumentJson.Write(after.Document)), ("id", before.Id), ("revision", before.Revision)) == 1;

    /// <returns>The new id; null when the name is taken.</returns>
    private static async ValueTask<long?> InsertSecretAsync(SqlSession tx, StoredSecret secret, CancellationToken ct)
    {
        await using var reader = await tx.QueryAsync("""
            INSERT INTO secret (account, region, name, suffix, revision, created_at_ms, changed_at_ms, accessed_day, purge_at_ms, lagging, document, rotate_at_ms)
            VALUES (@account, @region, @name, @suffix, 1, @created, @changed, @accessed, @purge, @lagging, @document, @rotate)
            ON CONFLICT (account, region, name) DO NOTHING
            RETURNING id
            """, ct,
            ("account", secret.Account), ("region", secret.Region), ("name", secret.Name), ("suffix", secret.Suffix),
            ("created", secret.CreatedAt.ToMilliseconds()), ("changed", secret.ChangedAt.ToMilliseconds()),
            ("accessed", secret.AccessedOn.ToStoredDay()), ("purge", secret.PurgeAt?.ToMilliseconds()),
            ("lagging", secret.Document.IsLagging ? 1L : 0L), ("document", DocumentJson.Write(secret.Document)), ("rotate", secret.RotateAt()?.ToMilliseconds()));
        return await reader.ReadAsync(ct) ? reader.GetInt64(0) : null;
    }

    private static async ValueTask<bool> ApplyVersionsAsync(SqlSession tx, long secretId, SecretChange change, CancellationToken ct)
    {
        var labelled = change.After!.Document.Versions;
        var labelledBefore = change.Before?.Document.Versions ?? [];

        foreach (var id in change.RemovedVersionIds)
        {
            await tx.ExecuteAsync("DELETE FROM secret_version WHERE secret_id = @secret AND version_id = @version",
                ct, ("secret", secretId), ("version", id));
        }

        foreach (var version in change.Versions)
            await WriteVersionAsync(tx, secretId, version, Holds(labelled, version.VersionId), ct);

        // The flag of the other versions follows the document where the two documents differ.
        foreach (var gone in labelledBefore)
        {
            if (!Holds(labelled, gone.VersionId))
                await SetLabelledAsync(tx, secretId, gone.VersionId, 0, ct);
        }

        foreach (var added in labelled)
        {
            if (!Holds(labelledBefore, added.VersionId) && !change.Versions.Any(version => version.VersionId == added.VersionId))
                await SetLabelledAsync(tx, secretId, added.VersionId, 1, ct);
        }

        if (change.PruneCreatedBefore is { } createdBefore)
            await PruneVersionsAsync(tx, secretId, createdBefore, change.KeepUnlabelled, ct);

        return true;
    }

    private static async ValueTask SetLabelledAsync(SqlSession tx, long secretId, string versionId, long labelled, CancellationToken ct) =>
        await tx.ExecuteAsync("UPDATE secret_version SET labelled = @labelled WHERE secret_id = @secret AND version_id = @version",
            ct, ("labelled", labelled), ("secret", secretId), ("version", versionId));

    /// <summary>One order for all commits, or two that change the same two secrets would wait for each other.</summary>
    private static IReadOnlyList<SecretChange> InLockOrder(IReadOnlyList<SecretChange> changes) => changes.Count < 2 ? changes :
    [
        .. changes.Where(change => change.Before is not null).OrderBy(change => change.Before!.Id),
        .. changes.Where(change => change.Before is null).OrderBy(change => (change.After!.Account, change.After.Region, change.After.Name), PlaceOrder),
    ];

    private static IReadOnlyList<DirectoryChange> InLockOrder(IReadOnlyList<DirectoryChange> changes) => changes.Count < 2 ? changes :
        [.. changes.OrderBy(change => (change.Account, change.Scope, ""), PlaceOrder)];

    private static bool Holds(IReadOnlyList<LabelledVersion> versions, string versionId)
    {
        for (var i = 0; i < versions.Count; i++)
        {
            if (versions[i].VersionId == versionId)
                return true;
        }

        return false;
    }

    // A secret's place and birth are part of its ARN and of what its values are sealed to; a change of them would be another secret.
    private static void RequireSamePlace(SecretChange change)
    {
        if (change is { Before: null, After: null })
            throw new ArgumentException("A change without a before and an after changes nothing.");

        if (change is { Before: { } before, After: { } after }
            && (before.Account, before.Region, before.Name, before.Suffix, before.CreatedAt) != (after.Account, after.Region, after.Name, after.Suffix, after.CreatedAt))
            throw new ArgumentException("A secret keeps its account, region, name, suffix and creation time.");
    }

    private static readonly Comparer<(string, string, string)> PlaceOrder = Comparer<(string, string, string)>.Create((a, b) =>
        string.CompareOrdinal(a.Item1, b.Item1) is var account and not 0 ? account
        : string.CompareOrdinal(a.Item2, b.Item2) is var region and not 0 ? region
        : string.CompareOrdinal(a.Item3, b.Item3));

    // Many at once are cheap, one by one they are not; few enough that no commit waits longer for the cleaning than for its disk.
    private const int MaxSweptWithCommit = 256;
}
