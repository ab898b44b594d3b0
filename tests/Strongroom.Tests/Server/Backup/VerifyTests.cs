using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Strongroom.Server.Hosting;

namespace Strongroom.Tests.Server.Backup;

/// <summary>Everything that can be wrong in a store is named; nothing is repaired.</summary>
public sealed class VerifyTests(StoppedData stopped) : IClassFixture<StoppedData>, IDisposable
{
    private readonly string data = stopped.Copy();

    private string Database => DataDirectory.DatabaseIn(data);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(data, recursive: true);

    [Fact]
    public async Task A_good_store_is_found_good_while_it_serves()
    {
        var (code, output, _) = await Typed.RunAsync("verify", "--data", stopped.Serving, "--json");

        Assert.True(code == 0, output);
        var report = JsonNode.Parse(output)!;
        Assert.True((bool)report["ok"]!);
        Assert.Equal(4, (int)report["secrets"]!);
        Assert.Equal(5, (int)report["values"]!); // app/db has two
        Assert.Equal(3, (int)report["keyVersions"]!); // identities, the region's default key, the customer's
        Assert.DoesNotContain(Installed.Canary, output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a value moved to another secret", "UPDATE secret_version SET sealed_value = (SELECT sealed_value FROM secret_version v JOIN secret s ON s.id = v.secret_id WHERE s.name = 'binary') WHERE secret_id = (SELECT id FROM secret WHERE name = 'under-key')", "under-key", "does not open")]
    [InlineData("a value of an older version put back", "UPDATE secret_version SET sealed_value = (SELECT sealed_value FROM secret_version WHERE version_id = '11111111-1111-4111-8111-111111111111' AND secret_id = 1) WHERE version_id = '22222222-2222-4222-8222-222222222222'", "app/db", "does not open")]
    [InlineData("a value cut", "UPDATE secret_version SET sealed_value = substr(sealed_value, 1, length(sealed_value) - 1) WHERE secret_id = 1", "app/db", "does not open")]
    [InlineData("a value of another form", "UPDATE secret_version SET sealed_value = CAST('text' AS BLOB) WHERE secret_id = 1", "app/db", "not in a form")]
    [InlineData("a fingerprint changed", "UPDATE secret_version SET content_mac = zeroblob(32) WHERE secret_id = 2", "binary", "fingerprint")]
    [InlineData("a fingerprint gone", "UPDATE secret_version SET content_mac = NULL WHERE secret_id = 2", "binary", "fingerprint")]
    [InlineData("a value gone", "UPDATE secret_version SET content_mac = NULL, sealed_value = NULL WHERE secret_id = 2", "binary", "should have a value")]
    [InlineData("a version gone", "DELETE FROM secret_version WHERE secret_id = 2", "binary", "is not there")]
    [InlineData("a label's column changed", "UPDATE secret_version SET labelled = 0 WHERE secret_id = 2", "binary", "does not say the same")]
    [InlineData("a label on two versions", "UPDATE secret SET document = replace(document, 'AWSPREVIOUS', 'AWSCURRENT') WHERE id = 1", "app/db", "AWSCURRENT")]
    [InlineData("a document broken", "UPDATE secret SET document = '{' WHERE id = 1", "app/db", "can't be read")]
    [InlineData("a waiting flag", "UPDATE secret SET lagging = 1 WHERE id = 1", "app/db", "waiting for a key")]
    [InlineData("a secret renamed", "UPDATE secret SET name = 'stolen' WHERE id = 1", "stolen", "does not open")]
    [InlineData("key material of another key", "UPDATE kms_key SET material = (SELECT material FROM kms_key WHERE region = 'global') WHERE region <> 'global'", "KMS key", "does not open")]
    [InlineData("key material gone", "DELETE FROM kms_key WHERE region <> 'global'", "KMS key", "no material")]
    [InlineData("an access key's secret exchanged", "UPDATE directory_entry SET sealed = (SELECT sealed FROM directory_entry WHERE name = 'AKIAIOSFODNN7EXAMPLE') WHERE kind = 'access-key'", "access key", "does not open")]
    [InlineData("an access key's secret gone", "UPDATE directory_entry SET sealed = NULL WHERE name = 'AKIAIOSFODNN7EXAMPLE'", "AKIAIOSFODNN7EXAMPLE", "no secret")]
    [InlineData("a user's document broken", "UPDATE directory_entry SET document = '[' WHERE kind = 'user'", "reader", "can't be read")]
    [InlineData("a function's environment exchanged", "UPDATE directory_entry SET sealed = (SELECT sealed FROM directory_entry WHERE name = 'AKIAIOSFODNN7EXAMPLE') WHERE kind = 'lambda-function'", "function:rotate", "does not open")]
    [InlineData("a function's document broken", "UPDATE directory_entry SET document = '[' WHERE kind = 'lambda-function'", "rotate", "can't be read")]
    [InlineData("a function gone", "DELETE FROM directory_entry WHERE kind = 'lambda-function'", "function:rotate", "no such function")]
    [InlineData("a function's code cut", "UPDATE function_code SET code = substr(code, 1, length(code) - 1)", "function:rotate", "does not open")]
    [InlineData("a function's code gone", "DELETE FROM function_code", "function:rotate", "has no code")]
    [InlineData("another code put in its place", "UPDATE function_code SET sha256 = 'x'", "function:rotate", "not the one that its configuration names")]
    [InlineData("a record broken", "INSERT INTO audit_outbox (event_id, record) VALUES (zeroblob(16), CAST('{}' AS BLOB))", "audit record", "not as it was written")]
    [InlineData("an index gone", "DROP INDEX secret_by_changed", "secret_by_changed", "lacks")]
    [InlineData("a number that is text", "UPDATE secret_version SET created_at_ms = 'soon' WHERE secret_id = 1", "secret_version", "of another kind")]
    public async Task Each_thing_that_is_wrong_is_named(string what, string sql, string subject, string words)
    {
        Execute(sql);
        var before = await File.ReadAllBytesAsync(Database, Ct);

        var (code, output, error) = await Typed.RunAsync("verify", "--data", data);

        Assert.True(code == 1, $"{what}: {output}{error}");
        Assert.Contains(output.Split('\n'), line => line.StartsWith("FOUND", StringComparison.Ordinal)
            && line.Contains(subject, StringComparison.Ordinal) && line.Contains(words, StringComparison.Ordinal));
        Assert.Equal(before, await File.ReadAllBytesAsync(Database, Ct));
    }

    [Fact]
    public async Task Values_of_a_key_that_was_deleted_are_told_and_are_no_finding()
    {
        Execute("DELETE FROM directory_entry WHERE kind = 'kms-key' AND name IN (SELECT key_id FROM kms_key WHERE region <> 'global')");
        Execute("DELETE FROM kms_key WHERE region <> 'global'");

        var (code, output, _) = await Typed.RunAsync("verify", "--data", data);

        Assert.True(code == 0, output);
        Assert.Contains("5 values are of KMS keys that were deleted", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_the_root_key_it_says_so_and_looks_at_the_rest()
    {
        File.Move(Path.Combine(data, "root.key"), Path.Combine(data, "root.key") + ".away");

        var (code, _, error) = await Typed.RunAsync("verify", "--data", data);
        Assert.Equal(1, code);
        Assert.Contains("--without-root-key", error, StringComparison.Ordinal);
        var (rest, output, _) = await Typed.RunAsync("verify", "--data", data, "--without-root-key");
        Assert.Equal(0, rest);
        Assert.Contains("were not opened", output, StringComparison.Ordinal);

        File.Move(Path.Combine(data, "root.key") + ".away", Path.Combine(data, "root.key"));
    }

    [Fact]
    public async Task What_is_wrong_in_a_backup_is_named_from_within_it()
    {
        Execute("UPDATE secret_version SET content_mac = zeroblob(32) WHERE secret_id = 2");
        var path = Path.Combine(data, "one.backup");
        Assert.Equal(0, (await Typed.RunAsync("backup", "--data", data, "--to", path)).Code);

        var (code, output, _) = await Typed.RunAsync("verify", "--backup", path, "--data", data);

        Assert.Equal(1, code);
        Assert.Contains("binary", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_without_data_is_refused_in_words()
    {
        var (code, _, error) = await Typed.RunAsync("verify", "--data", "/tmp/strongroom-nothing-here");

        Assert.Equal(1, code);
        Assert.Contains("There is no database", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists("/tmp/strongroom-nothing-here"));
    }

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Database};Pooling=false");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        Assert.True(command.ExecuteNonQuery() != 0 || sql.StartsWith("DROP", StringComparison.Ordinal));
    }
}

/// <summary>One installation for many tests: as its server serves it, and as a stopped one's directory to copy.</summary>
public sealed class StoppedData : IAsyncLifetime
{
    private Installed installed = null!;
    private string restored = "";

    public string Serving => installed.Server.Data;

    public async ValueTask InitializeAsync()
    {
        installed = await Installed.StartAsync();
        restored = installed.Path_("stopped");
        var path = await installed.BackUpAsync("all.backup", "--include-root-key");
        Assert.Equal(0, (await Typed.RunAsync("restore", "--from", path, "--data", restored)).Code);
    }

    public ValueTask DisposeAsync() => installed.DisposeAsync();

    public string Copy()
    {
        var copy = Directory.CreateTempSubdirectory("strongroom-verify-").FullName;
        foreach (var file in new[] { "strongroom.db", "root.key" })
            File.Copy(Path.Combine(restored, file), Path.Combine(copy, file));
        return copy;
    }
}
