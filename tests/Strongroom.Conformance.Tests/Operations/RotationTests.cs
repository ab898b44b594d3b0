namespace Strongroom.Conformance.Tests.Operations;

public sealed class RotationTests(SharedServer server) : OperationTest(server)
{
    [Theory, EveryClient("RotateSecret")]
    public async Task RotateSecret_without_a_function_says_so(string client)
    {
        await CreateAsync();

        (await CallAsync(client, "RotateSecret", new() { ["SecretId"] = Name }))
            .Fails("InvalidRequestException", "No Lambda rotation function ARN is associated with this secret.");
    }

    [Theory, EveryClient("RotateSecret")]
    public async Task RotateSecret_stores_nothing_when_the_function_cannot_be_invoked(string client)
    {
        await CreateAsync();

        var answer = await CallAsync(client, "RotateSecret", new()
        {
            ["SecretId"] = Name,
            ["RotationLambdaARN"] = "arn:aws:lambda:us-east-1:111122223333:function:missing",
            ["RotationRules"] = new JsonObject { ["AutomaticallyAfterDays"] = 30 },
        });

        answer.Fails(
            "AccessDeniedException",
            "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.");
        Assert.Equal("ARN CreatedDate LastChangedDate Name VersionIdsToStages", (await DescribeAsync()).Names());
    }

    [Theory, EveryClient("CancelRotateSecret")]
    public async Task CancelRotateSecret_turns_rotation_off(string client)
    {
        var (arn, _) = await CreateAsync();

        var result = (await CallAsync(client, "CancelRotateSecret", new() { ["SecretId"] = Name })).Ok;

        Assert.Equal((arn, "ARN Name"), (result.Text("ARN"), result.Names()));
        Assert.False((await DescribeAsync())["RotationEnabled"]!.GetValue<bool>());
    }
}
