namespace Strongroom.Storage;

public sealed partial class SqlStore
{
    // Some fifty rotations with their four steps.
    private const int StepsKept = 200;

    public ValueTask<IReadOnlyList<DueSecret>> ListDueForRotationAsync(DateTimeOffset now, int limit, CancellationToken ct) =>
        engine.ReadAsync((now, limit), static async (session, bounds, ct) =>
        {
            await using var reader = await session.QueryAsync(
                "SELECT id, account, region, name, rotate_at_ms FROM secret WHERE rotate_at_ms <= @now ORDER BY rotate_at_ms, id LIMIT @limit",
                ct, ("now", bounds.now.ToMilliseconds()), ("limit", (long)bounds.limit));
            var due = new List<DueSecret>();
            while (await reader.ReadAsync(ct))
                due.Add(new DueSecret(reader.GetInt64(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetTime(4)));
            return (IReadOnlyList<DueSecret>)due;
        }, ct);

    public ValueTask<bool> TryClaimRotationAsync(long secretId, DateTimeOffset seen, DateTimeOffset until, CancellationToken ct) =>
        engine.WriteAsync((secretId, seen, until), static async (tx, claim, ct) => await tx.ExecuteAsync(
            "UPDATE secret SET rotate_at_ms = @until WHERE id = @id AND rotate_at_ms = @seen",
            ct, ("until", claim.until.ToMilliseconds()), ("id", claim.secretId), ("seen", claim.seen.ToMilliseconds())) == 1, ct);

    public async ValueTask ReleaseRotationClaimsAsync(DateTimeOffset now, TimeSpan longest, CancellationToken ct) =>
        await engine.WriteAsync((now, until: now + longest), static async (tx, times, ct) => await tx.ExecuteAsync(
            "UPDATE secret SET rotate_at_ms = @now WHERE rotate_at_ms > @now AND rotate_at_ms <= @until",
            ct, ("now", times.now.ToMilliseconds()), ("until", times.until.ToMilliseconds())), ct);

    public ValueTask<IReadOnlyList<RotationStepRecord>> ListRotationStepsAsync(long secretId, long before, int limit, bool withOutput, CancellationToken ct) =>
        engine.ReadAsync((secretId, before, limit, withOutput), static async (session, query, ct) =>
        {
            await using var reader = await session.QueryAsync("""
                SELECT seq, version_id, test, attempt, step, started_at_ms, duration_ms, error, CASE WHEN @outputs = 1 THEN output END FROM rotation_step
                WHERE secret_id = @secret AND seq < @before ORDER BY seq DESC LIMIT @limit
                """, ct, ("outputs", query.withOutput ? 1L : 0L), ("secret", query.secretId), ("before", query.before), ("limit", (long)query.limit));
            var found = new List<RotationStepRecord>();
            while (await reader.ReadAsync(ct))
            {
                found.Add(new RotationStepRecord(
                    query.secretId, reader.GetString(1), reader.GetInt64(2) != 0, (int)reader.GetInt64(3), reader.GetString(4), reader.GetTime(5),
                    TimeSpan.FromMilliseconds(reader.GetInt64(6)), reader.IsDBNull(7) ? null : reader.GetString(7), reader.GetBytesOrNull(8))
                { Id = reader.GetInt64(0) });
            }

            return (IReadOnlyList<RotationStepRecord>)found;
        }, ct);

    private static async ValueTask InsertRotationStepAsync(SqlSession tx, RotationStepRecord step, CancellationToken ct)
    {
        await tx.ExecuteAsync("""
            INSERT INTO rotation_step (secret_id, version_id, test, attempt, step, started_at_ms, duration_ms, error, output)
            VALUES (@secret, @version, @test, @attempt, @step, @started, @duration, @error, @output)
            """, ct, ("secret", step.SecretId), ("version", step.VersionId), ("test", step.IsTest ? 1L : 0L), ("attempt", (long)step.Attempt), ("step", step.Step),
            ("started", step.StartedAt.ToMilliseconds()), ("duration", (long)step.Duration.TotalMilliseconds), ("error", step.Error), ("output", step.Output));
        await tx.ExecuteAsync("""
            DELETE FROM rotation_step WHERE secret_id = @secret
            AND seq <= (SELECT seq FROM rotation_step WHERE secret_id = @secret ORDER BY seq DESC LIMIT 1 OFFSET @kept)
            """, ct, ("secret", step.SecretId), ("kept", (long)StepsKept));
    }
}
