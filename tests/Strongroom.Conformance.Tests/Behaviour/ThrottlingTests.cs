namespace Strongroom.Conformance.Tests.Behaviour;

/// <summary>Unmodified SDKs against a server that takes a call every one and a half seconds: they wait and try again, and their caller notices nothing.</summary>
public sealed class ThrottlingTests
{
    [Theory]
    [InlineData("python3", "driver.py")]
    [InlineData("node", "driver.mjs")]
    public async Task An_SDK_backs_off_from_throttling(string interpreter, string script)
    {
        await using var server = await ServerProcess.StartAsync(environment: new() { ["STRONGROOM_RATE_LIMIT"] = "ListSecrets=40/min:1, sts:GetCallerIdentity=40/min:1" });
        await using var client = new ScriptClient(server, interpreter, script, attempts: 10);

        foreach (var (operation, service) in new[] { ("ListSecrets", "secretsmanager"), ("GetCallerIdentity", "sts") })
        {
            for (var i = 0; i < 2; i++)
                Assert.NotNull((await client.CallAsync(operation, [], Answer.DefaultRegion, service)).Ok);
        }

        var errors = Directory.EnumerateFiles(Path.Combine(server.DataDirectory, "audit"), "*.jsonl").SelectMany(Lines).Select(line => (string?)JsonNode.Parse(line)!["errorCode"]).ToHashSet();
        Assert.Contains("ThrottlingException", errors);
        Assert.Contains("Throttling", errors);
    }

    [Fact]
    public async Task Without_another_attempt_the_SDK_tells_of_throttling()
    {
        await using var server = await ServerProcess.StartAsync(environment: new() { ["STRONGROOM_RATE_LIMIT"] = "ListSecrets=1/h" });
        await using var client = new ScriptClient(server, "python3", "driver.py");
        Assert.NotNull((await client.CallAsync("ListSecrets", [], Answer.DefaultRegion, "secretsmanager")).Ok);

        (await client.CallAsync("ListSecrets", [], Answer.DefaultRegion, "secretsmanager")).Fails("ThrottlingException", "Rate exceeded");
    }

    private static string[] Lines(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
