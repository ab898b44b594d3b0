namespace Strongroom.Tests.Server.SecretsManager;

/// <summary>Source: API fact sheet 3.17, 3.2, 4.3, 4.6.</summary>
public sealed class RotateSecretTests : IAsyncLifetime
{
    private const string T1 = "11111111-1111-4111-8111-111111111111";
    private const string T2 = "22222222-2222-4222-8222-222222222222";
    private const string T3 = "33333333-3333-4333-8333-333333333333";
    private const string Function = "arn:aws:lambda:us-east-1:111122223333:function:rotate";

    private RunningServer server = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        await server.CallAsync("CreateSecret", new { Name = "s", ClientRequestToken = T1, SecretString = "one" });
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Without_a_function_there_is_nothing_to_rotate_with() =>
        Assert.Equal("No Lambda rotation function ARN is associated with this secret.", await server.FailAsync(
            "RotateSecret", new { SecretId = "s", ClientRequestToken = T2 }, "InvalidRequestException"));

    [Fact]
    public async Task A_function_that_cant_be_invoked_leaves_the_secret_as_it_was()
    {
        var message = await server.FailAsync("RotateSecret", Rotate(T2, new { AutomaticallyAfterDays = 30 }), "AccessDeniedException");

        Assert.Equal("Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.", message);
        var described = await server.CallAsync("DescribeSecret", new { SecretId = "s" });
        Assert.Null(described["RotationEnabled"]);
        Assert.Null(described["RotationLambdaARN"]);
    }

    [Fact]
    public async Task An_accepted_rotation_stores_rules_and_waits_with_a_placeholder()
    {
        server.Functions.Reachable.Add(Function);
        var answer = await server.CallAsync("RotateSecret", Rotate(T2, new { AutomaticallyAfterDays = 30 }));

        Assert.Equal(T2, (string?)answer["VersionId"]);
        var described = await server.CallAsync("DescribeSecret", new { SecretId = "s" });
        Assert.True((bool)described["RotationEnabled"]!);
        Assert.Equal("""{"AutomaticallyAfterDays":30}""", described["RotationRules"]!.ToJsonString());
        Assert.Equal(DateTimeOffset.Parse("2026-03-05T23:59:59Z", null).ToUnixTimeSeconds(), (long)described["NextRotationDate"]!);
        Assert.Equal("""["AWSPENDING"]""", described["VersionIdsToStages"]![T2]!.ToJsonString());

        // The very error that rotation functions take as "not created yet".
        await server.FailAsync("GetSecretValue", new { SecretId = "s", VersionId = T2, VersionStage = "AWSPENDING" }, "ResourceNotFoundException");
        Assert.Equal("A previous rotation isn't complete. That rotation will be reattempted.", await server.FailAsync(
            "RotateSecret", new { SecretId = "s", ClientRequestToken = T3 }, "InvalidRequestException"));

        // What a function does: fill the placeholder, then move AWSCURRENT.
        await server.CallAsync("PutSecretValue", new { SecretId = "s", ClientRequestToken = T2, SecretString = "two", VersionStages = new[] { "AWSPENDING" } });
        await server.CallAsync("UpdateSecretVersionStage", new { SecretId = "s", VersionStage = "AWSCURRENT", RemoveFromVersionId = T1, MoveToVersionId = T2 });
        Assert.Equal("two", (string?)(await server.CallAsync("GetSecretValue", new { SecretId = "s" }))["SecretString"]);
    }

    [Fact]
    public async Task A_value_put_by_hand_ends_the_rotation_and_counts_for_the_schedule()
    {
        server.Functions.Reachable.Add(Function);
        await server.CallAsync("RotateSecret", Rotate(T2, new { ScheduleExpression = "cron(0 16 1,15 * ? *)", Duration = "2h" }));
        server.Time.Advance(TimeSpan.FromDays(13)); // 16 February
        await server.CallAsync("PutSecretValue", new { SecretId = "s", ClientRequestToken = T3, SecretString = "by hand" });

        var described = await server.CallAsync("DescribeSecret", new { SecretId = "s" });
        Assert.Equal(DateTimeOffset.Parse("2026-03-01T17:59:59Z", null).ToUnixTimeSeconds(), (long)described["NextRotationDate"]!);
        Assert.Null(described["LastRotatedDate"]);
        Assert.Null(described["VersionIdsToStages"]![T2]);
        Assert.Contains(server.Records(), r => (string?)r["eventName"] == "RotationAbandoned");
    }

    [Fact]
    public async Task Cancelling_keeps_rules_and_function()
    {
        server.Functions.Reachable.Add(Function);
        await server.CallAsync("RotateSecret", Rotate(T2, new { ScheduleExpression = "rate(10 days)" }));
        Assert.Equal(T2, (string?)(await server.CallAsync("CancelRotateSecret", new { SecretId = "s" }))["VersionId"]);

        var described = await server.CallAsync("DescribeSecret", new { SecretId = "s" });
        Assert.False((bool)described["RotationEnabled"]!);
        Assert.Equal(Function, (string?)described["RotationLambdaARN"]);
        Assert.Equal("""{"AutomaticallyAfterDays":10,"ScheduleExpression":"rate(10 days)"}""", described["RotationRules"]!.ToJsonString());
        Assert.Null(described["NextRotationDate"]);
    }

    [Theory]
    [InlineData(30L, "rate(10 days)", "You cannot specify both rotation frequency and schedule expression together.")]
    [InlineData(null, "rate(1 hour)", "Invalid schedule expression: rate(1 hour).")]
    public async Task Rules_are_checked(long? days, string expression, string message)
    {
        server.Functions.Reachable.Add(Function);
        Assert.Equal(message, await server.FailAsync(
            "RotateSecret", Rotate(T2, new { AutomaticallyAfterDays = days, ScheduleExpression = expression }), "InvalidParameterException"));
    }

    [Fact]
    public async Task A_missing_token_is_told_apart_from_other_operations() =>
        Assert.Equal("You must provide a ClientRequestToken value. We recommend a UUID-type value.", await server.FailAsync(
            "RotateSecret", new { SecretId = "absent" }, "InvalidParameterException"));

    [Fact]
    public async Task A_managed_external_secret_keeps_its_rotation_members()
    {
        await server.CallAsync("UpdateSecret", new { SecretId = "s", Type = "SalesforceClientSecret" });
        await server.CallAsync("RotateSecret", new
        {
            SecretId = "s",
            ClientRequestToken = T2,
            ExternalSecretRotationRoleArn = "arn:aws:iam::111122223333:role/rotate",
            ExternalSecretRotationMetadata = new[] { new { Key = "apiVersion", Value = "v65.0" } },
            RotationRules = new { AutomaticallyAfterDays = 7 },
        });

        var described = await server.CallAsync("DescribeSecret", new { SecretId = "s" });
        Assert.Equal("SalesforceClientSecret", (string?)described["Type"]);
        Assert.Equal("arn:aws:iam::111122223333:role/rotate", (string?)described["ExternalSecretRotationRoleArn"]);
        Assert.Equal("""[{"Key":"apiVersion","Value":"v65.0"}]""", described["ExternalSecretRotationMetadata"]!.ToJsonString());
    }

    private static object Rotate(string token, object rules) =>
        new { SecretId = "s", ClientRequestToken = token, RotationLambdaARN = Function, RotationRules = rules };
}
