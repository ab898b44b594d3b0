using System.Text.Json.Nodes;
using Strongroom.Server.Rotation;
using Strongroom.Tests.Server.Rotation.Databases;
using Strongroom.Tests.Server.Webhooks;

namespace Strongroom.Tests.Server.Rotation.BuiltIn;

/// <summary>Looked at by OpenSSH's own ssh-keygen.</summary>
public sealed class SshKeyRotatorTests : IAsyncLifetime
{
    private readonly TemporaryFiles files = new();
    private RunningServer server = null!;

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        files.Dispose();
    }

    [Theory]
    [InlineData(null, "ecdsa-sha2-nistp256", "256")]
    [InlineData("ecdsa-p384", "ecdsa-sha2-nistp384", "384")]
    [InlineData("rsa-3072", "ssh-rsa", "3072")]
    [InlineData("rsa-4096", "ssh-rsa", "4096")]
    public async Task OpenSSH_takes_both_keys_for_one_pair(string? type, string name, string bits)
    {
        var secret = await BeginAsync(new JsonObject { ["keyType"] = type, ["comment"] = "deploy key", ["host"] = "h" });
        await secret.FinishAsync();

        var value = await secret.ReadAsync("AWSCURRENT");
        var line = (string)value["publicKey"]!;
        Assert.StartsWith(name + " ", line, StringComparison.Ordinal);
        Assert.EndsWith(" deploy key", line, StringComparison.Ordinal);
        Assert.Equal("h", (string?)value["host"]);

        var (code, derived) = await Tool.RunAsync("ssh-keygen", "-y", "-f", files.Write("key", (string)value["privateKey"]!));
        Assert.True(code == 0, derived);
        Assert.Equal(line.Split(' ')[..2], derived.Trim().Split(' ')[..2]);
        var (_, fingerprint) = await Tool.RunAsync("ssh-keygen", "-l", "-f", files.Write("key.pub", line + "\n"));
        Assert.StartsWith(bits + " ", fingerprint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Each_rotation_makes_another_pair()
    {
        var secret = await BeginAsync([]);
        await secret.FinishAsync();
        var first = (string?)(await secret.ReadAsync("AWSCURRENT"))["publicKey"];
        await secret.BeginAsync();
        await secret.FinishAsync();

        Assert.NotEqual(first, (string?)(await secret.ReadAsync("AWSCURRENT"))["publicKey"]);
        Assert.Equal(first, (string?)(await secret.ReadAsync("AWSPREVIOUS"))["publicKey"]);
    }

    [Theory]
    [InlineData("x\nssh-ed25519 AAAA attacker")]
    [InlineData("x\rssh-ed25519 AAAA attacker")]
    [InlineData("x\0y")]
    public async Task A_comment_cannot_add_a_line_to_authorized_keys(string comment)
    {
        var secret = await BeginAsync(new JsonObject { ["comment"] = comment });

        Assert.Equal("The member comment must be one line of at most 256 characters.", await secret.StepAsync(RotationStep.CreateSecret));
    }

    [Fact]
    public async Task Unknown_types_of_keys_are_told()
    {
        var secret = await BeginAsync(new JsonObject { ["keyType"] = "ed25519" });

        Assert.Equal("The type of the key must be ecdsa-p256, ecdsa-p384, rsa-3072 or rsa-4096.", await secret.StepAsync(RotationStep.CreateSecret));
    }

    [Fact]
    public async Task A_public_key_that_is_not_the_private_ones_fails_the_test()
    {
        var one = await BeginAsync([]);
        await one.FinishAsync();
        var mixed = await one.ReadAsync("AWSCURRENT");
        await one.BeginAsync();
        await one.FinishAsync();
        mixed["publicKey"] = (string?)(await one.ReadAsync("AWSCURRENT"))["publicKey"];
        await one.BeginAsync();
        await one.StageAsync(mixed);

        Assert.Equal("The members privateKey and publicKey do not belong together.", await one.StepAsync(RotationStep.TestSecret));
    }

    [Fact]
    public async Task The_webhook_gets_the_public_key_alone()
    {
        await using var receiver = new LoopbackReceiver();
        var secret = await BeginAsync([], ("WEBHOOK_URL", receiver.Address.ToString()), ("WEBHOOK_SECRET_FILE", files.Write("s", new string('k', 40))));
        await secret.FinishAsync();

        var body = JsonNode.Parse((await receiver.NextAsync()).Body)!.AsObject();
        Assert.Equal(["ClientRequestToken", "PublicKey", "SecretId", "Step"], body.Select(member => member.Key).Order(StringComparer.Ordinal));
        Assert.Equal((string?)(await secret.ReadAsync("AWSCURRENT"))["publicKey"], (string?)body["PublicKey"]);
    }

    private Task<RotatedDatabase> BeginAsync(JsonObject value, params (string Name, string Value)[] environment) =>
        RotatedDatabase.BeginAsync(server, "ssh", value, "StrongroomSshKeyRotation", environment.ToDictionary(e => e.Name, e => e.Value));
}
