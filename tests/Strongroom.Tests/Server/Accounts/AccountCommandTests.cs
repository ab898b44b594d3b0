using System.Text.Json.Nodes;
using Strongroom.Tests.Server.Hosting;

namespace Strongroom.Tests.Server.Accounts;

/// <summary><c>strongroom account</c> with the real program at both ends.</summary>
public sealed class AccountCommandTests : IAsyncLifetime
{
    private readonly string data = Directory.CreateTempSubdirectory("strongroom-account-").FullName;
    private StrongroomProcess server = null!;

    public async ValueTask InitializeAsync()
    {
        server = StrongroomProcess.Start(new Dictionary<string, string>(), "serve", "--data", data, "--listen", "http://127.0.0.1:0");
        await server.SeeAsync("http://127.0.0.1:");
    }

    public ValueTask DisposeAsync()
    {
        server.Dispose();
        Directory.Delete(data, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Accounts_are_created_and_listed_from_the_command_line()
    {
        var (code, output) = await RunAsync([], "account", "create", "--data", data, "--account-id", "444455556666", "--name", "team b", "--json");
        Assert.True(code == 0, output);
        var made = JsonNode.Parse(output)!;
        Assert.Equal("444455556666", (string?)made["Account"]!["Id"]);

        (code, output) = await RunAsync([], "account", "list", "--data", data);
        Assert.True(code == 0, output);
        Assert.Matches(@"(?m)^444455556666  \d{4}-\d\d-\d\d  team b\r?$", output);
        Assert.DoesNotContain((string)made["AccessKey"]!["SecretAccessKey"]!, server.Output, StringComparison.Ordinal);

        (code, output) = await RunAsync([], "account", "create", "--data", data, "--account-id", "444455556666");
        Assert.True(code == 1, output);
        Assert.Contains("strongroom: AccountAlreadyExistsException: There is an account 444455556666 already.", output, StringComparison.Ordinal);

        // Whose keys the environment has, that is who asks.
        (code, output) = await RunAsync(
            new()
            {
                ["STRONGROOM_DATA"] = data,
                ["AWS_ACCESS_KEY_ID"] = (string)made["AccessKey"]!["AccessKeyId"]!,
                ["AWS_SECRET_ACCESS_KEY"] = (string)made["AccessKey"]!["SecretAccessKey"]!,
            },
            "account", "list");
        Assert.True(code == 1, output);
        Assert.Contains("User: arn:aws:iam::444455556666:root is not authorized to perform: strongroom:ListAccounts", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_missing_is_said()
    {
        var (code, output) = await RunAsync(new() { ["STRONGROOM_DATA"] = data + "-none", ["AWS_ACCESS_KEY_ID"] = "a", ["AWS_SECRET_ACCESS_KEY"] = "b" }, "account", "list");
        Assert.True(code == 1, output);
        Assert.Contains("AWS_ENDPOINT_URL is not", output, StringComparison.Ordinal);

        (code, output) = await RunAsync(
            new() { ["AWS_ENDPOINT_URL"] = "http://127.0.0.1:1", ["AWS_ACCESS_KEY_ID"] = "a", ["AWS_SECRET_ACCESS_KEY"] = "b" }, "account", "list");
        Assert.True(code == 1, output);
        Assert.Contains("can't be reached", output, StringComparison.Ordinal);
    }

    private static Task<(int Code, string Output)> RunAsync(Dictionary<string, string> environment, params string[] arguments) =>
        StrongroomProcess.RunAsync(environment, arguments);
}
