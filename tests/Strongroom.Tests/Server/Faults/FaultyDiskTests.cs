using System.Text.Json.Nodes;
using Strongroom.Tests.Server.Backup;

namespace Strongroom.Tests.Server.Faults;

/// <summary>
/// A disk that fails at one write, whichever it is: the call gets an error, nothing acknowledged is lost, nothing is answered or done without a record,
/// service goes on by itself, and a start afterwards finds nothing wrong. Source: architecture, promises 3, 4 and 7; issue 4, "Fault tests".
/// </summary>
public sealed class FaultyDiskTests : IAsyncLifetime
{
    // A script makes some dozens of writes. The loops end by themselves when a write is never reached; this is for when they would not.
    private const int MaxWrites = 1000;

    private readonly string data = Directory.CreateTempSubdirectory("strongroom-faulty-").FullName;
    private readonly FaultyDisk disk;
    private RunningServer server = null!;

    public FaultyDiskTests() => disk = new FaultyDisk(data);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync(data, configure: o => o with { AuditLog = disk.Segments });

    public async ValueTask DisposeAsync()
    {
        disk.Heal();
        await server.DisposeAsync();
        disk.Dispose();
        Directory.Delete(data, recursive: true);
    }

    [Theory]
    [InlineData("io")]
    [InlineData("full")]
    public async Task A_write_that_fails_once_fails_one_call_and_the_next_one_succeeds(string how)
    {
        var reached = 0;
        for (var n = 1; n < MaxWrites; n++)
        {
            disk.FailAt(n, Fault(how), stays: false);
            var script = await RunScriptAsync($"once{n}");
            if (!disk.HasFailed)
                break;
            reached++;
            Assert.InRange(script.Failed, 0, 1);
            Assert.Equal(200, (await HealthAsync()).Status);
            await CheckAsync(server, script);
            if (n % 20 == 0)
                await RestartAsync(script);
        }

        // More than one write for each of the script's changes and reads, or this tested nothing.
        Assert.InRange(reached, Script.Calls.Length, MaxWrites - 2);
        disk.Heal();
        await RestartAsync();
    }

    [Theory]
    [InlineData("io")]
    [InlineData("full")]
    public async Task A_disk_that_fails_from_some_write_on_refuses_every_call_until_it_works_again(string how)
    {
        for (var n = 1; n < MaxWrites; n++)
        {
            disk.FailAt(n, Fault(how), stays: true);
            var script = await RunScriptAsync($"stays{n}");
            if (!disk.HasFailed)
                break;
            var (status, reason) = await HealthAsync();
            Assert.Equal(503, status);
            Assert.Matches(how == "full" ? "full|Free" : "failed|Free", reason);

            // Killed now, and started where the disk works. A start costs more than all else here, so only one in four is.
            if (n % 4 == 1)
                await CheckImageAsync(script);

            disk.Heal();
            Assert.Equal((200, "ok\n"), await HealthAsync());
            await CheckAsync(server, script);
            Assert.Equal(0, (await RunScriptAsync($"after{n}")).Failed);
            if (n % 20 == 0)
                await RestartAsync(script);
        }

        disk.Heal();
        await RestartAsync();
    }

