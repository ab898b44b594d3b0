namespace Strongroom.Storage;

public sealed partial class SqlStore
{
    public ValueTask<byte[]?> FindSettingAsync(string name, CancellationToken ct) =>
        engine.ReadAsync(name, static async (session, name, ct) =>
        {
            await using var reader = await session.QueryAsync("SELECT value FROM setting WHERE name = @name", ct, ("name", name));
            return await reader.ReadAsync(ct) ? reader.GetFieldValue<byte[]>(0) : null;
        }, ct);

    public ValueTask<bool> ReplaceSettingsAsync(
        string name, byte[] expected, IReadOnlyDictionary<string, byte[]> settings, CancellationToken ct) =>
        engine.WriteAsync((name, expected, settings), static async (tx, change, ct) =>
        {
            // Written over itself: in PostgreSQL that takes the row's lock, so what was compared stays so until the commit.
            if (await tx.ExecuteAsync("UPDATE setting SET value = @expected WHERE name = @name AND value = @expected",
                    ct, ("expected", change.expected), ("name", change.name)) != 1)
                return false;

            foreach (var (name, value) in change.settings)
                await WriteSettingAsync(tx, name, value, ct);
            return true;
        }, ct);

    public async ValueTask WriteSettingAsync(string name, byte[] value, CancellationToken ct) =>
        await engine.WriteAsync((name, value), static async (tx, setting, ct) =>
        {
            await WriteSettingAsync(tx, setting.name, setting.value, ct);
            return true;
        }, ct);

    public ValueTask EraseReplacedSettingsAsync(CancellationToken ct) => engine.EraseReplacedSettingsAsync(ct);

    public ValueTask<bool> InitializeAsync(StoreSeed seed, CancellationToken ct) =>
        engine.WriteAsync(seed, static async (tx, seed, ct) =>
        {
            await using (var reader = await tx.QueryAsync("SELECT 1 FROM account LIMIT 1", ct))
            {
                if (await reader.ReadAsync(ct))
                    return false;
            }

            await InsertAccountAsync(tx, new StoredAccount(seed.Account, seed.CreatedAt), ct);
            foreach (var (name, value) in seed.Settings)
                await WriteSettingAsync(tx, name, value, ct);

            foreach (var key in seed.Keys)
                await InsertKeyVersionAsync(tx, key, ct);

            await tx.ExecuteAsync("INSERT INTO directory (account, scope, revision) VALUES (@account, @scope, 1)",
                ct, ("account", seed.Account), ("scope", StoreSeed.Scope));
            foreach (var entry in seed.Entries)
                await PutEntryAsync(tx, seed.Account, StoreSeed.Scope, entry, ct);

            return true;
        }, ct);

    public ValueTask<bool> TryLeaseAsync(string name, Guid holder, DateTimeOffset now, DateTimeOffset until, CancellationToken ct) =>
        engine.WriteAsync((name, holder, now, until), static async (tx, lease, ct) =>
            await tx.ExecuteAsync("""
                INSERT INTO lease (name, holder, until_ms) VALUES (@name, @holder, @until)
                ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms
                WHERE lease.holder = excluded.holder OR lease.until_ms <= @now
                """, ct,
                ("name", lease.name), ("holder", lease.holder.ToString()), ("until", lease.until.ToMilliseconds()), ("now", lease.now.ToMilliseconds())) == 1,
            ct);

    public async ValueTask ProbeAsync(CancellationToken ct) =>
        await engine.WriteAsync(time.GetUtcNow(), static async (tx, now, ct) =>
        {
            await WriteSettingAsync(tx, ProbeSetting, BitConverter.GetBytes(now.ToMilliseconds()), ct);
            return true;
        }, ct);

    /// <returns>False when it is not as the change expects it.</returns>
    private static async ValueTask<bool> ChangeSettingAsync(SqlSession tx, SettingChange change, CancellationToken ct) => 1 == (change.Expected is { } expected
        ? await tx.ExecuteAsync("UPDATE setting SET value = @value WHERE name = @name AND value = @expected",
            ct, ("value", change.Value), ("name", change.Name), ("expected", expected))
        : await tx.ExecuteAsync("INSERT INTO setting (name, value) VALUES (@name, @value) ON CONFLICT (name) DO NOTHING",
            ct, ("name", change.Name), ("value", change.Value)));

    private static async ValueTask WriteSettingAsync(SqlSession tx, string name, byte[] value, CancellationToken ct) =>
        await tx.ExecuteAsync("""
            INSERT INTO setting (name, value) VALUES (@name, @value) ON CONFLICT (name) DO UPDATE SET value = excluded.value
            """, ct, ("name", name), ("value", value));

    private const string ProbeSetting = "store.probed";
}
