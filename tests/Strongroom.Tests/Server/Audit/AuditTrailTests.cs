using System.Text;
using System.Text.Json.Nodes;
using Strongroom.Crypto;
using Strongroom.Server.Audit;
using Strongroom.Storage;

namespace Strongroom.Tests.Server.Audit;

/// <summary>Source: IAM fact sheet, section 8; architecture, promise 3 and section 8.</summary>
public sealed class AuditTrailTests : IAsyncLifetime
{
    private const string Token = "11111111-1111-4111-8111-111111111111";

    private RunningServer server = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_change_is_recorded_as_CloudTrail_records_it_without_the_value()
    {
        await server.CallAsync("CreateSecret", new { Name = "s", ClientRequestToken = Token, SecretString = "never-in-a-record" });

        var record = server.Records().Single(r => (string?)r["eventName"] == "CreateSecret");
        Assert.Equal("1.09", (string?)record["eventVersion"]);
        Assert.Equal("Root", (string?)record["userIdentity"]!["type"]);
        Assert.Equal(RunningServer.AccessKeyId, (string?)record["userIdentity"]!["accessKeyId"]);
        Assert.Equal("2026-02-03T10:20:30Z", (string?)record["eventTime"]);
        Assert.Equal("secretsmanager.amazonaws.com", (string?)record["eventSource"]);
        Assert.Equal($$"""{"name":"s","clientRequestToken":"{{Token}}"}""", record["requestParameters"]!.ToJsonString());
        Assert.StartsWith("arn:aws:secretsmanager:", (string?)record["responseElements"]!["arn"], StringComparison.Ordinal);
        Assert.False((bool)record["readOnly"]!);
        Assert.Equal("AwsApiCall", (string?)record["eventType"]);
        Assert.Equal(RunningServer.Account, (string?)record["recipientAccountId"]);
        Assert.DoesNotContain("never-in-a-record", record.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_read_has_no_response_elements_and_a_failure_has_its_error()
    {
        await server.CallAsync("GetRandomPassword");
        await server.FailAsync("GetSecretValue", new { SecretId = "absent" }, "ResourceNotFoundException");

        var read = server.Records().Single(r => (string?)r["eventName"] == "GetRandomPassword");
        Assert.True(read.ContainsKey("responseElements"));
        Assert.Null(read["responseElements"]);
        Assert.True((bool)read["readOnly"]!);
        var failure = server.Records().Single(r => (string?)r["eventName"] == "GetSecretValue");
        Assert.Equal("ResourceNotFoundException", (string?)failure["errorCode"]);
        Assert.Equal("Secrets Manager can't find the specified secret.", (string?)failure["errorMessage"]);
        Assert.Equal("""{"secretId":"absent"}""", failure["requestParameters"]!.ToJsonString());
    }

    [Fact]
    public async Task A_batch_names_every_secret_it_disclosed()
    {
        var arn = (string?)(await server.CallAsync("CreateSecret", new { Name = "s", ClientRequestToken = Token, SecretString = "x" }))["ARN"];
        await server.CallAsync("BatchGetSecretValue", new { Filters = new[] { new { Key = "name", Values = new[] { "s" } } } });

        var record = server.Records().Single(r => (string?)r["eventName"] == "BatchGetSecretValue");
        Assert.Equal(arn, (string?)Assert.Single(record["resources"]!.AsArray())!["ARN"]);
    }

    [Fact]
    public async Task Records_that_a_crash_kept_from_the_log_are_appended_at_the_next_start()
    {
        await server.CallAsync("CreateSecret", new { Name = "s", ClientRequestToken = Token, SecretString = "x" });
        var copy = Directory.CreateTempSubdirectory("strongroom-crash-").FullName;
        try
        {
            // A crash image: the database as it is now, with its record in the outbox, and a log that the record never reached, torn at its end.
            foreach (var file in Directory.EnumerateFiles(server.Data).Where(f => Path.GetFileName(f) != "lock"))
                File.WriteAllBytes(Path.Combine(copy, Path.GetFileName(file)), ReadShared(file));
            File.SetUnixFileMode(copy, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            File.SetUnixFileMode(Path.Combine(copy, "root.key"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
            Directory.CreateDirectory(Path.Combine(copy, "audit"));
            File.WriteAllText(Path.Combine(copy, "audit", "audit-00000001.jsonl"), "{\"eventName\":\"Kept\"}\n{\"eventName\":\"To");

            await using var recovered = await RunningServer.StartAsync(copy);

            Assert.Equal(["Kept", "CreateSecret"], recovered.Records().Select(r => (string?)r["eventName"]));
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }

    /// <summary>Somebody deletes the directory under the running server: a file without a name takes every line and keeps none.</summary>
    [Theory]
    [InlineData("directory")]
    [InlineData("file")]
    public async Task A_log_that_disappears_goes_on_in_a_new_segment_and_no_change_is_lost_from_it(string what)
    {
        await server.CallAsync("CreateSecret", new { Name = "s", ClientRequestToken = Token, SecretString = "x" });
        var audit = Path.Combine(server.Data, "audit");
        if (what == "directory")
            Directory.Delete(audit, recursive: true);
        else
            File.Delete(Path.Combine(audit, "audit-00000001.jsonl"));

        // The outbox is settled every second.
        await Eventually.ComesAsync(
            "a new segment with two records",
            () => File.Exists(Path.Combine(audit, "audit-00000002.jsonl")) && server.Records().Count >= 2,
            () => server.Time.Advance(TimeSpan.FromSeconds(1)));

        await server.CallAsync("GetSecretValue", new { SecretId = "s" });
        Assert.Equal(["AuditFinding", "CreateSecret", "GetSecretValue"], server.Records().Select(r => (string?)r["eventName"]));
    }

    [Fact]
    public async Task Each_committed_record_is_in_the_log_exactly_once_across_restarts()
    {
        await server.CallAsync("CreateSecret", new { Name = "s", ClientRequestToken = Token, SecretString = "x" });
        for (var i = 0; i < 3; i++)
        {
            await server.CloseAsync();
            await server.OpenAsync();
        }

        Assert.Single(server.Records(), r => (string?)r["eventName"] == "CreateSecret");
    }

    /// <summary>The age says when the segment that holds the record was last written, as seconds after the record's call. An older segment
    /// can't hold it in truth; here it does, which shows that it was not read.</summary>
    [Theory]
    [InlineData(0, 0)]
    [InlineData(-30, 0)] // a clock that was set back a little
    [InlineData(-3600, 1)]
    public async Task After_a_crash_only_segments_that_can_hold_a_waiting_record_are_searched(int secondsAfterCall, int appended)
    {
        var directory = Directory.CreateTempSubdirectory("strongroom-audit-").FullName;
        try
        {
            var called = new DateTimeOffset(2026, 2, 3, 10, 20, 30, TimeSpan.Zero);
            var id = Guid.NewGuid();
            var line = $$"""{"eventTime":"2026-02-03T10:20:30Z","requestParameters":{"name":""eventTime":"1999"},"eventID":"{{id}}"}""";
            var old = Path.Combine(directory, "audit", "audit-00000001.jsonl");
            Directory.CreateDirectory(Path.GetDirectoryName(old)!);
            await File.WriteAllTextAsync(old, line + "\n", Ct);
            await File.WriteAllTextAsync(Path.Combine(directory, "audit", "audit-00000002.jsonl"), "", Ct);
            File.SetLastWriteTimeUtc(old, called.AddSeconds(secondsAfterCall).UtcDateTime);
            await using var store = await SqlStore.OpenSqliteAsync(Path.Combine(directory, "strongroom.db"), server.Time, Ct);
            await store.CommitAsync(new SecretCommit([], [new AuditEntry(id, Encoding.UTF8.GetBytes(line))]), Ct);
            using var log = AuditLog.Open(Path.Combine(directory, "audit"), AuditLogOptions.Default, server.Time);

            Assert.Equal(appended, await new AuditTrail(log, store, store, SystemEntropy.Instance, server.Time).RecoverAsync(Ct));

            Assert.Empty(await store.ListAsync(Ct));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static byte[] ReadShared(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }
}