    [Fact]
    public async Task Of_many_changes_that_are_committed_together_a_failure_takes_no_acknowledged_one()
    {
        for (var n = 1; n < 60; n += 3)
        {
            disk.FailAt(n, DiskFault.Io, stays: n % 2 == 0);
            var scripts = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => RunScriptAsync($"many{n}-{i}")));
            Assert.True(disk.HasFailed);
            disk.Heal();
            Assert.Equal(200, (await HealthAsync()).Status);
            foreach (var script in scripts)
                await CheckAsync(server, script);
        }

        await RestartAsync();
    }

    private async Task<Script> RunScriptAsync(string name)
    {
        var script = new Script(server, name);
        await script.RunAsync(() => disk.HasFailed);
        return script;
    }

    // What is there was acknowledged or, where the call was left in doubt, has its record all the same; and all that was acknowledged is there.
    private static async Task CheckAsync(RunningServer server, Script script)
    {
        var there = await script.FindEffectsAsync(server);
        // Records that the log did not take are appended when the outbox is settled, every second.
        await Eventually.ComesAsync(
            $"the records of what {string.Join(", ", there)}", () => !there.Except(script.FindRecorded(server)).Any(), () => server.Time.Advance(TimeSpan.FromSeconds(1)));
        Assert.Empty(script.Acknowledged.Except(there));
    }

    private async Task RestartAsync(Script? script = null)
    {
        await server.CloseAsync();
        await server.OpenAsync(configure: o => o with { AuditLog = disk.Segments });
        Assert.Empty(server.Server.AuditFindings);
        if (script is not null)
            await CheckAsync(server, script);
        await CheckWholeAsync(data);
    }

    private async Task CheckImageAsync(Script script)
    {
        var image = Directory.CreateTempSubdirectory("strongroom-image-").FullName;
        try
        {
            foreach (var path in Directory.EnumerateFiles(data, "*", SearchOption.AllDirectories).Where(path => Path.GetFileName(path) is not ("lock" or "strongroom.db-shm")))
            {
                var copy = Path.Combine(image, Path.GetRelativePath(data, path));
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                await using var from = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                await using var to = new FileStream(copy, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = File.GetUnixFileMode(path) });
                await from.CopyToAsync(to, Ct);
            }

            await using (var again = await RunningServer.StartAsync(image))
            {
                Assert.Empty(again.Server.AuditFindings);
                await CheckAsync(again, script);
            }

            await CheckWholeAsync(image);
        }
        finally
        {
            Directory.Delete(image, recursive: true);
        }
    }

    // Database, every ciphertext and the audit chain, as the operator looks.
    private static async Task CheckWholeAsync(string directory)
    {
        foreach (var command in (string[][])[["audit", "verify"], ["verify"]])
        {
            var (code, output, error) = await Typed.RunAsync([.. command, "--data", directory]);
            Assert.True(code == 0, output + error);
        }
    }

    private async Task<(int Status, string Reason)> HealthAsync()
    {
        using var answer = await server.SendAsync(new HttpRequestMessage(HttpMethod.Get, server.Url("/health")));
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Ct));
    }

    private static DiskFault Fault(string how) => how == "full" ? DiskFault.Full : DiskFault.Io;

    /// <summary>Changes and reads of things of its own, and what became of them.</summary>
    private sealed class Script(RunningServer server, string name)
    {
        /// <summary>Each with the effect that it has, if any.</summary>
        public static readonly (string Target, string Body, string? Effect)[] Calls =
        [
            ("secretsmanager.CreateSecret", """{"Name":"{n}","ClientRequestToken":"{t1}","SecretString":"{n}-one"}""", "created"),
            ("secretsmanager.GetSecretValue", """{"SecretId":"{n}"}""", null),
            ("secretsmanager.PutSecretValue", """{"SecretId":"{n}","ClientRequestToken":"{t2}","SecretString":"{n}-two"}""", "put"),
            ("secretsmanager.GetSecretValue", """{"SecretId":"{n}"}""", null),
            ("secretsmanager.TagResource", """{"SecretId":"{n}","Tags":[{"Key":"a","Value":"b"}]}""", "tagged"),
            ("secretsmanager.ListSecrets", """{"Filters":[{"Key":"name","Values":["{n}"]}]}""", null),
            ("secretsmanager.CreateSecret", """{"Name":"{n}/other","ClientRequestToken":"{t1}","SecretString":"{n}-other"}""", "created other"),
            ("secretsmanager.DeleteSecret", """{"SecretId":"{n}/other","RecoveryWindowInDays":7}""", "deleted other"),
            ("secretsmanager.BatchGetSecretValue", """{"SecretIdList":["{n}"]}""", null),
            ("TrentService.CreateKey", """{"Description":"{n}"}""", null),
            ("secretsmanager.GetSecretValue", """{"SecretId":"{n}","VersionStage":"AWSPREVIOUS"}""", null),
        ];

        private static readonly Dictionary<string, string> Events = new()
        {
            ["created"] = "CreateSecret",
            ["put"] = "PutSecretValue",
            ["tagged"] = "TagResource",
            ["created other"] = "CreateSecret",
            ["deleted other"] = "DeleteSecret",
        };

        private readonly string[] tokens = [Guid.NewGuid().ToString(), Guid.NewGuid().ToString()];

        public List<string> Acknowledged { get; } = [];

        /// <summary>How many calls got an error that the disk was the cause of.</summary>
        public int Failed { get; private set; }

        public async Task RunAsync(Func<bool> diskHasFailed)
        {
            var client = server.Root;
            foreach (var (target, body, effect) in Calls)
            {
                var (status, answer) = await client.SendJsonTextAsync(target, Fill(body));
                if (status == 200)
                {
                    // The record stands by now, and says that the call succeeded.
                    var record = Assert.Single(
                        Log(server, from: -65_536).Where(line => line.Contains(client.LastRequestId!, StringComparison.Ordinal)).Select(line => JsonNode.Parse(line)!),
                        r => r["userIdentity"]!["invokedBy"] is null);
                    Assert.Null(record["errorCode"]);
                    if (effect is not null)
                        Acknowledged.Add(effect);
                }
                else if (status == 500)
                {
                    Assert.True(diskHasFailed(), $"{target} failed although the disk had not: {answer}");
                    Assert.DoesNotContain(name, answer, StringComparison.Ordinal);
                    Failed++;
                }
                else
                {
                    // What went before did not happen.
                    Assert.True(status == 400 && Failed > 0, $"{target}: {status} {answer}");
                }
            }
        }

        /// <summary>What there is to be seen of the changes.</summary>
        public async Task<IReadOnlyList<string>> FindEffectsAsync(RunningServer where)
        {
            List<string> found = [];
            if (await DescribeAsync(where, name) is { } secret)
            {
                found.Add("created");
                var (_, value) = await where.SendAsync("GetSecretValue", $$"""{"SecretId":"{{name}}"}""");
                var isPut = secret["VersionIdsToStages"]!.AsObject().ContainsKey(tokens[1]);
                Assert.Equal(isPut ? name + "-two" : name + "-one", (string?)JsonNode.Parse(value)!["SecretString"]);
                if (isPut)
                    found.Add("put");
                if (secret["Tags"] is JsonArray { Count: > 0 })
                    found.Add("tagged");
            }

            if (await DescribeAsync(where, name + "/other") is { } other)
            {
                found.Add("created other");
                if (other["DeletedDate"] is not null)
                    found.Add("deleted other");
            }

            return found;
        }

        /// <summary>The changes that the log says were made.</summary>
        public IReadOnlySet<string> FindRecorded(RunningServer where)
        {
            var made = Log(where, from: 0).Where(line => line.Contains($"\"{name}", StringComparison.Ordinal)).Select(line => JsonNode.Parse(line)!)
                .Where(record => record["errorCode"] is null)
                .Select(record => ((string?)record["eventName"], (string?)(record["requestParameters"]?["name"] ?? record["requestParameters"]?["secretId"])))
                .ToHashSet();
            return Events.Where(e => made.Contains((e.Value, e.Key.EndsWith("other", StringComparison.Ordinal) ? name + "/other" : name))).Select(e => e.Key).ToHashSet();
        }

        private static async Task<JsonObject?> DescribeAsync(RunningServer where, string secret)
        {
            var (status, body) = await where.SendAsync("DescribeSecret", $$"""{"SecretId":"{{secret}}"}""");
            Assert.True(status is 200 or 400, body);
            return status == 200 ? JsonNode.Parse(body)!.AsObject() : null;
        }

        private string Fill(string body) => body.Replace("{n}", name, StringComparison.Ordinal)
            .Replace("{t1}", tokens[0], StringComparison.Ordinal).Replace("{t2}", tokens[1], StringComparison.Ordinal);

        // Whole lines only: the first may be cut here, the last by the disk.
        private static string[] Log(RunningServer server, long from)
        {
            var path = Directory.EnumerateFiles(Path.Combine(server.Data, "audit"), "*.jsonl").Single();
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            stream.Position = from < 0 ? Math.Max(0, stream.Length + from) : from;
            var isCut = stream.Position > 0;
            using var reader = new StreamReader(stream);
            var text = reader.ReadToEnd();
            return text[(isCut ? text.IndexOf('\n', StringComparison.Ordinal) + 1 : 0)..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        }
    }
}
