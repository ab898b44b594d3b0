using System.Data.Common;
using Strongroom.Crypto;

namespace Strongroom.Storage;

public sealed partial class SqlStore
{
    public ValueTask<WrappedKey?> FindKeyByAliasAsync(string account, string region, string alias, CancellationToken ct) =>
        engine.ReadAsync((account, region, alias), static async (session, place, ct) =>
        {
            await using var reader = await session.QueryAsync("""
                SELECT kms_key.key_id, kms_key.account, kms_key.region, kms_key.version, kms_key.material, kms_key.created_at_ms
                FROM kms_alias JOIN kms_key ON kms_key.key_id = kms_alias.key_id
                WHERE kms_alias.account = @account AND kms_alias.region = @region AND kms_alias.alias = @alias
                ORDER BY kms_key.version DESC LIMIT 1
                """, ct, ("account", place.account), ("region", place.region), ("alias", place.alias));
            return await reader.ReadAsync(ct) ? ReadKey(reader) : null;
        }, ct);

    public ValueTask<WrappedKey?> FindKeyAsync(Guid keyId, int version, CancellationToken ct) =>
        engine.ReadAsync((keyId, version), static async (session, key, ct) =>
        {
            await using var reader = await session.QueryAsync("""
                SELECT key_id, account, region, version, material, created_at_ms FROM kms_key WHERE key_id = @key AND version = @version
                """, ct, ("key", key.keyId.ToString()), ("version", (long)key.version));
            return await reader.ReadAsync(ct) ? ReadKey(reader) : null;
        }, ct);

    public ValueTask<bool> AddKeyAsync(WrappedKey key, string alias, CancellationToken ct) =>
        engine.WriteAsync((key, alias), static (tx, added, ct) => InsertKeyAsync(tx, added.key, added.alias, ct), ct);

    private static async ValueTask<bool> InsertKeyAsync(SqlSession tx, WrappedKey key, string alias, CancellationToken ct)
    {
        var isFree = await tx.ExecuteAsync("""
            INSERT INTO kms_alias (account, region, alias, key_id) VALUES (@account, @region, @alias, @key)
            ON CONFLICT (account, region, alias) DO NOTHING
            """, ct, ("account", key.Account), ("region", key.Region), ("alias", alias), ("key", key.KeyId.ToString())) == 1;
        if (!isFree)
            return false;

        await InsertKeyVersionAsync(tx, key, ct);
        return true;
    }

    private static async ValueTask InsertKeyVersionAsync(SqlSession tx, WrappedKey key, CancellationToken ct) =>
        await tx.ExecuteAsync("""
            INSERT INTO kms_key (key_id, version, account, region, material, created_at_ms)
            VALUES (@key, @version, @account, @region, @material, @created)
            """, ct,
            ("key", key.KeyId.ToString()), ("version", (long)key.Version), ("account", key.Account), ("region", key.Region),
            ("material", key.Material), ("created", key.CreatedAt.ToMilliseconds()));

    private static WrappedKey ReadKey(DbDataReader reader) => new(
        Guid.Parse(reader.GetString(0)), reader.GetString(1), reader.GetString(2), (int)reader.GetInt64(3),
        reader.GetFieldValue<byte[]>(4), reader.GetTime(5));
}
