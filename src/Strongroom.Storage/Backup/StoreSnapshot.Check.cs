using System.Data.Common;
using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Data.Sqlite;
using Strongroom.Crypto;
using Strongroom.Storage.Sqlite;

namespace Strongroom.Storage.Backup;

/// <summary>A stored version with what its row says beside it.</summary>
/// <param name="IsLabelled">What the column repeats of the secret's document.</param>
public sealed record CheckedVersion(StoredVersion Version, bool IsLabelled);

/// <param name="Secret">Null when its document can't be read.</param>
/// <param name="LaggingColumn">What the column repeats of the document.</param>
public sealed record CheckedSecret(long Id, string Account, string Region, string Name, StoredSecret? Secret, bool LaggingColumn, IReadOnlyList<CheckedVersion> Versions);

/// <summary>Reading everything, to check it.</summary>
public sealed partial class StoreSnapshot
{
    private const int SecretsPerPage = 256;

    /// <summary>Looks at the database itself: its pages and indexes (SQLite), its references, its tables.</summary>
    /// <returns>What is wrong, in words; empty when nothing is.</returns>
    public async Task<IReadOnlyList<string>> CheckDatabaseAsync(CancellationToken ct)
    {
        var found = new List<string>();
        try
        {
            if (IsSqlite)
            {
                await foreach (var line in TextsAsync("PRAGMA integrity_check", ct))
                {
                    if (line != "ok")
                        found.Add($"SQLite's integrity check: {line}");
                }

                await foreach (var table in TextsAsync("SELECT \"table\" || ' row ' || coalesce(rowid, '?') || ' refers to a missing row of ' || parent FROM pragma_foreign_key_check", ct))
                    found.Add($"A reference leads nowhere: {table}.");
            }

            found.AddRange(await CheckTablesAsync(ct));
        }
        catch (Exception e) when (IsDatabaseError(e))
        {
            // For a check, damage is a finding and not a failure.
            found.Add(Map(e).Message);
        }

        return found;
    }

