using System.Text.Json.Nodes;
using Strongroom.Crypto;
using Strongroom.Tests.Server.Hosting;
using static Strongroom.Tests.Server.Kms.KmsClient;
using static Strongroom.Tests.Server.Sts.Identities;

namespace Strongroom.Tests.Server.Kms;

public sealed class RewrapTests : IAsyncLifetime
{
    private RunningServer server = null!;
    private string key = null!;

    private TestClient Root => server.Root;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        key = await Root.NewKeyAsync();
        for (var i = 0; i < 3; i++)
            await Root.JsonAsync("secretsmanager.CreateSecret", new { Name = $"s{i}", SecretString = $"v{i}", KmsKeyId = key, ClientRequestToken = Guid.NewGuid().ToString() });
        await Root.JsonAsync("secretsmanager.CreateSecret", new { Name = "default", SecretString = "x", ClientRequestToken = Guid.NewGuid().ToString() });
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Values_move_to_the_newest_version_step_by_step_and_stay_what_they_were()
    {
        await Root.KmsAsync("RotateKeyOnDemand", new { KeyId = key });
        Assert.Equal([1, 1, 1], await VersionsAsync());

        var first = await Root.JsonAsync("Strongroom.Rewrap", new { MaxSecrets = 2 }); // "default" and "s0"
        Assert.Equal((2, 1, 0), Counts(first));
        Assert.Equal([2, 1, 1], await VersionsAsync());
        var second = await Root.JsonAsync("Strongroom.Rewrap", new { MaxSecrets = 2, NextToken = (string?)first["NextToken"] });

        Assert.Equal((2, 2, 0), Counts(second));
        Assert.Null(second["NextToken"]);
        Assert.Equal([2, 2, 2], await VersionsAsync());
        for (var i = 0; i < 3; i++)
            Assert.Equal($"v{i}", (string?)(await Root.JsonAsync("secretsmanager.GetSecretValue", new { SecretId = $"s{i}" }))["SecretString"]);
        Assert.Equal((4, 0, 0), Counts(await Root.JsonAsync("Strongroom.Rewrap"))); // again: nothing to do
    }

    [Fact]
    public async Task A_disabled_key_keeps_its_values_and_a_forged_token_moves_nothing()
    {
        await Root.KmsAsync("RotateKeyOnDemand", new { KeyId = key });
        await Root.KmsAsync("DisableKey", new { KeyId = key });

        Assert.Equal((4, 0, 3), Counts(await Root.JsonAsync("Strongroom.Rewrap")));
        await Root.JsonFailsAsync("Strongroom.Rewrap", new { NextToken = "forged" }, "InvalidNextTokenException");
        await Root.JsonFailsAsync("Strongroom.Rewrap", new { Region = "nowhere" }, "ValidationException");
        Assert.Equal((0, 0, 0), Counts(await Root.JsonAsync("Strongroom.Rewrap", new { Region = "eu-west-1" })));
    }

    [Fact]
    public async Task It_needs_its_permission()
    {
        var user = await server.NewUserAsync("user", Allow("secretsmanager:*"));
        Assert.Contains("strongroom:Rewrap", await user.JsonFailsAsync("Strongroom.Rewrap", null, "AccessDeniedException"), StringComparison.Ordinal);
        var keeper = await server.NewUserAsync("keeper", Allow("strongroom:Rewrap"));
        await keeper.JsonAsync("Strongroom.Rewrap");
    }

    [Fact]
    public async Task The_command_moves_everything_and_says_how_much()
    {
        await Root.KmsAsync("RotateKeyOnDemand", new { KeyId = key });
        server.Time.SetUtcNow(TimeProvider.System.GetUtcNow()); // the command signs with the time of the day

        var (code, output) = await StrongroomProcess.RunAsync(new Dictionary<string, string>(), "rewrap", "--data", server.Data, "--json");

        Assert.True(code == 0, output);
        Assert.Equal((4, 3, 0), Counts(JsonNode.Parse(output)!.AsObject()));
        Assert.Equal([2, 2, 2], await VersionsAsync());
    }

    private static (int, int, int) Counts(JsonObject step) => ((int)step["Secrets"]!, (int)step["Rewrapped"]!, (int)step["Skipped"]!);

    /// <summary>The version of the key that each secret's value names.</summary>
    private async Task<List<int>> VersionsAsync()
    {
        var versions = new List<int>();
        for (var i = 0; i < 3; i++)
        {
            var secret = await server.Server.Secrets.FindAsync(RunningServer.Account, "us-east-1", $"s{i}", CancellationToken.None);
            var stored = await server.Server.Secrets.FindVersionAsync(secret!.Id, secret.Document.Versions[0].VersionId, CancellationToken.None);
            versions.Add(Keyring.TryReadKey(stored!.Value!, out _, out var version) ? version : 0);
        }

        return versions;
    }
}
