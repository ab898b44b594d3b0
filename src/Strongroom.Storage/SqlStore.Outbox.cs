namespace Strongroom.Storage;

public sealed partial class SqlStore
{
    public async ValueTask<IReadOnlyList<AuditEntry>> ListAsync(CancellationToken ct)
    {
        await SweepOutboxAsync(ct);
        return await engine.ReadAsync(0, static async (session, _, ct) =>
        {
            await using var reader = await session.QueryAsync("SELECT event_id, record FROM audit_outbox ORDER BY seq", ct);
            var entries = new List<AuditEntry>();
            while (await reader.ReadAsync(ct))
                entries.Add(new AuditEntry(new Guid(reader.GetFieldValue<byte[]>(0), bigEndian: true), reader.GetFieldValue<byte[]>(1)));

            return entries;
        }, ct);
    }

    public ValueTask RemoveAsync(IReadOnlyCollection<Guid> eventIds, CancellationToken ct)
    {
        removals.Add(eventIds);
        return ValueTask.CompletedTask;
    }

    private static async ValueTask RemoveRecordsAsync(SqlSession tx, IReadOnlyList<Guid> eventIds, CancellationToken ct)
    {
        foreach (var id in eventIds)
            await tx.ExecuteAsync("DELETE FROM audit_outbox WHERE event_id = @event", ct, ("event", id));
    }

    private async ValueTask SweepOutboxAsync(CancellationToken ct)
    {
        while (removals.Take(MaxSwept) is { Count: > 0 } batch)
        {
            try
            {
                await engine.WriteAsync(batch, static async (tx, ids, ct) =>
                {
                    await RemoveRecordsAsync(tx, ids, ct);
                    return true;
                }, ct);
            }
            catch
            {
                removals.Add(batch);
                throw;
            }
        }
    }

    private const int MaxSwept = 512;
}
