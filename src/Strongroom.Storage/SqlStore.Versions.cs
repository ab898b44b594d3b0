using Strongroom.Crypto;

namespace Strongroom.Storage;

public sealed partial class SqlStore
{
    public ValueTask<StoredVersion?> FindVersionAsync(long secretId, string versionId, CancellationToken ct) =>
        engine.ReadAsync((secretId, versionId), static async (session, key, ct) =>
        {
            await using var reader = await session.QueryAsync("""
                SELECT created_at_ms, accessed_day, kms_key_id, content_mac, sealed_value
                FROM secret_version WHERE secret_id = @secret AND version_id = @version
                """, ct, ("secret", key.secretId), ("version", key.versionId));
            return !await reader.ReadAsync(ct) ? null : new StoredVersion
            {
                VersionId = key.versionId,
                CreatedAt = reader.GetTime(0),
                AccessedOn = reader.GetDay(1),
                KmsKeyId = reader.GetString(2),
                ContentMac = reader.GetBytesOrNull(3) is { } mac ? mac : (ReadOnlyMemory<byte>?)null,
                Value = reader.GetBytesOrNull(4) is { } bytes ? SealedValue.Parse(bytes) : null,
            };
        }, ct);

    public ValueTask<IReadOnlyList<VersionSummary>> ListVersionsAsync(
        long secretId, bool includeUnlabelled, VersionPosition? after, int limit, CancellationToken ct) =>
        engine.ReadAsync((secretId, includeUnlabelled, after, limit), static async (session, page, ct) =>
        {
            await using var reader = await session.QueryAsync("""
                SELECT version_id, created_at_ms, accessed_day, kms_key_id
                FROM secret_version
                WHERE secret_id = @secret AND (created_at_ms, version_id) > (@created, @version) AND (labelled = 1 OR @all = 1)
                ORDER BY created_at_ms, version_id LIMIT @limit
                """, ct,
                ("secret", page.secretId), ("created", page.after?.CreatedAt.ToMilliseconds() ?? -1), ("version", page.after?.VersionId ?? ""),
                ("all", page.includeUnlabelled ? 1L : 0L), ("limit", (long)page.limit));
            var versions = new List<VersionSummary>();
            while (await reader.ReadAsync(ct))
                versions.Add(new VersionSummary(reader.GetString(0), reader.GetTime(1), reader.GetDay(2), reader.GetString(3)));

            return (IReadOnlyList<VersionSummary>)versions;
        }, ct);

    private static async ValueTask WriteVersionAsync(
        SqlSession tx, long secretId, StoredVersion version, bool labelled, CancellationToken ct) =>
        // A replaced version keeps the day of its last read: only TouchAsync writes that.
        await tx.ExecuteAsync("""
            INSERT INTO secret_version (secret_id, version_id, created_at_ms, accessed_day, kms_key_id, labelled, content_mac, sealed_value)
            VALUES (@secret, @version, @created, @accessed, @key, @labelled, @mac, @value)
            ON CONFLICT (secret_id, version_id) DO UPDATE SET
              created_at_ms = excluded.created_at_ms, kms_key_id = excluded.kms_key_id, labelled = excluded.labelled,
              content_mac = excluded.content_mac, sealed_value = excluded.sealed_value
            """, ct,
            ("secret", secretId), ("version", version.VersionId), ("created", version.CreatedAt.ToMilliseconds()),
            ("accessed", version.AccessedOn.ToStoredDay()), ("key", version.KmsKeyId), ("labelled", labelled ? 1L : 0L),
            ("mac", version.ContentMac), ("value", version.Value?.Bytes));

    private static async ValueTask PruneVersionsAsync(SqlSession tx, long secretId, DateTimeOffset createdBefore, int keep, CancellationToken ct)
    {
        // Nearly every secret has nothing that old: find that out with one step in the index before counting.
        var cutOff = createdBefore.ToMilliseconds();
        await using (var old = await tx.QueryAsync("""
            SELECT 1 FROM secret_version WHERE secret_id = @secret AND created_at_ms < @cutoff AND labelled = 0 LIMIT 1
            """, ct, ("secret", secretId), ("cutoff", cutOff)))
        {
            if (!await old.ReadAsync(ct))
                return;
        }

        // The subquery is the newest version too many; without one the comparison with null deletes nothing.
        await tx.ExecuteAsync("""
            DELETE FROM secret_version
            WHERE secret_id = @secret AND labelled = 0 AND created_at_ms < @cutoff AND (created_at_ms, version_id) <= (
              SELECT created_at_ms, version_id FROM secret_version
              WHERE secret_id = @secret AND labelled = 0
              ORDER BY created_at_ms DESC, version_id DESC LIMIT 1 OFFSET @keep)
            """, ct, ("secret", secretId), ("cutoff", cutOff), ("keep", (long)keep));
    }
}
