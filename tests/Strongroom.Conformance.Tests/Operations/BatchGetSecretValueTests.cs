namespace Strongroom.Conformance.Tests.Operations;

public sealed class BatchGetSecretValueTests(SharedServer server) : OperationTest(server)
{
    [Theory, EveryClient("BatchGetSecretValue")]
    public async Task Values_and_errors_come_in_one_answer(string client)
    {
        var (arn, _) = await CreateAsync(value: "s1");

        var result = (await CallAsync(client, "BatchGetSecretValue", new() { ["SecretIdList"] = Json.Array(Name, $"{Name}-missing") })).Ok;

        var value = Assert.Single(result["SecretValues"]!.AsArray())!.AsObject();
        Assert.Equal((arn, "s1"), (value.Text("ARN"), value.Text("SecretString")));
        var error = Assert.Single(result["Errors"]!.AsArray())!.AsObject();
        Assert.Equal(
            ($"{Name}-missing", "ResourceNotFoundException", "Secrets Manager can't find the specified secret."),
            (error.Text("SecretId"), error.Text("ErrorCode"), error.Text("Message")));
    }

    [Theory, EveryClient("BatchGetSecretValue")]
    public async Task Filters_choose_the_secrets(string client)
    {
        await CreateAsync($"{Name}/1");
        await CreateAsync($"{Name}/2");

        var result = (await CallAsync(client, "BatchGetSecretValue", new()
        {
            ["Filters"] = new JsonArray(new JsonObject { ["Key"] = "name", ["Values"] = Json.Array(Name) }),
        })).Ok;

        Assert.Equal([$"{Name}/1", $"{Name}/2"], result["SecretValues"]!.AsArray().Select(v => v!["Name"]!.GetValue<string>()));
    }
}
