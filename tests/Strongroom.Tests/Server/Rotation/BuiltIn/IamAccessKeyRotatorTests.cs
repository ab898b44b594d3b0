using System.Text.Json.Nodes;
using Strongroom.Server.Rotation;
using Strongroom.Tests.Server.Rotation.Databases;
using Strongroom.Tests.Server.Sts;

namespace Strongroom.Tests.Server.Rotation.BuiltIn;

/// <summary>Against the IAM of the server itself, over HTTP. Source: IAM Developer Guide, "Update access keys"; two keys a user.</summary>
public sealed class IamAccessKeyRotatorTests : IAsyncLifetime
{
    private RunningServer server = null!;

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_new_key_works_and_the_one_before_goes_with_the_next_rotation()
    {
        var first = await NewUserKeyAsync();
        var secret = await BeginAsync(first);
        await secret.FinishAsync();
        var second = await secret.ReadAsync("AWSCURRENT");
        Assert.Equal(new[] { (string)first["accessKeyId"]!, (string)second["accessKeyId"]! }.Order(StringComparer.Ordinal), await KeysAsync());
        Assert.Equal("rotated", (string?)second["userName"]);
        await ClientOf(second).StsAsync("GetCallerIdentity");
        await ClientOf(first).StsAsync("GetCallerIdentity");

        await secret.BeginAsync();
        await secret.FinishAsync();
        var third = await secret.ReadAsync("AWSCURRENT");
        Assert.Equal(new[] { (string)second["accessKeyId"]!, (string)third["accessKeyId"]! }.Order(StringComparer.Ordinal), await KeysAsync());
        await ClientOf(third).StsAsync("GetCallerIdentity");
        await ClientOf(first).StsFailsAsync("InvalidClientTokenId", 403, "GetCallerIdentity");
        Assert.All(server.Records(), record => Assert.DoesNotContain((string)third["secretAccessKey"]!, record.ToJsonString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_key_that_an_attempt_left_behind_makes_room_and_one_in_use_does_not()
    {
        var first = await NewUserKeyAsync();
        var secret = await BeginAsync(first);
        var stranger = await NewKeyAsync();
        var client = ClientOf(stranger);
        await client.StsAsync("GetCallerIdentity");
        Assert.StartsWith(
            $"The user has the access key {stranger["accessKeyId"]}, which is not this secret's and is in use.", await secret.StepAsync(RotationStep.CreateSecret), StringComparison.Ordinal);
        Assert.Equal(2, (await KeysAsync()).Count());

        await server.Root.IamAsync("DeleteAccessKey", ("UserName", "rotated"), ("AccessKeyId", (string)stranger["accessKeyId"]!));
        var unused = await NewKeyAsync();
        await secret.FinishAsync();
        Assert.DoesNotContain((string)unused["accessKeyId"]!, await KeysAsync());
    }

    [Fact]
    public async Task Without_the_right_to_make_a_key_nothing_changes()
    {
        var first = await NewUserKeyAsync();
        await server.Root.IamAsync("PutUserPolicy", ("UserName", "rotated"), ("PolicyName", "no"), ("PolicyDocument", Identities.Deny("iam:CreateAccessKey")));
        var secret = await BeginAsync(first);

        Assert.Equal("CreateAccessKey: AccessDenied", await secret.StepAsync(RotationStep.CreateSecret));
        Assert.Single(await KeysAsync());
    }

    [Fact]
    public async Task A_key_that_does_not_work_does_not_become_current()
    {
        var first = await NewUserKeyAsync();
        var secret = await BeginAsync(first);
        await secret.StageAsync(new JsonObject { ["accessKeyId"] = (string?)first["accessKeyId"], ["secretAccessKey"] = "wrong" });

        Assert.Equal("GetCallerIdentity: SignatureDoesNotMatch", await secret.StepAsync(RotationStep.TestSecret));
    }

    [Theory]
    [InlineData("http://192.0.2.1", "plain HTTP to another machine")]
    [InlineData("ftp://127.0.0.1", "must be an address")]
    public async Task A_key_is_never_used_at_an_address_where_others_could_listen(string address, string why)
    {
        var secret = await BeginAsync(await NewUserKeyAsync(), ("IAM_ENDPOINT", address));

        Assert.Contains(why, await secret.StepAsync(RotationStep.CreateSecret), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_secret_cannot_name_the_address()
    {
        var value = await NewUserKeyAsync();
        value["endpoint"] = "http://127.0.0.1:1";
        value["IAM_ENDPOINT"] = "http://127.0.0.1:1";
        var secret = await BeginAsync(value);

        await secret.FinishAsync();
    }

    private Task<RotatedDatabase> BeginAsync(JsonObject value, params (string Name, string Value)[] environment) =>
        RotatedDatabase.BeginAsync(server, "key", value, "StrongroomIamAccessKeyRotation", environment.ToDictionary(e => e.Name, e => e.Value));

    private async Task<JsonObject> NewUserKeyAsync()
    {
        await server.Root.IamAsync("CreateUser", ("UserName", "rotated"));
        await server.Root.IamAsync(
            "PutUserPolicy", ("UserName", "rotated"), ("PolicyName", "own"), ("PolicyDocument", Identities.Allow("iam:*", $"arn:aws:iam::{RunningServer.Account}:user/rotated")));
        return await NewKeyAsync();
    }

    private async Task<JsonObject> NewKeyAsync()
    {
        var key = (await server.Root.IamAsync("CreateAccessKey", ("UserName", "rotated"))).Element("AccessKey")!;
        return new JsonObject { ["accessKeyId"] = key.Element("AccessKeyId")!.Value, ["secretAccessKey"] = key.Element("SecretAccessKey")!.Value, ["userName"] = "rotated" };
    }

    private TestClient ClientOf(JsonObject value) => new(server, (string)value["accessKeyId"]!, (string)value["secretAccessKey"]!);

    private async Task<IEnumerable<string>> KeysAsync() =>
        (await server.Root.IamAsync("ListAccessKeys", ("UserName", "rotated"))).Descendants("AccessKeyId").Select(id => id.Value).Order(StringComparer.Ordinal).ToList();
}
