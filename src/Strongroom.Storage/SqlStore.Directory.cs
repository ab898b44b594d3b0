using Strongroom.Crypto;

namespace Strongroom.Storage;

public sealed partial class SqlStore
{
    public ValueTask<StoredDirectory> LoadDirectoryAsync(string account, string scope, CancellationToken ct) =>
        engine.ReadAsync((account, scope), static async (session, place, ct) =>
        {
            // One statement, so that the revision and the entries are of one moment.
            await using var reader = await session.QueryAsync("""
                SELECT directory.revision, entry.kind, entry.name, entry.document, entry.sealed
                FROM directory LEFT JOIN directory_entry AS entry ON entry.account = directory.account AND entry.scope = directory.scope
                WHERE directory.account = @account AND directory.scope = @scope
                ORDER BY entry.kind, entry.name
                """, ct, ("account", place.account), ("scope", place.scope));
            var revision = 0L;
            var entries = new List<DirectoryEntry>();
            while (await reader.ReadAsync(ct))
            {
                revision = reader.GetInt64(0);
                if (!reader.IsDBNull(1))
                {
                    entries.Add(new DirectoryEntry(
                        reader.GetString(1), reader.GetString(2), reader.GetString(3), reader.GetBytesOrNull(4) is { } bytes ? SealedValue.Parse(bytes) : null));
                }
            }

            return new StoredDirectory(place.account, place.scope, revision, entries);
        }, ct);

    public ValueTask<IReadOnlyList<(string Account, string Scope)>> ListDirectoriesAsync(string kind, CancellationToken ct) =>
        engine.ReadAsync(kind, static async (session, kind, ct) =>
        {
            await using var reader = await session.QueryAsync(
                "SELECT DISTINCT account, scope FROM directory_entry WHERE kind = @kind ORDER BY account, scope", ct, ("kind", kind));
            var places = new List<(string, string)>();
            while (await reader.ReadAsync(ct))
                places.Add((reader.GetString(0), reader.GetString(1)));

            return (IReadOnlyList<(string, string)>)places;
        }, ct);

    public ValueTask<string?> FindAccessKeyAccountAsync(string accessKeyId, CancellationToken ct) =>
        accessKeyId.Contains('\0', StringComparison.Ordinal) // no row has one, and PostgreSQL fails on it as a parameter
            ? new((string?)null)
            : engine.ReadAsync(accessKeyId, static async (session, id, ct) =>
        {
            await using var reader = await session.QueryAsync(
                "SELECT account FROM directory_entry WHERE kind = 'access-key' AND name = @id", ct, ("id", id));
            return await reader.ReadAsync(ct) ? reader.GetString(0) : null;
        }, ct);

    public ValueTask<IReadOnlyList<StoredAccount>> ListAccountsAsync(CancellationToken ct) =>
        engine.ReadAsync(0, static async (session, _, ct) =>
        {
            await using var reader = await session.QueryAsync("SELECT account, created_at_ms FROM account ORDER BY account", ct);
            var accounts = new List<StoredAccount>();
            while (await reader.ReadAsync(ct))
                accounts.Add(new StoredAccount(reader.GetString(0), reader.GetTime(1)));

            return (IReadOnlyList<StoredAccount>)accounts;
        }, ct);

    public async ValueTask RecordUsesAsync(IReadOnlyCollection<AccessKeyUse> uses, CancellationToken ct) =>
        await engine.WriteAsync(uses, static async (tx, uses, ct) =>
        {
            foreach (var use in uses)
            {
                await tx.ExecuteAsync("""
                    INSERT INTO credential_use (id, used_at_ms, region, service) VALUES (@id, @used, @region, @service)
                    ON CONFLICT (id) DO UPDATE SET used_at_ms = excluded.used_at_ms, region = excluded.region, service = excluded.service
                    WHERE credential_use.used_at_ms < excluded.used_at_ms
                    """, ct, ("id", use.Id), ("used", use.UsedAt.ToMilliseconds()), ("region", use.Region), ("service", use.Service));
            }

            return true;
        }, ct);

    public ValueTask<AccessKeyUse?> FindUseAsync(string id, CancellationToken ct) =>
        engine.ReadAsync(id, static async (session, id, ct) =>
        {
            await using var reader = await session.QueryAsync("SELECT used_at_ms, region, service FROM credential_use WHERE id = @id", ct, ("id", id));
            return await reader.ReadAsync(ct) ? new AccessKeyUse(id, reader.GetTime(0), reader.GetString(1), reader.GetString(2)) : null;
        }, ct);

    /// <returns>False when the directory is not at the revision that the change was computed from.</returns>
    private static async ValueTask<bool> ApplyDirectoryAsync(SqlSession tx, DirectoryChange change, CancellationToken ct)
    {
        // The directory's row comes first: in PostgreSQL that also takes the row lock.
        var isCurrent = change.ExpectedRevision == 0
            ? await tx.ExecuteAsync("INSERT INTO directory (account, scope, revision) VALUES (@account, @scope, 1) ON CONFLICT (account, scope) DO NOTHING",
                ct, ("account", change.Account), ("scope", change.Scope)) == 1
            : await tx.ExecuteAsync("UPDATE directory SET revision = revision + 1 WHERE account = @account AND scope = @scope AND revision = @expected",
                ct, ("account", change.Account), ("scope", change.Scope), ("expected", change.ExpectedRevision)) == 1;
        if (!isCurrent)
            return false;

        foreach (var (kind, name) in change.Removals)
        {
            await tx.ExecuteAsync("DELETE FROM directory_entry WHERE account = @account AND scope = @scope AND kind = @kind AND name = @name",
                ct, ("account", change.Account), ("scope", change.Scope), ("kind", kind), ("name", name));
        }

        foreach (var entry in change.Puts)
            await PutEntryAsync(tx, change.Account, change.Scope, entry, ct);

        return true;
    }

    private static async ValueTask PutEntryAsync(SqlSession tx, string account, string scope, DirectoryEntry entry, CancellationToken ct) =>
        await tx.ExecuteAsync("""
            INSERT INTO directory_entry (account, scope, kind, name, document, sealed) VALUES (@account, @scope, @kind, @name, @document, @sealed)
            ON CONFLICT (account, scope, kind, name) DO UPDATE SET document = excluded.document, sealed = excluded.sealed
            """, ct,
            ("account", account), ("scope", scope), ("kind", entry.Kind), ("name", entry.Name), ("document", entry.Document),
            ("sealed", entry.Sealed?.Bytes));

    /// <returns>False when the account exists already.</returns>
    private static async ValueTask<bool> InsertAccountAsync(SqlSession tx, StoredAccount account, CancellationToken ct) =>
        await tx.ExecuteAsync("INSERT INTO account (account, created_at_ms) VALUES (@account, @created) ON CONFLICT (account) DO NOTHING",
            ct, ("account", account.Account), ("created", account.CreatedAt.ToMilliseconds())) == 1;
}
