namespace Strongroom.Conformance.Tests.Operations;

public sealed class GetSecretValueTests(SharedServer server) : OperationTest(server)
{
    [Theory, EveryClient("GetSecretValue")]
    public async Task The_current_value_comes_with_its_version(string client)
    {
        var (arn, version) = await CreateAsync(value: "s1");

        var result = (await CallAsync(client, "GetSecretValue", new() { ["SecretId"] = Name })).Ok;

        Assert.Equal("ARN CreatedDate Name SecretString VersionId VersionStages", result.Names());
        Assert.Equal((arn, Name, "s1", version), (result.Text("ARN"), result.Text("Name"), result.Text("SecretString"), result.Text("VersionId")));
        Assert.Equal("AWSCURRENT", result["VersionStages"].Sorted());
        Assert.InRange(DateTimeOffset.Parse(result.Text("CreatedDate"), null), DateTimeOffset.UtcNow.AddMinutes(-2), DateTimeOffset.UtcNow.AddMinutes(1));
    }

    [Theory, EveryClient("GetSecretValue")]
    public async Task A_missing_secret_is_not_found(string client) =>
        (await CallAsync(client, "GetSecretValue", new() { ["SecretId"] = Name }))
            .Fails("ResourceNotFoundException", "Secrets Manager can't find the specified secret.");
}
