using System.Text.Json.Nodes;
using Strongroom.Tests.Server.Webhooks;

namespace Strongroom.Tests.Server.Rotation;

/// <summary>Secrets with a type and no function, rotated by what the functions file names for the type. Source: API fact sheet 9; docs/rotation-more.md.</summary>
public sealed class ManagedExternalSecretTests : IAsyncLifetime
{
    private const string T1 = "11111111-1111-4111-8111-111111111111";
    private const string T2 = "22222222-2222-4222-8222-222222222222";
    private const string Role = "arn:aws:iam::111122223333:role/rotate";

    private readonly BuiltIn.TemporaryFiles files = new();
    private RunningServer server = null!;

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        files.Dispose();
    }

    [Fact]
    public async Task A_built_in_rotator_that_is_configured_for_the_type_rotates_it_and_others_stay()
    {
        await OpenAsync("""{"name":"StrongroomRandomPasswordRotation","types":["PaddleApiKey","DeployKey"],"environment":{"PASSWORD_MEMBER":"apiKey"}}""");
        await CreateAsync("mine", "PaddleApiKey");
        await CreateAsync("theirs", "SalesforceClientSecret");

        await RotateAsync("mine");
        await RotateAsync("theirs");

        var value = await ReadAsync("mine");
        Assert.Equal(32, ((string)value["apiKey"]!).Length);
        Assert.Equal("stays", (string?)value["account"]);
        Assert.Equal("""{"apiKey":"old","account":"stays"}""", (await ReadAsync("theirs")).ToJsonString());
        Assert.Equal(["RotationFailed", "RotationSucceeded"], Ends());
        Assert.Equal(
            "No function rotates secrets of this type.", (string?)server.Records().Single(record => (string?)record["eventName"] == "RotationFailed")["errorMessage"]);
        var described = await server.CallAsync("DescribeSecret", new { SecretId = "mine" });
        Assert.Equal(Role, (string?)described["ExternalSecretRotationRoleArn"]);
        Assert.Equal("""[{"Key":"apiVersion","Value":"v65.0"}]""", described["ExternalSecretRotationMetadata"]!.ToJsonString());
    }

    [Fact]
    public async Task A_function_over_HTTP_gets_the_event_of_any_secret()
    {
        await using var function = new LoopbackReceiver { Answer = _ => "200 OK" };
        await OpenAsync(
            $$"""{"name":"partner","url":"{{function.Address}}","signing":"none","types":["GitLabAccessToken"]},{"name":"StrongroomRandomPasswordRotation","types":["GitLabAccessToken"]}""");
        await CreateAsync("mine", "GitLabAccessToken");

        await RotateAsync("mine");

        var step = JsonNode.Parse((await function.NextAsync()).Body)!.AsObject();
        Assert.Equal(["ClientRequestToken", "RotationToken", "SecretId", "Step"], step.Select(member => member.Key).Order(StringComparer.Ordinal));
        Assert.Equal(("createSecret", T2), ((string?)step["Step"], (string?)step["ClientRequestToken"]));
    }

    [Fact]
    public async Task A_function_for_other_accounts_or_regions_or_types_is_not_used()
    {
        await using var function = new LoopbackReceiver { Answer = _ => "200 OK" };
        await OpenAsync(string.Join(',', new[] { "\"accounts\":[\"444455556666\"]", "\"regions\":[\"eu-west-1\"]", "\"types\":[\"gitlabaccesstoken\"]" }.Select(
            (limit, i) => $$"""{"name":"f{{i}}","url":"{{function.Address}}","signing":"none",{{limit}}{{(i < 2 ? ",\"types\":[\"GitLabAccessToken\"]" : "")}}}""")));
        await CreateAsync("mine", "GitLabAccessToken");

        await RotateAsync("mine");

        Assert.Equal(["RotationFailed"], Ends());
        Assert.False(function.HasMore);
    }

    [Fact]
    public async Task Without_a_role_a_typed_secret_needs_a_function()
    {
        await OpenAsync("""{"name":"StrongroomRandomPasswordRotation","types":["PaddleApiKey"]}""");
        await CreateAsync("mine", "PaddleApiKey");

        await server.FailAsync("RotateSecret", new { SecretId = "mine", ClientRequestToken = T2 }, "InvalidRequestException");
    }

    private async Task OpenAsync(string functions)
    {
        await server.CloseAsync();
        server.UsesConfiguredFunctions = true;
        var file = files.Write("functions.json", $$"""{"functions":[{{functions}}]}""");
        await server.OpenAsync(configure: options => options with { Functions = options.Functions with { File = file } });
    }

    private Task<JsonObject> CreateAsync(string name, string type) =>
        server.CallAsync("CreateSecret", new { Name = name, Type = type, ClientRequestToken = T1, SecretString = """{"apiKey":"old","account":"stays"}""" });

    private async Task RotateAsync(string name)
    {
        await server.CallAsync("RotateSecret", new
        {
            SecretId = name, ClientRequestToken = T2, ExternalSecretRotationRoleArn = Role, ExternalSecretRotationMetadata = new[] { new { Key = "apiVersion", Value = "v65.0" } },
        });
        await server.Server.RotateAsync();
    }

    private async Task<JsonObject> ReadAsync(string name) =>
        JsonNode.Parse((string)(await server.CallAsync("GetSecretValue", new { SecretId = name }))["SecretString"]!)!.AsObject();

    private IEnumerable<string?> Ends() =>
        server.Records().Select(record => (string?)record["eventName"]).Where(name => name is "RotationSucceeded" or "RotationFailed").Order(StringComparer.Ordinal);
}
