namespace Strongroom.Conformance.Tests.Operations;

public sealed class CreateSecretTests(SharedServer server) : OperationTest(server)
{
    [Theory, EveryClient("CreateSecret")]
    public async Task A_string_with_description_and_tags_is_stored(string client)
    {
        var token = NewToken();

        var result = (await CallAsync(client, "CreateSecret", new()
        {
            ["Name"] = Name,
            ["ClientRequestToken"] = token,
            ["Description"] = "the description",
            ["SecretString"] = """{"user":"a","password":"ü\"\\ 𝄞"}""",
            ["Tags"] = Json.Tags(("team", "a"), ("empty", "")),
        })).Ok;

        IsArnOf(Name, result.Text("ARN"));
        Assert.Equal((Name, token), (result.Text("Name"), result.Text("VersionId")));
        Assert.Equal("ARN Name VersionId", result.Names());
        var value = await GetAsync();
        Assert.Equal("""{"user":"a","password":"ü\"\\ 𝄞"}""", value.Text("SecretString"));
        Assert.Equal("AWSCURRENT", value["VersionStages"].Sorted());
        var described = await DescribeAsync();
        Assert.Equal("the description", described.Text("Description"));
        Assert.Equal("""[{"Key":"team","Value":"a"},{"Key":"empty","Value":""}]""", described["Tags"]!.ToJsonString());
    }

    [Theory, EveryClient("CreateSecret")]
    public async Task A_binary_value_comes_back_byte_for_byte(string client)
    {
        byte[] bytes = [.. Enumerable.Range(0, 256).Select(i => (byte)i)];

        (await CallAsync(client, "CreateSecret", new() { ["Name"] = Name, ["SecretBinary"] = Json.Blob(bytes) })).Ok.Text("VersionId");

        Assert.Equal(Convert.ToBase64String(bytes), (await GetAsync()).Text("SecretBinary"));
    }

    [Theory, EveryClient("CreateSecret")]
    public async Task A_name_that_is_taken_is_refused(string client)
    {
        await CreateAsync();

        var answer = await CallAsync(client, "CreateSecret", new() { ["Name"] = Name, ["SecretString"] = "other" });

        answer.Fails("ResourceExistsException", $"The operation failed because the secret {Name} already exists.");
    }
}