    /// <summary>All versions of all KMS keys.</summary>
    public async IAsyncEnumerable<WrappedKey> ReadKeysAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await using var command = Command("SELECT key_id, account, region, version, material, created_at_ms FROM kms_key ORDER BY key_id, version");
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            yield return SqlStore.ReadKey(reader);
    }

    /// <summary>All documents of all directories.</summary>
    public async IAsyncEnumerable<(string Account, string Scope, DirectoryEntry Entry)> ReadEntriesAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await using var command = Command("SELECT account, scope, kind, name, document, sealed FROM directory_entry ORDER BY account, scope, kind, name");
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var sealedPart = reader.GetBytesOrNull(5) is { Length: > 0 } bytes ? SealedValue.Parse(bytes) : null;
            yield return (reader.GetString(0), reader.GetString(1), new DirectoryEntry(reader.GetString(2), reader.GetString(3), reader.GetString(4), sealedPart));
        }
    }

    /// <summary>The code of all functions.</summary>
    public async IAsyncEnumerable<StoredFunctionCode> ReadFunctionCodeAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await using var command = Command("SELECT account, region, name, sha256, code FROM function_code ORDER BY account, region, name");
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            yield return SqlStore.ReadFunctionCode(reader);
    }

    /// <summary>The records that wait for the log.</summary>
    public async IAsyncEnumerable<AuditEntry> ReadOutboxAsync([EnumeratorCancellation] CancellationToken ct)
    {
        await using var command = Command("SELECT event_id, record FROM audit_outbox ORDER BY seq");
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            var id = reader.GetFieldValue<byte[]>(0);
            yield return new AuditEntry(id.Length == 16 ? new Guid(id, bigEndian: true) : Guid.Empty, reader.GetFieldValue<byte[]>(1));
        }
    }

    public async Task<long> CountSecretsAsync(CancellationToken ct) =>
        Convert.ToInt64(await ScalarAsync("SELECT count(*) FROM secret", "", ct), CultureInfo.InvariantCulture);

    /// <summary>All secrets with all their versions, in order of their ids.</summary>
    public async IAsyncEnumerable<CheckedSecret> ReadSecretsAsync([EnumeratorCancellation] CancellationToken ct)
    {
        for (var page = await ReadPageAsync(long.MinValue, ct); page.Count > 0; page = await ReadPageAsync(page[^1].Id, ct))
        {
            foreach (var secret in page)
                yield return secret;
        }
    }

    private async Task<List<CheckedSecret>> ReadPageAsync(long after, CancellationToken ct)
    {
        try
        {
            var secrets = new List<CheckedSecret>();
            await using (var command = Command("""
                SELECT id, account, region, name, suffix, revision, created_at_ms, changed_at_ms, accessed_day, purge_at_ms, document, lagging
                FROM secret WHERE id > @after ORDER BY id LIMIT @limit
                """, ("@after", after), ("@limit", SecretsPerPage)))
            {
                await using var reader = await command.ExecuteReaderAsync(ct);
                while (await reader.ReadAsync(ct))
                    secrets.Add(new CheckedSecret(
                        reader.GetInt64(0), reader.GetString(1), reader.GetString(2), reader.GetString(3), ReadOrNull(reader), reader.GetInt64(11) == 1, []));
            }

            if (secrets.Count == 0)
                return secrets;
            var versions = await ReadVersionsAsync(secrets[0].Id, secrets[^1].Id, ct);
            return [.. secrets.Select(secret => secret with { Versions = [.. versions[secret.Id]] })];
        }
        catch (Exception e) when (IsDatabaseError(e))
        {
            throw Map(e);
        }
    }

    private async Task<ILookup<long, CheckedVersion>> ReadVersionsAsync(long first, long last, CancellationToken ct)
    {
        var found = new List<(long Secret, CheckedVersion Version)>();
        await using var command = Command("""
            SELECT secret_id, version_id, created_at_ms, accessed_day, kms_key_id, labelled, content_mac, sealed_value
            FROM secret_version WHERE secret_id >= @first AND secret_id <= @last ORDER BY secret_id, version_id
            """, ("@first", first), ("@last", last));
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            found.Add((reader.GetInt64(0), new CheckedVersion(
                new StoredVersion
                {
                    VersionId = reader.GetString(1),
                    CreatedAt = reader.GetTime(2),
                    AccessedOn = reader.GetDay(3),
                    KmsKeyId = reader.GetString(4),
                    ContentMac = reader.GetBytesOrNull(6),
                    Value = reader.GetBytesOrNull(7) is { Length: > 0 } bytes ? SealedValue.Parse(bytes) : null,
                },
                reader.GetInt64(5) == 1)));
        }

        return found.ToLookup(row => row.Secret, row => row.Version);
    }

    private static StoredSecret? ReadOrNull(DbDataReader reader)
    {
        try
        {
            return SqlStore.ReadSecret(reader);
        }
        catch (StoreUnavailableException)
        {
            return null; // the document is no JSON, which is what the check is to find
        }
    }

    /// <summary>Compares the tables with those that the migrations make.</summary>
    private async Task<List<string>> CheckTablesAsync(CancellationToken ct)
    {
        var found = new List<string>();
        if (IsSqlite)
        {
            const string Sql = "SELECT type || ' ' || name || ': ' || sql FROM sqlite_master WHERE name NOT LIKE 'sqlite|_%' ESCAPE '|' ORDER BY 1";
            using var model = SqliteFile.NewModel(schema.Version);
            var expected = new HashSet<string>(StringComparer.Ordinal);
            using (var command = model.CreateCommand())
            {
                command.CommandText = Sql;
                using var reader = command.ExecuteReader();
                while (reader.Read())
                    expected.Add(reader.GetString(0));
            }

            var actual = new HashSet<string>(StringComparer.Ordinal);
            await foreach (var item in TextsAsync(Sql, ct))
                actual.Add(item);
            found.AddRange(expected.Except(actual).Select(item => $"The schema lacks, or has otherwise: {item[..item.IndexOf(':', StringComparison.Ordinal)]}."));
            found.AddRange(actual.Except(expected).Select(item => $"Strongroom does not make this part of the schema: {item[..item.IndexOf(':', StringComparison.Ordinal)]}."));
            await CheckKindsAsync(found, model, ct);
            return found;
        }

        foreach (var table in schema.Tables)
        {
            await using var command = Command(
                "SELECT column_name::text FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = @table ORDER BY ordinal_position", ("@table", table.Name));
            await using var reader = await command.ExecuteReaderAsync(ct);
            var columns = new List<string>();
            while (await reader.ReadAsync(ct))
                columns.Add(reader.GetString(0));
            if (!columns.Order(StringComparer.Ordinal).SequenceEqual(table.Columns.Order(StringComparer.Ordinal)))
                found.Add($"The table {table.Name} does not have the columns that schema {schema.Version} gives it.");
        }

        return found;
    }

    /// <summary>SQLite takes a value of any kind into any column; Strongroom writes those of the declared kind alone.</summary>
    private async Task CheckKindsAsync(List<string> found, SqliteConnection model, CancellationToken ct)
    {
        foreach (var table in schema.Tables)
        {
            using var describe = model.CreateCommand();
            describe.CommandText = $"SELECT name, lower(type) FROM pragma_table_info('{table.Name}')";
            var conditions = new List<string>();
            using (var reader = describe.ExecuteReader())
            {
                while (reader.Read())
                    conditions.Add($"typeof({reader.GetString(0)}) NOT IN ('null', '{reader.GetString(1)}')");
            }

            if (await ScalarAsync($"SELECT count(*) FROM {table.Name} WHERE {string.Join(" OR ", conditions)}", "", ct) is long rows and > 0)
                found.Add($"{rows} rows of the table {table.Name} hold a value of another kind than their column: another program changed them.");
        }
    }

    private async IAsyncEnumerable<string> TextsAsync(string sql, [EnumeratorCancellation] CancellationToken ct)
    {
        await using var command = Command(sql);
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
            yield return reader.GetString(0);
    }

    private DbCommand Command(string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        var command = Command(sql);
        foreach (var (name, value) in parameters)
        {
            var parameter = command.CreateParameter();
            (parameter.ParameterName, parameter.Value) = (name, value is int number ? (long)number : value);
            command.Parameters.Add(parameter);
        }

        return command;
    }
}
