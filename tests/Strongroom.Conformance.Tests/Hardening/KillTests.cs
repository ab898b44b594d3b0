using System.Collections.Concurrent;

namespace Strongroom.Conformance.Tests.Hardening;

/// <summary>Kills the server in the middle of its work. What it acknowledged must be there, and recorded exactly once.</summary>
public sealed class KillTests
{
    private const int Rounds = 3;
    private const int Writers = 6;

    private sealed record Written(string Name, string VersionId, string Value);

    [Fact]
    public async Task Every_acknowledged_write_survives_a_kill_with_its_one_record()
    {
        var server = await ServerProcess.StartAsync();
        var directory = server.DataDirectory;
        var acknowledged = new ConcurrentBag<Written>();
        try
        {
            for (var round = 0; round < Rounds; round++)
            {
                var before = acknowledged.Count;
                using (var raw = new RawClient(server.Endpoint, server.Key))
                {
#pragma warning disable CA2025 // Awaited below, before the server is disposed.
                    var writers = Enumerable.Range(0, Writers).Select(w => WriteUntilCutOffAsync(raw, $"r{round}/w{w}", acknowledged)).ToList();
#pragma warning restore CA2025
                    await Task.Delay(Random.Shared.Next(300, 1500), TestContext.Current.CancellationToken);
                    await server.KillAsync();
                    await Task.WhenAll(writers);
                }

                Assert.True(acknowledged.Count > before, "Nothing was written before the kill, so nothing was tested.");
                server = await ServerProcess.StartAsync(directory);
                using var reader = new RawClient(server.Endpoint, server.Key);
                foreach (var written in acknowledged)
                {
                    var value = (await reader.CallAsync("GetSecretValue", new() { ["SecretId"] = written.Name, ["VersionId"] = written.VersionId })).Ok;
                    Assert.Equal(written.Value, value.Text("SecretString"));
                }

                RecordedOnce(directory, acknowledged);
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
                    [isFirst ? "Name" : "SecretId"] = name, ["SecretString"] = written.Value, ["ClientRequestToken"] = written.VersionId,
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

    private static void RecordedOnce(string directory, ConcurrentBag<Written> acknowledged)
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
    }

    private static IEnumerable<string> ReadLines(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
            yield return line;
    }
}
