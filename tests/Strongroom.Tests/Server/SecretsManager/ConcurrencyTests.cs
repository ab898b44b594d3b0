namespace Strongroom.Tests.Server.SecretsManager;

public sealed class ConcurrencyTests
{
    [Fact]
    public async Task Sixty_four_writers_of_one_secret_all_succeed_and_leave_one_current_version()
    {
        await using var server = await RunningServer.StartAsync();
        await server.CallAsync("CreateSecret", new { Name = "s", ClientRequestToken = Token(0), SecretString = "0" });

        await Task.WhenAll(Enumerable.Range(1, 64).Select(i =>
            server.CallAsync("PutSecretValue", new { SecretId = "s", ClientRequestToken = Token(i), SecretString = $"{i}" })));

        var stages = (await server.CallAsync("DescribeSecret", new { SecretId = "s" }))["VersionIdsToStages"]!.AsObject();
        Assert.Equal(["AWSCURRENT", "AWSPREVIOUS"], stages.SelectMany(s => s.Value!.AsArray()).Select(l => (string?)l).Order());
        var versions = await server.CallAsync("ListSecretVersionIds", new { SecretId = "s", IncludeDeprecated = true });
        Assert.Equal(65, versions["Versions"]!.AsArray().Count);
        Assert.Equal(64, server.Records().Count(r => (string?)r["eventName"] == "PutSecretValue" && r["errorCode"] is null));
    }

    [Fact]
    public async Task The_same_token_from_many_writers_is_one_version()
    {
        await using var server = await RunningServer.StartAsync();

        var arns = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ =>
            server.CallAsync("CreateSecret", new { Name = "s", ClientRequestToken = Token(1), SecretString = "same" })));

        Assert.Single(arns.Select(a => (string?)a["ARN"]).Distinct());
    }

    private static string Token(int i) => $"00000000-0000-4000-8000-{i:D12}";
}
