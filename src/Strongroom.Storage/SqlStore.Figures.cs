namespace Strongroom.Storage;

public sealed partial class SqlStore
{
    public int QueuedChanges => engine.QueuedChanges;

    public ICommitWatch? CommitWatch
    {
        get => engine.Watch;
        set => engine.Watch = value;
    }

    public ValueTask<StoreFigures> CountAsync(CancellationToken ct) => engine.ReadAsync(0, static async (session, _, ct) =>
    {
        var outbox = await CountRowsAsync(session, "SELECT COUNT(*) FROM audit_outbox", ct);
        return new StoreFigures(outbox, await CountRowsAsync(session, "SELECT COUNT(*) FROM secret WHERE purge_at_ms IS NOT NULL", ct));
    }, ct);

    public ValueTask<long> CountSecretsAsync(string account, string region, int max, CancellationToken ct) => engine.ReadAsync(
        (account, region, max), static async (session, of, ct) =>
        {
            await using var reader = await session.QueryAsync(
                "SELECT COUNT(*) FROM (SELECT 1 FROM secret WHERE account = @account AND region = @region LIMIT @max) AS counted", ct,
                ("account", of.account), ("region", of.region), ("max", of.max));
            return await reader.ReadAsync(ct) ? reader.GetInt64(0) : 0;
        }, ct);

    public ValueTask<RotationFigures> CountRotationsAsync(DateTimeOffset now, CancellationToken ct) => engine.ReadAsync(now, static async (session, now, ct) =>
    {
        await using var reader = await session.QueryAsync("SELECT document FROM secret WHERE purge_at_ms IS NULL AND document LIKE @mark", ct,
            ("mark", RotationMark));
        var (enabled, overdue) = (0L, 0L);
        while (await reader.ReadAsync(ct))
        {
            if (DocumentJson.Read(System.Text.Encoding.UTF8.GetBytes(reader.GetString(0))).Rotation is not { Enabled: true } rotation)
                continue;
            enabled++;
            overdue += rotation.IsOverdue(now) ? 1 : 0;
        }

        return new RotationFigures(enabled, overdue);
    }, ct);

    private static async ValueTask<long> CountRowsAsync(SqlSession session, string sql, CancellationToken ct)
    {
        await using var reader = await session.QueryAsync(sql, ct);
        return await reader.ReadAsync(ct) ? reader.GetInt64(0) : 0;
    }
}
