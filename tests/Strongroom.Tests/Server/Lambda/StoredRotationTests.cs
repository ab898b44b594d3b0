using System.Text.Json.Nodes;
using Strongroom.Server.Functions;
using Strongroom.Server.Rotation;
using Strongroom.Tests.Server.Sts;
using static Strongroom.Tests.Server.Lambda.LambdaClient;

namespace Strongroom.Tests.Server.Lambda;

/// <summary>Stored functions as rotation functions. Source: IAM fact sheet 9.2, 9.3; API fact sheet 3.17, 4.</summary>
public sealed class StoredRotationTests : IAsyncLifetime
{
    private const string Refused = "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.";
    private const string SecretArn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:app/db-Ab3dEf";
    private const string RotationToken = "a1b2c3d4-0000-4000-8000-00000000f00d";

    private RunningServer server = null!;
    private FakeFunctionHost host = null!;

    public async ValueTask InitializeAsync()
    {
        (server, host) = await StartAsync();
        await Root.CreateFunctionAsync("rotate", environment: new { Variables = new { MASTER_PASSWORD = "hunter2-hunter2", PASSWORD_LENGTH = "32" } });
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private TestClient Root => server.Root;

    private static RotationEvent Step => new(RotationStep.SetSecret, SecretArn, "11111111-1111-4111-8111-111111111111", RotationToken);

    [Theory]
    [InlineData("")]
    [InlineData(":$LATEST")]
    public async Task A_function_that_lets_the_service_in_is_invoked_with_the_step(string qualifier)
    {
        await Root.PermitAsync("rotate", account: RunningServer.Account);

        var result = await (await FindAsync(Arn("rotate") + qualifier))!.InvokeAsync(Step, TestContext.Current.CancellationToken);

        Assert.Equal(StepResult.Succeeded, result);
        var (function, _, payload) = Assert.Single(host.Runs);
        Assert.Equal("rotate", function.Name);
        Assert.Equal(
            $$"""{"SecretId":"{{SecretArn}}","ClientRequestToken":"11111111-1111-4111-8111-111111111111","Step":"setSecret","RotationToken":"{{RotationToken}}"}""", payload);
    }

    [Theory]
    [InlineData("arn:aws:lambda:us-east-1:111122223333:function:absent")]
    [InlineData("arn:aws:lambda:eu-west-1:111122223333:function:rotate")]
    [InlineData("arn:aws-cn:lambda:us-east-1:111122223333:function:rotate")]
    [InlineData("arn:aws:lambda:us-east-1:999988887777:function:rotate")]
    [InlineData("arn:aws:lambda:us-east-1:111122223333:function:rotate:live")]
    [InlineData("arn:aws:lambda:us-east-1:111122223333:layer:rotate")]
    [InlineData("arn:aws:states:us-east-1:111122223333:function:rotate")]
    [InlineData("rotate")]
    [InlineData("")]
    public async Task What_is_not_there_is_not_found(string arn)
    {
        await Root.PermitAsync("rotate");

        Assert.Null(await FindAsync(arn));
    }

    [Theory]
    [InlineData("""{"Principal":"secretsmanager.amazonaws.com"}""", true)]
    [InlineData("""{"Principal":"secretsmanager.amazonaws.com","SourceAccount":"111122223333"}""", true)]
    [InlineData("""{"Principal":"*"}""", true)]
    [InlineData("""{"Principal":"secretsmanager.amazonaws.com","Action":"lambda:*"}""", true)]
    [InlineData("""{"Principal":"secretsmanager.amazonaws.com","SourceAccount":"444455556666"}""", false)]
    [InlineData("""{"Principal":"secretsmanager.amazonaws.com","Action":"lambda:GetFunction"}""", false)]
    [InlineData("""{"Principal":"s3.amazonaws.com"}""", false)]
    [InlineData("""{"Principal":"111122223333"}""", false)]
    public async Task The_functions_policy_decides(string permission, bool isFound)
    {
        Assert.Null(await FindAsync(Arn("rotate")));
        var body = JsonNode.Parse("""{"StatementId":"s","Action":"lambda:InvokeFunction"}""")!;
        foreach (var (name, value) in JsonNode.Parse(permission)!.AsObject())
            body[name] = value!.DeepClone();
        await Root.LambdaOkAsync(201, "POST", FunctionsPath + "/rotate/policy", body);

        Assert.Equal(isFound, await FindAsync(Arn("rotate")) is not null);
    }

    [Theory]
    [InlineData(SecretArn, true)]
    [InlineData("arn:aws:secretsmanager:us-east-1:111122223333:secret:app/*", true)]
    [InlineData("arn:aws:secretsmanager:us-east-1:111122223333:secret:other-*", false)]
    public async Task A_permission_can_be_for_one_secret(string source, bool isFound)
    {
        await Root.PermitAsync("rotate", arn: source);

        Assert.Equal(isFound, await FindAsync(Arn("rotate")) is not null);
    }

    [Fact]
    public async Task A_permission_that_is_gone_is_noticed_before_the_next_step()
    {
        await Root.PermitAsync("rotate");
        Assert.NotNull(await FindAsync(Arn("rotate")));

        await Root.LambdaOkAsync(204, "DELETE", FunctionsPath + "/rotate/policy/rotation");

        Assert.Null(await FindAsync(Arn("rotate")));
    }

    [Fact]
    public async Task A_function_of_another_account_rotates_where_its_policy_says_so()
    {
        await Root.JsonAsync("Strongroom.CreateAccount", new { AccountId = Identities.Other });
        await Root.PermitAsync("rotate", "mine", account: RunningServer.Account);
        Assert.Null(await FindAsync(Arn("rotate"), Identities.Other));

        await Root.PermitAsync("rotate", "theirs", account: Identities.Other);

        var result = await (await FindAsync(Arn("rotate"), Identities.Other))!.InvokeAsync(
            Step with { SecretArn = SecretArn.Replace(RunningServer.Account, Identities.Other, StringComparison.Ordinal) }, TestContext.Current.CancellationToken);
        Assert.Null(result.Error);
        Assert.Equal(RunningServer.Account, Assert.Single(host.Runs).Function.Account);
    }

    [Fact]
    public async Task While_functions_are_off_none_is_found()
    {
        await Root.PermitAsync("rotate");
        host.IsOn = false;

        Assert.Null(await FindAsync(Arn("rotate")));
    }

    [Theory]
    [InlineData("""{"errorMessage":"boom","errorType":"ValueError","stackTrace":["secret line"]}""", "ValueError: boom")]
    [InlineData("""{"errorMessage":"2026-01-15T12:30:45.123Z id Task timed out after 3.00 seconds"}""", "2026-01-15T12:30:45.123Z id Task timed out after 3.00 seconds")]
    [InlineData("\"text\"", "The function failed and does not say why.")]
    [InlineData("no json", "The function failed and does not say why.")]
    public async Task A_failure_is_told_in_the_functions_words(string payload, string error)
    {
        await Root.PermitAsync("rotate");
        host.Handler = (_, _, _) => Task.FromResult(FakeFunctionHost.Failure(payload));

        Assert.Equal(error, (await (await FindAsync(Arn("rotate")))!.InvokeAsync(Step, TestContext.Current.CancellationToken)).Error);
    }

    [Fact]
    public async Task What_it_says_holds_no_secret_that_is_known_and_is_bounded()
    {
        await Root.PermitAsync("rotate");
        host.Handler = (_, _, _) => Task.FromResult(FakeFunctionHost.Failure(
            $$"""{"errorMessage":"login with hunter2-hunter2 and {{RotationToken}} failed, length 32 {{new string('x', 2000)}}","errorType":"E"}""", $"I got {RotationToken} and hunter2-hunter2\n"));

        var result = await (await FindAsync(Arn("rotate")))!.InvokeAsync(Step, TestContext.Current.CancellationToken);

        Assert.StartsWith("E: login with [redacted] and [redacted] failed, length 32 xxx", result.Error, StringComparison.Ordinal);
        Assert.Equal(1024, result.Error!.Length);
        Assert.Equal("I got [redacted] and [redacted]\n", result.Output);
    }

    [Fact]
    public async Task RotateSecret_takes_a_function_only_with_its_permission()
    {
        await server.CallAsync("CreateSecret", new { Name = "app", ClientRequestToken = Guid.NewGuid(), SecretString = "x" });
        object Rotate(string arn) => new { SecretId = "app", ClientRequestToken = Guid.NewGuid(), RotationLambdaARN = arn, RotationRules = new { AutomaticallyAfterDays = 7 } };

        Assert.Equal(Refused, await server.FailAsync("RotateSecret", Rotate(Arn("rotate")), "AccessDeniedException"));
        Assert.Equal(Refused, await server.FailAsync("RotateSecret", Rotate(Arn("absent")), "AccessDeniedException"));
        Assert.False((await server.CallAsync("DescribeSecret", new { SecretId = "app" })).ContainsKey("RotationLambdaARN"));
        await Root.PermitAsync("rotate");
        await server.CallAsync("RotateSecret", Rotate(Arn("rotate")));
        Assert.Equal(Arn("rotate"), (string?)(await server.CallAsync("DescribeSecret", new { SecretId = "app" }))["RotationLambdaARN"]);
    }

    [Fact]
    public async Task A_stored_function_rotates_a_secret()
    {
        var (old, made) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
        await server.CallAsync("CreateSecret", new { Name = "app", ClientRequestToken = old, SecretString = "first" });
        await Root.PermitAsync("rotate", account: RunningServer.Account);
        host.Handler = (_, payload, _) => WorkAsync(payload, old);

        await server.CallAsync("RotateSecret", new { SecretId = "app", ClientRequestToken = made, RotationLambdaARN = Arn("rotate"), RotationRules = new { AutomaticallyAfterDays = 7 } });
        await server.Server.RotateAsync();

        Assert.Equal(["createSecret", "setSecret", "testSecret", "finishSecret"], host.Runs.Select(run => (string?)JsonNode.Parse(run.Payload)!["Step"]));
        var now = await server.CallAsync("GetSecretValue", new { SecretId = "app" });
        Assert.Equal((made, "second"), ((string?)now["VersionId"], (string?)now["SecretString"]));
        Assert.Contains(server.Records(), record => (string?)record["eventName"] == "RotationSucceeded");
    }

    [Fact]
    public async Task A_permission_removed_in_the_middle_of_a_rotation_stops_it()
    {
        var (old, made) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
        await server.CallAsync("CreateSecret", new { Name = "app", ClientRequestToken = old, SecretString = "first" });
        await Root.PermitAsync("rotate");
        host.Handler = async (_, payload, _) =>
        {
            var answer = await WorkAsync(payload, old);
            if ((string?)JsonNode.Parse(payload)!["Step"] == "setSecret")
                await Root.LambdaOkAsync(204, "DELETE", FunctionsPath + "/rotate/policy/rotation");
            return answer;
        };

        await server.CallAsync("RotateSecret", new { SecretId = "app", ClientRequestToken = made, RotationLambdaARN = Arn("rotate"), RotationRules = new { AutomaticallyAfterDays = 7 } });
        await server.Server.RotateAsync();

        Assert.Equal(["createSecret", "setSecret"], host.Runs.Select(run => (string?)JsonNode.Parse(run.Payload)!["Step"]));
        Assert.Equal("first", (string?)(await server.CallAsync("GetSecretValue", new { SecretId = "app" }))["SecretString"]);
        Assert.Contains(server.Records(), record => (string?)record["eventName"] == "RotationFailed");
    }

    // What AWS's templates do, without a database.
    private async Task<InvokeResult> WorkAsync(string payload, string old)
    {
        var step = JsonNode.Parse(payload)!;
        var (secret, token) = ((string)step["SecretId"]!, (string)step["ClientRequestToken"]!);
        if ((string?)step["Step"] == "createSecret")
            await server.CallAsync("PutSecretValue", new { SecretId = secret, ClientRequestToken = token, SecretString = "second", VersionStages = new[] { "AWSPENDING" }, RotationToken = (string)step["RotationToken"]! });
        if ((string?)step["Step"] == "finishSecret")
            await server.CallAsync("UpdateSecretVersionStage", new { SecretId = secret, VersionStage = "AWSCURRENT", MoveToVersionId = token, RemoveFromVersionId = old });
        return FakeFunctionHost.Success("null");
    }

    private ValueTask<IRotationFunction?> FindAsync(string arn, string account = RunningServer.Account) => server.Server.StoredFunctions.FindAsync(
        account, "us-east-1", SecretArn.Replace(RunningServer.Account, account, StringComparison.Ordinal), arn, TestContext.Current.CancellationToken);
}
