using System.Data.Common;
using Strongroom.Crypto;

namespace Strongroom.Storage;

public sealed partial class SqlStore
{
    public ValueTask<WrappedKey?> FindKeyAsync(Guid keyId, int version, CancellationToken ct) =>
        engine.ReadAsync((keyId, version), static async (session, key, ct) =>
        {
            await using var reader = await session.QueryAsync("""
                SELECT key_id, account, region, version, material, created_at_ms FROM kms_key WHERE key_id = @key AND version = @version
                """, ct, ("key", key.keyId.ToString()), ("version", (long)key.version));
            return await reader.ReadAsync(ct) ? ReadKey(reader) : null;
        }, ct);

    private static async ValueTask RemoveKeyAsync(SqlSession tx, Guid keyId, CancellationToken ct) =>
        await tx.ExecuteAsync("DELETE FROM kms_key WHERE key_id = @key", ct, ("key", keyId.ToString()));

    private static async ValueTask InsertKeyVersionAsync(SqlSession tx, WrappedKey key, CancellationToken ct) =>
        await tx.ExecuteAsync("""
            INSERT INTO kms_key (key_id, version, account, region, material, created_at_ms)
            VALUES (@key, @version, @account, @region, @material, @created)
            """, ct,
            ("key", key.KeyId.ToString()), ("version", (long)key.Version), ("account", key.Account), ("region", key.Region),
            ("material", key.Material), ("created", key.CreatedAt.ToMilliseconds()));

    internal static WrappedKey ReadKey(DbDataReader reader) => new(
        Guid.Parse(reader.GetString(0)), reader.GetString(1), reader.GetString(2), (int)reader.GetInt64(3),
        reader.GetFieldValue<byte[]>(4), reader.GetTime(5));
}
