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

    public ValueTask<IReadOnlyList<StoredSecret>> ListPurgeableAsync(DateTimeOffset now, PurgePosition? after, int limit, CancellationToken ct) =>
        engine.ReadAsync((now, after, limit), static async (session, bounds, ct) =>
        {
            await using var reader = await session.QueryAsync("""
                SELECT id, account, region, name, suffix, revision, created_at_ms, changed_at_ms, accessed_day, purge_at_ms, document
                FROM secret WHERE purge_at_ms <= @now AND (purge_at_ms, id) > (@at, @id) ORDER BY purge_at_ms, id LIMIT @limit
                """, ct, ("now", bounds.now.ToMilliseconds()), ("at", bounds.after?.PurgeAt.ToMilliseconds() ?? long.MinValue), ("id", bounds.after?.Id ?? 0L),
                ("limit", (long)bounds.limit));
            return await ReadSecretsAsync(reader, ct);
        }, ct);

    public ValueTask<IReadOnlyList<StoredSecret>> ListOverdueAsync(DateTimeOffset now, long after, int limit, CancellationToken ct) =>
        engine.ReadAsync((now, after, limit), static async (session, bounds, ct) =>
        {
            var found = new List<StoredSecret>();
            // In steps, so that a driver which fetches whole answers never holds more than one.
            var position = bounds.after;
            for (var isMore = true; isMore && found.Count < bounds.limit;)
            {
                await using var reader = await session.QueryAsync("""
                    SELECT id, account, region, name, suffix, revision, created_at_ms, changed_at_ms, accessed_day, purge_at_ms, document
                    FROM secret WHERE id > @after AND purge_at_ms IS NULL AND document LIKE @mark ORDER BY id LIMIT @step
                    """, ct, ("after", position), ("mark", RotationMark), ("step", SecretsPerStep));
                var candidates = await ReadSecretsAsync(reader, ct);
                found.AddRange(candidates.Where(secret => secret.Document.Rotation?.IsOverdue(bounds.now) ?? false));
                isMore = candidates.Count == SecretsPerStep;
                position = isMore ? candidates[^1].Id : position;
            }

            return (IReadOnlyList<StoredSecret>)[.. found.Take(bounds.limit)];
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

    /// <summary>Spares the parsing of most documents; what the document says decides.</summary>
    private const string RotationMark = "%\"rotation\":{\"enabled\":true%";

    private const long SecretsPerStep = 500;
}
