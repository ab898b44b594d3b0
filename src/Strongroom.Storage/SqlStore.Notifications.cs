using System.Data.Common;

namespace Strongroom.Storage;

public sealed partial class SqlStore
{
    public ValueTask<IReadOnlyList<StoredNotification>> ListDueNotificationsAsync(string destination, DateTimeOffset now, int limit, CancellationToken ct) =>
        engine.ReadAsync((destination, now, limit), static async (session, query, ct) =>
        {
            await using var reader = await session.QueryAsync("""
                SELECT seq, event_id, destination, detail_type, event, created_at_ms, attempts, next_at_ms, dead, reason FROM notification
                WHERE destination = @destination AND dead = 0 AND next_at_ms <= @now ORDER BY seq LIMIT @limit
                """, ct, ("destination", query.destination), ("now", query.now.ToMilliseconds()), ("limit", (long)query.limit));
            return await ReadNotificationsAsync(reader, ct);
        }, ct);

    public ValueTask<IReadOnlyList<StoredNotification>> ListNotificationsAsync(string? destination, bool? dead, long after, int limit, CancellationToken ct) =>
        engine.ReadAsync((destination, dead, after, limit), static async (session, query, ct) =>
        {
            await using var reader = await session.QueryAsync("""
                SELECT seq, event_id, destination, detail_type, event, created_at_ms, attempts, next_at_ms, dead, reason FROM notification
                WHERE seq > @after AND (@destination = '' OR destination = @destination) AND (@dead < 0 OR dead = @dead) ORDER BY seq LIMIT @limit
                """, ct, ("after", query.after), ("destination", query.destination ?? ""), ("dead", query.dead switch { null => -1L, true => 1L, false => 0L }),
                ("limit", (long)query.limit));
            return await ReadNotificationsAsync(reader, ct);
        }, ct);

    public ValueTask<IReadOnlyList<long>> ListSurplusAsync(string destination, int kept, int limit, CancellationToken ct) =>
        engine.ReadAsync((destination, kept, limit), static async (session, query, ct) =>
        {
            await using var reader = await session.QueryAsync("""
                SELECT seq FROM notification WHERE destination = @destination AND dead = 1 AND seq <=
                  (SELECT seq FROM notification WHERE destination = @destination AND dead = 1 ORDER BY seq DESC LIMIT 1 OFFSET @kept)
                ORDER BY seq LIMIT @limit
                """, ct, ("destination", query.destination), ("kept", (long)query.kept), ("limit", (long)query.limit));
            var ids = new List<long>();
            while (await reader.ReadAsync(ct))
                ids.Add(reader.GetInt64(0));
            return (IReadOnlyList<long>)ids;
        }, ct);

    public ValueTask<IReadOnlyList<NotificationCount>> CountNotificationsAsync(CancellationToken ct) => engine.ReadAsync(0, static async (session, _, ct) =>
    {
        await using var reader = await session.QueryAsync("""
            SELECT counted.destination, waiting, given_up, oldest.created_at_ms
            FROM (SELECT destination, SUM(1 - dead) AS waiting, SUM(dead) AS given_up, MIN(CASE WHEN dead = 0 THEN seq END) AS first FROM notification GROUP BY destination) AS counted
            LEFT JOIN notification AS oldest ON oldest.seq = counted.first
            ORDER BY counted.destination
            """, ct);
        var counts = new List<NotificationCount>();
        while (await reader.ReadAsync(ct))
            counts.Add(new NotificationCount(reader.GetString(0), Whole(reader, 1), Whole(reader, 2), reader.IsDBNull(3) ? null : reader.GetTime(3)));
        return (IReadOnlyList<NotificationCount>)counts;
    }, ct);

    public async ValueTask RemoveNotificationsAsync(IReadOnlyList<long> ids, CancellationToken ct) =>
        await engine.WriteAsync(ids, static async (tx, ids, ct) =>
        {
            foreach (var id in ids)
                await tx.ExecuteAsync("DELETE FROM notification WHERE seq = @id", ct, ("id", id));
            return true;
        }, ct);

    public async ValueTask PostponeNotificationAsync(long id, int attempts, DateTimeOffset? nextAt, string reason, CancellationToken ct) =>
        await engine.WriteAsync((id, attempts, nextAt, reason), static async (tx, failed, ct) => await tx.ExecuteAsync("""
            UPDATE notification SET attempts = @attempts, next_at_ms = @next, dead = @dead, reason = @reason WHERE seq = @id
            """, ct, ("attempts", (long)failed.attempts), ("next", failed.nextAt?.ToMilliseconds() ?? 0L), ("dead", failed.nextAt is null ? 1L : 0L),
            ("reason", failed.reason), ("id", failed.id)), ct);

    private static async ValueTask InsertNotificationAsync(SqlSession tx, NewNotification notification, CancellationToken ct) =>
        await tx.ExecuteAsync("""
            INSERT INTO notification (event_id, destination, detail_type, event, created_at_ms, next_at_ms)
            VALUES (@event_id, @destination, @detail_type, @event, @created, @next)
            """, ct, ("event_id", notification.EventId), ("destination", notification.Destination), ("detail_type", notification.DetailType),
            ("event", notification.Json), ("created", notification.CreatedAt.ToMilliseconds()), ("next", notification.CreatedAt.ToMilliseconds()));

    private static async ValueTask ApplyNotificationsAsync(SqlSession tx, NotificationChange change, CancellationToken ct)
    {
        foreach (var id in change.Retried)
        {
            await tx.ExecuteAsync("UPDATE notification SET dead = 0, attempts = 0, next_at_ms = @now WHERE seq = @id",
                ct, ("now", change.Now.ToMilliseconds()), ("id", id));
        }

        foreach (var id in change.Dropped)
            await tx.ExecuteAsync("DELETE FROM notification WHERE seq = @dropped", ct, ("dropped", id));
    }

    private static async ValueTask<IReadOnlyList<StoredNotification>> ReadNotificationsAsync(DbDataReader reader, CancellationToken ct)
    {
        var found = new List<StoredNotification>();
        while (await reader.ReadAsync(ct))
        {
            found.Add(new StoredNotification(
                reader.GetInt64(0), new Guid(reader.GetFieldValue<byte[]>(1), bigEndian: true), reader.GetString(2), reader.GetString(3), reader.GetFieldValue<byte[]>(4),
                reader.GetTime(5), (int)reader.GetInt64(6), reader.GetTime(7), reader.GetInt64(8) != 0, reader.IsDBNull(9) ? null : reader.GetString(9)));
        }

        return found;
    }

    // PostgreSQL's sum of bigints is a numeric.
    private static long Whole(DbDataReader reader, int column) => Convert.ToInt64(reader.GetValue(column), System.Globalization.CultureInfo.InvariantCulture);
}
