namespace Strongroom.Conformance.Tests.Operations;

public sealed class VersionTests(SharedServer server) : OperationTest(server)
{
    [Theory, EveryClient("PutSecretValue")]
    public async Task PutSecretValue_makes_the_new_version_current(string client)
    {
        var (arn, v1) = await CreateAsync();
        var v2 = NewToken();

        var result = (await CallAsync(client, "PutSecretValue", new() { ["SecretId"] = Name, ["SecretString"] = "s2", ["ClientRequestToken"] = v2 })).Ok;

        Assert.Equal("ARN Name VersionId VersionStages", result.Names());
        Assert.Equal((arn, Name, v2, "AWSCURRENT"), (result.Text("ARN"), result.Text("Name"), result.Text("VersionId"), result["VersionStages"].Sorted()));
        Assert.Equal("v1: AWSPREVIOUS; v2: AWSCURRENT", await LabelsAsync(v1, v2));
    }

    [Theory, EveryClient("PutSecretValue")]
    public async Task PutSecretValue_replaces_a_string_by_bytes(string client)
    {
        await CreateAsync();

        (await CallAsync(client, "PutSecretValue", new() { ["SecretId"] = Name, ["SecretBinary"] = Json.Blob([0, 255]) })).Ok.Text("VersionId");

        var value = await GetAsync();
        Assert.Equal(("AP8=", false), (value.Text("SecretBinary"), value.ContainsKey("SecretString")));
    }

    [Theory, EveryClient("UpdateSecret")]
    public async Task UpdateSecret_changes_what_it_is_given(string client)
    {
        var (_, v1) = await CreateAsync();
        var v2 = NewToken();

        var result = (await CallAsync(client, "UpdateSecret", new()
        {
            ["SecretId"] = Name, ["Description"] = "new", ["SecretString"] = "s2", ["ClientRequestToken"] = v2,
        })).Ok;

        Assert.Equal("ARN Name VersionId", result.Names());
        Assert.Equal(v2, result.Text("VersionId"));
        Assert.Equal("v1: AWSPREVIOUS; v2: AWSCURRENT", await LabelsAsync(v1, v2));
        Assert.Equal("new", (await DescribeAsync()).Text("Description"));
    }

    [Theory, EveryClient("UpdateSecret")]
    public async Task UpdateSecret_without_a_value_makes_no_version(string client)
    {
        await CreateAsync();

        var result = (await CallAsync(client, "UpdateSecret", new() { ["SecretId"] = Name, ["Description"] = "new" })).Ok;

        Assert.Equal("ARN Name", result.Names());
        Assert.Equal("s1", (await GetAsync()).Text("SecretString"));
    }

    [Theory, EveryClient("UpdateSecretVersionStage")]
    public async Task UpdateSecretVersionStage_moves_AWSCURRENT_back(string client)
    {
        var (arn, v1) = await CreateAsync();
        var v2 = await PutAsync("s2");

        var result = (await CallAsync(client, "UpdateSecretVersionStage", new()
        {
            ["SecretId"] = Name, ["VersionStage"] = "AWSCURRENT", ["MoveToVersionId"] = v1, ["RemoveFromVersionId"] = v2,
        })).Ok;

        Assert.Equal((arn, "ARN Name"), (result.Text("ARN"), result.Names()));
        Assert.Equal("v1: AWSCURRENT; v2: AWSPREVIOUS", await LabelsAsync(v1, v2));
    }

    [Theory, EveryClient("ListSecretVersionIds")]
    public async Task ListSecretVersionIds_hides_deprecated_versions_unless_asked(string client)
    {
        var (arn, v1) = await CreateAsync();
        var v2 = await PutAsync("s2");
        var v3 = await PutAsync("s3");

        var shown = (await CallAsync(client, "ListSecretVersionIds", new() { ["SecretId"] = Name })).Ok;
        var all = (await CallAsync(client, "ListSecretVersionIds", new() { ["SecretId"] = Name, ["IncludeDeprecated"] = true })).Ok;

        Assert.Equal((arn, Name), (shown.Text("ARN"), shown.Text("Name")));
        Assert.Equal([v2, v3], shown["Versions"]!.AsArray().Select(v => v!["VersionId"]!.GetValue<string>()));
        Assert.Equal([v1, v2, v3], all["Versions"]!.AsArray().Select(v => v!["VersionId"]!.GetValue<string>()));
        Assert.Equal("CreatedDate KmsKeyIds VersionId", all["Versions"]![0]!.AsObject().Names());
        Assert.Equal("DefaultEncryptionKey", all["Versions"]![0]!["KmsKeyIds"].Sorted());
    }
}
