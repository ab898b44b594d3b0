using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;

namespace Strongroom.Conformance.Tests.Hardening;

/// <summary>Kills the server in the middle of its work. What it acknowledged must be there, and recorded exactly once.</summary>
public sealed class KillTests
{
    private const int Rounds = 3;
    private const int Writers = 6;
    private const int Readers = 3;

    private sealed record Written(string Name, string VersionId, string Value);

    [Fact]
    public async Task Every_acknowledged_write_survives_a_kill_with_its_one_record_and_every_answered_read_has_its_own()
    {
        var server = await ServerProcess.StartAsync();
        var directory = server.DataDirectory;
        var acknowledged = new ConcurrentBag<Written>();
        var read = new ConcurrentBag<string>();
        try
        {
            for (var round = 0; round < Rounds; round++)
            {
                var before = acknowledged.Count;
                using (var raw = new RawClient(server.Endpoint, server.Key))
                {
#pragma warning disable CA2025 // Awaited below, before the server is disposed.
                    var clients = Enumerable.Range(0, Writers).Select(w => WriteUntilCutOffAsync(raw, $"r{round}/w{w}", acknowledged))
                        .Concat(Enumerable.Range(0, Readers).Select(_ => ReadUntilCutOffAsync(raw, acknowledged, read))).ToList();
#pragma warning restore CA2025
                    await Task.Delay(Random.Shared.Next(300, 1500), TestContext.Current.CancellationToken);
                    await server.KillAsync();
                    await Task.WhenAll(clients);
                }

                Assert.True(acknowledged.Count > before, "Nothing was written before the kill, so nothing was tested.");
                Assert.NotEmpty(read);
                server = await ServerProcess.StartAsync(directory);
                using var reader = new RawClient(server.Endpoint, server.Key);
                foreach (var written in acknowledged)
                {
                    var value = (await reader.CallAsync("GetSecretValue", new() { ["SecretId"] = written.Name, ["VersionId"] = written.VersionId })).Ok;
                    Assert.Equal(written.Value, value.Text("SecretString"));
                }

                RecordedOnce(directory, acknowledged, read);
                await VerifyAsync(directory);
            }
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    // Creates a secret and puts version after version into it; then the next, because one takes only so many a day.
    private static async Task WriteUntilCutOffAsync(RawClient raw, string prefix, ConcurrentBag<Written> acknowledged)
    {
        try
        {
            for (var i = 0; ; i++)
            {
                var (name, isFirst) = ($"{prefix}/{i / 50}", i % 50 == 0);
                var written = new Written(name, Guid.NewGuid().ToString(), $"{name} value {i}");
                var answer = await raw.CallAsync(isFirst ? "CreateSecret" : "PutSecretValue", new()
                {
                    [isFirst ? "Name" : "SecretId"] = name,
                    ["SecretString"] = written.Value,
                    ["ClientRequestToken"] = written.VersionId,
                });
                if (answer.Code is null)
                    acknowledged.Add(written);
            }
        }
        catch (HttpRequestException)
        {
            // The kill. What was under way may or may not have happened; it was not acknowledged.
        }
    }

    // Reads what the others have written, and keeps the ids of the answers that it got.
    private static async Task ReadUntilCutOffAsync(RawClient raw, ConcurrentBag<Written> acknowledged, ConcurrentBag<string> read)
    {
        try
        {
            for (var i = 0; ; i++)
            {
                var wanted = acknowledged.ElementAtOrDefault(i % 50);
                var parameters = wanted is null ? "{}" : new JsonObject { ["SecretId"] = wanted.Name, ["VersionId"] = wanted.VersionId }.ToJsonString();
                using var request = raw.Signed(wanted is null ? "secretsmanager.ListSecrets" : "secretsmanager.GetSecretValue", Encoding.UTF8.GetBytes(parameters));
                using var response = await raw.SendAsync(request);
                Assert.Null((await RawClient.ReadAsync(response)).Code);
                read.Add(response.Headers.GetValues("x-amzn-RequestId").Single());
            }
        }
        catch (HttpRequestException)
        {
            // The kill.
        }
    }

    private static async Task VerifyAsync(string directory)
    {
        using var process = Process.Start(new ProcessStartInfo(Repository.Executable, ["audit", "verify", "--data", directory]) { RedirectStandardOutput = true })!;
        var said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, said);
    }

    private static void RecordedOnce(string directory, ConcurrentBag<Written> acknowledged, ConcurrentBag<string> read)
    {
        var writes = Directory.EnumerateFiles(Path.Combine(directory, "audit"), "*.jsonl")
            .SelectMany(ReadLines)
            .Select(line => JsonNode.Parse(line)!.AsObject())
            .ToList();

        Assert.Equal(writes.Count, writes.Select(r => r.Text("eventID")).Distinct().Count());
        var tokens = writes
            .Where(r => r.Text("eventName") is "CreateSecret" or "PutSecretValue" && r["errorCode"] is null)
            .CountBy(r => r["requestParameters"]!["clientRequestToken"]!.GetValue<string>())
            .ToDictionary();
        Assert.All(acknowledged, w => Assert.Equal(1, tokens.GetValueOrDefault(w.VersionId)));
        Assert.Empty(read.Except(writes.Where(r => r["errorCode"] is null).Select(r => (string?)r["requestID"])));
    }

    private static IEnumerable<string> ReadLines(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
            yield return line;
    }
}
