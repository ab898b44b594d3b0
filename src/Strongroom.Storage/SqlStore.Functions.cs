using System.Data.Common;
using Strongroom.Crypto;

namespace Strongroom.Storage;

public sealed partial class SqlStore
{
    public ValueTask<StoredFunctionCode?> FindFunctionCodeAsync(string account, string region, string name, CancellationToken ct) =>
        engine.ReadAsync((account, region, name), static async (session, place, ct) =>
        {
            await using var reader = await session.QueryAsync(
                "SELECT account, region, name, sha256, code FROM function_code WHERE account = @account AND region = @region AND name = @name",
                ct, ("account", place.account), ("region", place.region), ("name", place.name));
            return await reader.ReadAsync(ct) ? ReadFunctionCode(reader) : null;
        }, ct);

    internal static StoredFunctionCode ReadFunctionCode(DbDataReader reader) =>
        new(reader.GetString(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), SealedValue.Parse(reader.GetFieldValue<byte[]>(4)));

    private static async ValueTask ApplyFunctionCodeAsync(SqlSession tx, FunctionCodeChange change, CancellationToken ct)
    {
        if (change.Code is not { } code)
        {
            await tx.ExecuteAsync("DELETE FROM function_code WHERE account = @account AND region = @region AND name = @name",
                ct, ("account", change.Account), ("region", change.Region), ("name", change.Name));
            return;
        }

        await tx.ExecuteAsync("""
            INSERT INTO function_code (account, region, name, sha256, code) VALUES (@account, @region, @name, @sha256, @code)
            ON CONFLICT (account, region, name) DO UPDATE SET sha256 = excluded.sha256, code = excluded.code
            """, ct, ("account", change.Account), ("region", change.Region), ("name", change.Name), ("sha256", code.Sha256), ("code", code.Code.Bytes));
    }
}
