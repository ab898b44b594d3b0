using System.Data.Common;

namespace Strongroom.Storage;

public sealed partial class SqlStore
{
    public ValueTask<StoredSecret?> FindAsync(string account, string region, string name, CancellationToken ct) =>
        engine.ReadAsync((account, region, name), static async (session, key, ct) =>
        {
            await using var reader = await session.QueryAsync("""
                SELECT id, account, region, name, suffix, revision, created_at_ms, changed_at_ms, accessed_day, purge_at_ms, document
                FROM secret WHERE account = @account AND region = @region AND name = @name
                """, ct, ("account", key.account), ("region", key.region), ("name", key.name));
            return await reader.ReadAsync(ct) ? ReadSecret(reader) : null;
        }, ct);

    public ValueTask<IReadOnlyList<StoredSecret>> ListPurgeableAsync(DateTimeOffset now, int limit, CancellationToken ct) =>
        engine.ReadAsync((now, limit), static async (session, bounds, ct) =>
        {
            await using var reader = await session.QueryAsync("""
                SELECT id, account, region, name, suffix, revision, created_at_ms, changed_at_ms, accessed_day, purge_at_ms, document
                FROM secret WHERE purge_at_ms <= @now ORDER BY purge_at_ms, id LIMIT @limit
                """, ct, ("now", bounds.now.ToMilliseconds()), ("limit", (long)bounds.limit));
            return await ReadSecretsAsync(reader, ct);
        }, ct);

    public ValueTask<IReadOnlyList<StoredSecret>> ListLaggingAsync(long after, int limit, CancellationToken ct) =>
        engine.ReadAsync((after, limit), static async (session, bounds, ct) =>
        {
            await using var reader = await session.QueryAsync("""
                SELECT id, account, region, name, suffix, revision, created_at_ms, changed_at_ms, accessed_day, purge_at_ms, document
                FROM secret WHERE lagging = 1 AND id > @after ORDER BY id LIMIT @limit
                """, ct, ("after", bounds.after), ("limit", (long)bounds.limit));
            return await ReadSecretsAsync(reader, ct);
        }, ct);

    public async ValueTask TouchAsync(long secretId, string versionId, DateOnly day, CancellationToken ct) =>
        await engine.WriteAsync((secretId, versionId, day), static async (tx, read, ct) =>
        {
            var day = StoredTime.ToStoredDay(read.day);
            await tx.ExecuteAsync("UPDATE secret SET accessed_day = @day WHERE id = @secret AND accessed_day < @day",
                ct, ("day", day), ("secret", read.secretId));
            await tx.ExecuteAsync(
                "UPDATE secret_version SET accessed_day = @day WHERE secret_id = @secret AND version_id = @version AND accessed_day < @day",
                ct, ("day", day), ("secret", read.secretId), ("version", read.versionId));
            return true;
        }, ct);

    private static async ValueTask<IReadOnlyList<StoredSecret>> ReadSecretsAsync(DbDataReader reader, CancellationToken ct)
    {
        var secrets = new List<StoredSecret>();
        while (await reader.ReadAsync(ct))
            secrets.Add(ReadSecret(reader));

        return secrets;
    }

    internal static StoredSecret ReadSecret(DbDataReader reader) => new()
    {
        Id = reader.GetInt64(0),
        Account = reader.GetString(1),
        Region = reader.GetString(2),
        Name = reader.GetString(3),
        Suffix = reader.GetString(4),
        Revision = reader.GetInt64(5),
        CreatedAt = reader.GetTime(6),
        ChangedAt = reader.GetTime(7),
        AccessedOn = reader.GetDay(8),
        PurgeAt = reader.IsDBNull(9) ? null : reader.GetTime(9),
        Document = DocumentJson.Read(reader.GetFieldValue<byte[]>(10)), // both drivers hand out text as UTF-8 when asked for bytes
    };
}
