using Strongroom.Crypto;

namespace Strongroom.Storage;

public sealed partial class SqlStore
{
    public ValueTask<byte[]?> FindSettingAsync(string name, CancellationToken ct) =>
        engine.ReadAsync(name, static async (session, name, ct) =>
        {
            await using var reader = await session.QueryAsync("SELECT value FROM setting WHERE name = @name", ct, ("name", name));
            return await reader.ReadAsync(ct) ? reader.GetFieldValue<byte[]>(0) : null;
        }, ct);

    public ValueTask<bool> InitializeAsync(StoreSeed seed, CancellationToken ct) =>
        engine.WriteAsync(seed, static async (tx, seed, ct) =>
        {
            await using (var reader = await tx.QueryAsync("SELECT 1 FROM account LIMIT 1", ct))
            {
                if (await reader.ReadAsync(ct))
                    return false;
            }

            await tx.ExecuteAsync("INSERT INTO account (account, created_at_ms) VALUES (@account, @created)",
                ct, ("account", seed.Account), ("created", seed.CreatedAt.ToMilliseconds()));
            foreach (var (name, value) in seed.Settings)
                await WriteSettingAsync(tx, name, value, ct);

            foreach (var (key, alias) in seed.Keys)
                await InsertKeyAsync(tx, key, alias, ct);

            await tx.ExecuteAsync("""
                INSERT INTO access_key (access_key_id, account, principal_arn, active, sealed_secret)
                VALUES (@id, @account, @principal, @active, @secret)
                """, ct,
                ("id", seed.RootKey.AccessKeyId), ("account", seed.RootKey.Account), ("principal", seed.RootKey.PrincipalArn),
                ("active", seed.RootKey.Active ? 1L : 0L), ("secret", seed.RootKey.Secret.Bytes));
            return true;
        }, ct);

    public ValueTask<StoredAccessKey?> FindAccessKeyAsync(string accessKeyId, CancellationToken ct) =>
        engine.ReadAsync(accessKeyId, static async (session, id, ct) =>
        {
            await using var reader = await session.QueryAsync(
                "SELECT account, principal_arn, active, sealed_secret FROM access_key WHERE access_key_id = @id", ct, ("id", id));
            return await reader.ReadAsync(ct)
                ? new StoredAccessKey(id, reader.GetString(0), reader.GetString(1), reader.GetInt64(2) != 0, SealedValue.Parse(reader.GetFieldValue<byte[]>(3)))
                : null;
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

    private static async ValueTask WriteSettingAsync(SqlSession tx, string name, byte[] value, CancellationToken ct) =>
        await tx.ExecuteAsync("""
            INSERT INTO setting (name, value) VALUES (@name, @value) ON CONFLICT (name) DO UPDATE SET value = excluded.value
            """, ct, ("name", name), ("value", value));

    private const string ProbeSetting = "store.probed";
}
