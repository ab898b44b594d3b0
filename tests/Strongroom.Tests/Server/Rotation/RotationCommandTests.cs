using System.Text.Json.Nodes;
using Strongroom.Tests.Server.Hosting;
using Strongroom.Tests.Server.Kms;
using Strongroom.Tests.Server.Sts;

namespace Strongroom.Tests.Server.Rotation;

/// <summary><c>strongroom rotation readers</c> with the real program.</summary>
public sealed class RotationCommandTests : IAsyncLifetime
{
    private RunningServer server = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        // The program signs with the time of this machine.
        await server.ReopenAtAsync(TimeProvider.System.GetUtcNow());
        await server.CallAsync("CreateSecret", new { Name = "prod/db", ClientRequestToken = "11111111-1111-4111-8111-111111111111", SecretString = "one" });
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Readers_with_an_old_version_are_listed_and_all_when_asked()
    {
        var (late, quick) = (await server.NewUserAsync("late", Identities.Allow("secretsmanager:*")), await server.NewUserAsync("quick", Identities.Allow("secretsmanager:*")));
        await late.JsonAsync("secretsmanager.GetSecretValue", new { SecretId = "prod/db" });
        await server.CallAsync("PutSecretValue", new { SecretId = "prod/db", ClientRequestToken = "22222222-2222-4222-8222-222222222222", SecretString = "two" });
        await quick.JsonAsync("secretsmanager.GetSecretValue", new { SecretId = "prod/db" });

        var (code, output) = await RunAsync(server.Root, "readers", "prod/db");
        Assert.True(code == 0, output);
        Assert.Contains("1 of 2 readers do not have the current version.", output, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^arn:aws:iam::111122223333:user/late\t\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ\tprevious\r?$", output);
        Assert.DoesNotContain("user/quick", output, StringComparison.Ordinal);

        (code, output) = await RunAsync(server.Root, "readers", "prod/db", "--all");
        Assert.True(code == 0, output);
        Assert.Contains("user/quick", output, StringComparison.Ordinal);
        (code, output) = await RunAsync(server.Root, "readers", "prod/db", "--days", "1", "--json");
        Assert.True(code == 0, output);
        Assert.Equal(["CURRENT", "PREVIOUS"], JsonNode.Parse(output)!["Readers"]!.AsArray().Select(reader => (string?)reader!["Version"]).Order());

        (code, output) = await RunAsync(late, "readers", "prod/db");
        Assert.True(code == 1, output);
        Assert.Contains("is not authorized to perform: strongroom:ListRotationReaders", output, StringComparison.Ordinal);
    }

    private Task<(int Code, string Output)> RunAsync(TestClient who, params string[] arguments) => StrongroomProcess.RunAsync(
        new Dictionary<string, string>
        {
            ["AWS_ENDPOINT_URL"] = server.Url().ToString(), ["AWS_ACCESS_KEY_ID"] = who.AccessKeyId, ["AWS_SECRET_ACCESS_KEY"] = who.SecretAccessKey, ["AWS_REGION"] = "us-east-1",
        },
        ["rotation", .. arguments]);
}
