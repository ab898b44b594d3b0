using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Strongroom.Server.Rotation;
using Strongroom.Tests.Server.Rotation.Databases;
using Strongroom.Tests.Server.Webhooks;

namespace Strongroom.Tests.Server.Rotation.BuiltIn;

/// <summary>Source: docs/rotation-more.md; docs/formats/webhook-signature.md.</summary>
public sealed class RandomPasswordRotatorTests : IAsyncLifetime
{
    private const string Rotator = "StrongroomRandomPasswordRotation";
    private const string Key = "0123456789abcdef0123456789abcdef0123456789abcdef";

    private readonly TemporaryFiles files = new();
    private RunningServer server = null!;

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        files.Dispose();
    }

    [Fact]
    public async Task The_whole_value_is_a_password_of_the_shape_that_was_asked_for()
    {
        var secret = await BeginAsync(("PASSWORD_LENGTH", "20"), ("EXCLUDE_PUNCTUATION", "true"));
        await secret.FinishAsync();

        Assert.Matches("^[A-Za-z0-9]{20}$", await secret.ReadTextAsync("AWSCURRENT"));
        Assert.Equal("""{"user":"app","key":"old","n":[1,2.50]}""", await secret.ReadTextAsync("AWSPREVIOUS"));
    }

    [Fact]
    public async Task One_member_changes_and_the_others_stay_as_they_are()
    {
        var secret = await BeginAsync(("PASSWORD_MEMBER", "key"), ("PASSWORD_LENGTH", "16"), ("EXCLUDE_PUNCTUATION", "true"));
        await secret.FinishAsync();

        Assert.Matches("""^\{"user":"app","n":\[1,2\.50\],"key":"[A-Za-z0-9]{16}"\}$""", await secret.ReadTextAsync("AWSCURRENT"));
    }

    [Fact]
    public async Task A_value_that_has_no_members_is_told_and_nothing_is_stored()
    {
        var secret = await BeginAsync(("PASSWORD_MEMBER", "key"));
        await secret.PutAsync("no JSON");
        await secret.BeginAsync();

        Assert.Equal($"The value of {secret.Arn} is not a JSON object.", await secret.StepAsync(RotationStep.CreateSecret));
    }

    [Fact]
    public async Task The_webhook_gets_the_new_value_in_both_steps_with_a_signature()
    {
        await using var receiver = new LoopbackReceiver();
        var secret = await BeginAsync(Webhook(receiver));
        await secret.FinishAsync();

        foreach (var step in new[] { "setSecret", "testSecret" })
        {
            var post = await receiver.NextAsync();
            var body = JsonNode.Parse(post.Body)!;
            Assert.Equal(
                (step, secret.Arn, secret.Token, await secret.ReadTextAsync("AWSCURRENT")),
                ((string?)body["Step"], (string?)body["SecretId"], (string?)body["ClientRequestToken"], (string?)body["SecretString"]));
            var signature = post.Headers["Strongroom-Signature"].Split(',');
            var signed = Encoding.ASCII.GetBytes(signature[0][2..] + ".").Concat(post.Body).ToArray();
            Assert.Equal("v1=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.ASCII.GetBytes(Key), signed)), signature[1]);
        }

        Assert.False(receiver.HasMore);
    }

    [Theory]
    [InlineData("setSecret")]
    [InlineData("testSecret")]
    public async Task What_the_webhook_refuses_does_not_become_current(string refused)
    {
        await using var receiver = new LoopbackReceiver { Answer = post => (string?)JsonNode.Parse(post.Body)!["Step"] == refused ? "503 No" : "204 No Content" };
        var secret = await BeginAsync(Webhook(receiver));
        Assert.Null(await secret.StepAsync(RotationStep.CreateSecret));

        var set = await secret.StepAsync(RotationStep.SetSecret);
        var failure = refused == "setSecret" ? set : await secret.StepAsync(RotationStep.TestSecret);
        Assert.Equal($"The webhook did not take the new value in {refused}: it answered 503.", failure);
    }

    [Theory]
    [InlineData("http://192.0.2.1/apply", "plain HTTP to another machine")]
    [InlineData("http://user:pass@127.0.0.1/apply", "without a user or password")]
    [InlineData("file:///etc/passwd", "must be an address")]
    public async Task An_address_that_would_give_the_value_away_is_not_used(string address, string why)
    {
        var secret = await BeginAsync(("WEBHOOK_URL", address), ("WEBHOOK_SECRET_FILE", files.Write("key", Key)));
        Assert.Null(await secret.StepAsync(RotationStep.CreateSecret));

        Assert.Contains(why, await secret.StepAsync(RotationStep.SetSecret), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_signing_secret_nothing_is_sent()
    {
        await using var receiver = new LoopbackReceiver();
        var secret = await BeginAsync(("WEBHOOK_URL", receiver.Address.ToString()));
        Assert.Null(await secret.StepAsync(RotationStep.CreateSecret));

        Assert.StartsWith("WEBHOOK_URL is set, and WEBHOOK_SECRET_FILE is not", await secret.StepAsync(RotationStep.SetSecret), StringComparison.Ordinal);
        Assert.False(receiver.HasMore);
    }

    [Fact]
    public async Task A_secret_cannot_name_the_address()
    {
        await using var receiver = new LoopbackReceiver();
        var secret = await BeginAsync();
        await secret.PutAsync(new JsonObject { ["WEBHOOK_URL"] = receiver.Address.ToString() }.ToJsonString());
        await secret.BeginAsync();
        await secret.FinishAsync();

        Assert.False(receiver.HasMore);
    }

    private (string, string)[] Webhook(LoopbackReceiver receiver) => [("WEBHOOK_URL", receiver.Address.ToString()), ("WEBHOOK_SECRET_FILE", files.Write("key", Key))];

    private Task<RotatedDatabase> BeginAsync(params (string Name, string Value)[] environment) => RotatedDatabase.BeginAsync(
        server, "s", JsonNode.Parse("""{"user":"app","key":"old","n":[1,2.50]}""")!.AsObject(), Rotator, environment.ToDictionary(e => e.Name, e => e.Value));
}
