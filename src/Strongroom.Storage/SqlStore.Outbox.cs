namespace Strongroom.Storage;

public sealed partial class SqlStore
{
    public async ValueTask<IReadOnlyList<AuditEntry>> ListAsync(CancellationToken ct)
    {
        await SweepOutboxAsync(ct);
        return await engine.ReadAsync(0, static async (session, _, ct) =>
        {
            await using var reader = await session.QueryAsync("SELECT event_id, record, seq FROM audit_outbox ORDER BY seq", ct);
            var entries = new List<AuditEntry>();
            while (await reader.ReadAsync(ct))
            {
                entries.Add(new AuditEntry(new Guid(reader.GetFieldValue<byte[]>(0), bigEndian: true), reader.GetFieldValue<byte[]>(1))
                {
                    Sequence = reader.GetInt64(2),
                });
            }

            return entries;
        }, ct);
    }

    public ValueTask<long> FindSequenceAsync(CancellationToken ct) =>
        engine.ReadAsync(engine.LastSequenceSql, static async (session, sql, ct) =>
        {
            await using var reader = await session.QueryAsync(sql, ct);
            return await reader.ReadAsync(ct) ? reader.GetInt64(0) : 0;
        }, ct);

    public async ValueTask AdvanceSequenceAsync(long sequence, CancellationToken ct)
    {
        // The row makes the sequence, which must exist before it can be moved, and goes again; its number is spent.
        await engine.WriteAsync((engine.AdvanceSequenceSql, sequence), static async (tx, change, ct) =>
        {
            await tx.ExecuteAsync("INSERT INTO audit_outbox (event_id, record) VALUES (@event, @record)",
                ct, ("event", Guid.Empty), ("record", Array.Empty<byte>()));
            await tx.ExecuteAsync("DELETE FROM audit_outbox WHERE event_id = @event", ct, ("event", Guid.Empty));
            await using var reader = await tx.QueryAsync(change.AdvanceSequenceSql, ct, ("sequence", change.sequence));
            return await reader.ReadAsync(ct);
        }, ct);
    }

    public ValueTask RemoveAsync(IReadOnlyCollection<Guid> eventIds, CancellationToken ct)
    {
        removals.Add(eventIds);
        return ValueTask.CompletedTask;
    }

    /// <summary>Removes records where they stand. They leave nearly in the order in which they came, so a walk from the oldest finds them
    /// together, and one statement removes a whole run of them; an index by id would cost every change more than this does.</summary>
    private static async ValueTask RemoveRecordsAsync(SqlSession tx, IReadOnlyList<Guid> eventIds, CancellationToken ct)
    {
        var leaving = new HashSet<Guid>(eventIds);
        var runs = new List<(long First, long Last)>();
        var position = 0L;
        for (var isMore = true; isMore && leaving.Count > 0;)
        {
            runs.Clear();
            var seen = 0;
            await using (var reader = await tx.QueryAsync("SELECT seq, event_id FROM audit_outbox WHERE seq > @after ORDER BY seq LIMIT @limit",
                ct, ("after", position), ("limit", RecordsPerStep)))
            {
                for (; await reader.ReadAsync(ct); seen++)
                {
                    position = reader.GetInt64(0);
                    if (!leaving.Remove(new Guid(reader.GetFieldValue<byte[]>(1), bigEndian: true)))
                        continue;

                    // Neighbours by number, not only by sight: in PostgreSQL a commit that has yet to appear may have a number in a gap.
                    if (runs.Count > 0 && runs[^1].Last == position - 1)
                        runs[^1] = (runs[^1].First, position);
                    else
                        runs.Add((position, position));
                }
            }

            foreach (var (first, last) in runs)
                await tx.ExecuteAsync("DELETE FROM audit_outbox WHERE seq BETWEEN @first AND @last", ct, ("first", first), ("last", last));

            isMore = seen == RecordsPerStep;
        }
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

    private const int MaxSwept = 4096;
    private const long RecordsPerStep = 256;
}
