using System.Text.Json;
using Strongroom.Server.Functions;
using Strongroom.Server.Hosting;
using Strongroom.Server.Rotation;
using Strongroom.Tests.Architecture;
using Strongroom.Tests.Server.Sts;

namespace Strongroom.Tests.Server.Functions;

/// <summary>One file with a rotation function for AWS Lambda, with boto3, run as a process and behind Lambda's Invoke API: the four steps, and who may.</summary>
public sealed class RotationFunctionTests : IAsyncLifetime
{
    private const string Old = "11111111-1111-4111-8111-111111111111";
    private const string New = "22222222-2222-4222-8222-222222222222";
    private const string RotationToken = "33333333-3333-4333-8333-333333333333";
    private const string Arn = "arn:aws:lambda:us-east-1:111122223333:function:rotate";
    private const string OldPassword = "the-old-pässword";
    private const string TrustsLambda = """
        {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole",
        "Condition":{"StringEquals":{"aws:SourceAccount":"111122223333"} } }] }
        """;
    private const string MayRotate = """
        {"Version":"2012-10-17","Statement":[
          {"Effect":"Allow","Action":["secretsmanager:DescribeSecret","secretsmanager:GetSecretValue","secretsmanager:PutSecretValue","secretsmanager:UpdateSecretVersionStage"],
           "Resource":"*","Condition":{"StringEquals":{"secretsmanager:resource/AllowRotationLambdaArn":"arn:aws:lambda:us-east-1:111122223333:function:rotate"} } },
          {"Effect":"Allow","Action":"secretsmanager:GetRandomPassword","Resource":"*"}] }
        """;

    private readonly string root = Directory.CreateTempSubdirectory("strongroom-test-").FullName;
    private RunningServer server = null!;
    private string secretArn = "";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        File.SetUnixFileMode(root, (UnixFileMode)0b111_101_101);
        server = await RunningServer.StartAsync();
        server.Functions.Reachable.Add(Arn);
        await server.PutAsync(
            Identities.Role("rotation", TrustsLambda, MayRotate), Identities.Role("stranger", Identities.Trust("111122223333"), MayRotate), Identities.User("lambda", MayRotate));
        secretArn = (string)(await server.CallAsync(
            "CreateSecret", new { Name = "prod/db", ClientRequestToken = Old, SecretString = JsonSerializer.Serialize(new { username = "app", password = OldPassword }) }))["ARN"]!;
        await server.CallAsync("RotateSecret", new { SecretId = "prod/db", ClientRequestToken = New, RotationLambdaARN = Arn, RotationRules = new { AutomaticallyAfterDays = 30 } });
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(root, recursive: true);
    }

    [Fact]
    public async Task A_lambda_function_rotates_as_a_process()
    {
        await OpenAsync(await ProcessAsync());

        var results = await RunAllAsync();

        Assert.All(results, result => Assert.True(result.Error is null, result.Error + result.Output));
        Assert.Contains($"createSecret: Successfully put secret for ARN {secretArn} and version {New}.", results[0].Output, StringComparison.Ordinal);
        Assert.Contains("setSecret: as app", results[1].Output, StringComparison.Ordinal);
        await AssertRotatedAsync();
        var put = server.Records().Single(record => (string?)record["eventName"] == "PutSecretValue");
        Assert.Equal("arn:aws:sts::111122223333:assumed-role/rotation/rotate", (string?)put["userIdentity"]!["arn"]);

        // A step that succeeded may be run again.
        Assert.All(await RunAllAsync(), result => Assert.Null(result.Error));
        await AssertRotatedAsync();
    }

    [Fact]
    public async Task The_engine_runs_its_steps_and_keeps_their_output()
    {
        var opened = new TaskCompletionSource();
        server.Functions.Step = async (step, ct) =>
        {
            await opened.Task.WaitAsync(ct);
            return await (await server.Server.Functions.Configured.FindAsync("111122223333", "us-east-1", step.SecretArn, Arn, ct))!.InvokeAsync(step, ct);
        };
        await OpenAsync(await ProcessAsync());
        opened.SetResult();
        await server.CallAsync("CreateSecret", new { Name = "test/db", ClientRequestToken = Old, SecretString = JsonSerializer.Serialize(new { username = "app", password = OldPassword }) });
        await server.CallAsync("RotateSecret", new { SecretId = "test/db", ClientRequestToken = New, RotationLambdaARN = Arn, RotationRules = new { AutomaticallyAfterDays = 30 } });

        await server.Server.RotateAsync();

        await AssertRotatedAsync("test/db");
        var steps = (await server.Root.JsonAsync("Strongroom.ListRotationSteps", new { SecretId = "test/db", IncludeOutput = true })).ToJsonString();
        Assert.Contains("createSecret: Successfully put secret for ARN", steps, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_same_file_rotates_over_http(bool isSigned)
    {
        using var lambda = await LambdaStandIn.StartAsync(Path.Combine(server.Data, "endpoint.json"), await server.ClientOfAsync("lambda"), isSigned);
        await OpenAsync(Http(lambda, isSigned));

        var results = await RunAllAsync();

        Assert.All(results, result => Assert.True(result.Error is null, result.Error + result.Output));
        await AssertRotatedAsync();
    }

    [Fact]
    public async Task A_signature_that_the_function_does_not_accept_is_a_failed_step()
    {
        using var lambda = await LambdaStandIn.StartAsync(Path.Combine(server.Data, "endpoint.json"), await server.ClientOfAsync("lambda"), isSigned: true);
        await OpenAsync(Http(lambda, isSigned: false));

        Assert.Equal(
            "The function's address answered 403 UnrecognizedClientException {\"Message\": \"The security token included in the request is invalid.\"}",
            (await RunAsync(RotationStep.CreateSecret)).Error);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_a_careless_function_prints_is_shown_without_secrets(bool overHttp)
    {
        using var lambda = overHttp
            ? await LambdaStandIn.StartAsync(Path.Combine(server.Data, "endpoint.json"), await server.ClientOfAsync("lambda"), isSigned: false, ("TELLS", "yes-it-does"), ("FAILS", "yes-it-does"))
            : null;
        await OpenAsync(overHttp ? Http(lambda!, isSigned: false) : await ProcessAsync(environment: new { TELLS = "yes-it-does", FAILS = "yes-it-does" }));

        var result = await RunAsync(RotationStep.CreateSecret);

        var pending = (string)(await server.CallAsync("GetSecretValue", new { SecretId = "prod/db", VersionStage = "AWSPENDING" }))["SecretString"]!;
        var password = (string)System.Text.Json.Nodes.JsonNode.Parse(pending)!["password"]!;
        Assert.Equal("RuntimeError: can't set [redacted]", result.Error);
        Assert.Contains("the new password is [redacted] of {'username': 'app', 'password': '[redacted]'}", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(password, result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("canary", result.Output, StringComparison.Ordinal);
        if (!overHttp)
        {
            Assert.Contains("'AWS_SECRET_ACCESS_KEY': '[redacted]'", result.Output, StringComparison.Ordinal);
            Assert.Contains("'AWS_SESSION_TOKEN': '[redacted]'", result.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("yes-it-does", result.Output, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("stranger")]
    [InlineData("nobody-there")]
    public async Task A_role_that_does_not_trust_lambda_is_not_assumed(string role)
    {
        await OpenAsync(await ProcessAsync(role));

        Assert.Equal("AccessDeniedException: The role defined for the function cannot be assumed by Lambda.", (await RunAsync(RotationStep.CreateSecret)).Error);
    }

    [Fact]
    public async Task A_function_without_a_role_has_no_credentials()
    {
        await OpenAsync(await ProcessAsync(role: null));

        Assert.StartsWith("NoCredentialsError: ", (await RunAsync(RotationStep.CreateSecret)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_function_is_for_the_accounts_regions_and_secrets_that_the_operator_names()
    {
        await OpenAsync(await ProcessAsync(extra: new() { ["accounts"] = (string[])["111122223333"], ["regions"] = (string[])["us-east-1"], ["secrets"] = (string[])["test/*"] }));
        Task<IRotationFunction?> FindAsync(string account, string region, string arn, string name = "test/app") => server.Server.Functions.Configured.FindAsync(
            account, region, $"arn:aws:secretsmanager:{region}:{account}:secret:{name}-AbCdEf", arn, Ct).AsTask();

        Assert.NotNull(await FindAsync("111122223333", "us-east-1", Arn));
        Assert.Null(await FindAsync("444455556666", "us-east-1", Arn.Replace("111122223333", "444455556666", StringComparison.Ordinal)));
        Assert.Null(await FindAsync("444455556666", "us-east-1", Arn));
        Assert.Null(await FindAsync("111122223333", "eu-west-1", Arn.Replace("us-east-1", "eu-west-1", StringComparison.Ordinal)));
        Assert.Null(await FindAsync("111122223333", "us-east-1", Arn + "2"));
        Assert.Null(await FindAsync("111122223333", "us-east-1", Arn + ":1"));
        Assert.Null(await FindAsync("111122223333", "us-east-1", "rotate"));
        Assert.Null(await FindAsync("111122223333", "us-east-1", Arn, "prod/app"));
    }

    [Fact]
    public async Task A_configured_process_is_refused_while_functions_are_off()
    {
        var file = await WriteAsync(await ProcessAsync());

        await server.CloseAsync();
        var refusal = await Assert.ThrowsAsync<SettingsException>(() => server.OpenAsync(configure: o => o with { Functions = new FunctionOptions { File = file } }));

        Assert.Contains("'rotate', which runs as a process. Set functions to process", refusal.Message, StringComparison.Ordinal);
        await server.OpenAsync();
        Assert.False(server.Server.Functions.Host.IsOn);
    }

    [Fact]
    public async Task Settings_of_a_built_in_function_come_from_the_file()
    {
        await OpenAsync(new() { ["name"] = "SecretsManagerRotationTemplate", ["environment"] = new { EXCLUDE_CHARACTERS = "abc" } });

        Assert.Equal("abc", server.Server.Functions.EnvironmentOf("SecretsManagerRotationTemplate")["EXCLUDE_CHARACTERS"]);
        Assert.Empty(server.Server.Functions.EnvironmentOf("SecretsManagerRDSPostgreSQLRotationSingleUser"));
    }

    private async Task<Dictionary<string, object>> ProcessAsync(string? role = "team/rotation", object? environment = null, Dictionary<string, object>? extra = null)
    {
        var code = Directory.CreateDirectory(Path.Combine(root, "code")).FullName;
        File.SetUnixFileMode(code, (UnixFileMode)0b111_101_101);
        await Boto.CopyToAsync(code);
        File.Copy(Path.Combine(Repository.Root, "tests", "Strongroom.Tests", "Server", "Functions", "rotation_function.py"), Path.Combine(code, "rotation_function.py"));
        File.SetUnixFileMode(Path.Combine(code, "rotation_function.py"), (UnixFileMode)0b110_100_100);
        var entry = new Dictionary<string, object>(extra ?? [])
        {
            ["name"] = "rotate",
            ["runtime"] = "python3.11",
            ["handler"] = "rotation_function.lambda_handler",
            ["directory"] = "code",
            ["environment"] = environment ?? new { },
        };
        if (role is not null)
            entry["role"] = role == "stranger" ? "team/stranger" : role;
        return entry;
    }

    private Dictionary<string, object> Http(LambdaStandIn lambda, bool isSigned)
    {
        var entry = new Dictionary<string, object> { ["name"] = "rotate", ["url"] = lambda.Address.OriginalString, ["signing"] = isSigned ? "aws-sigv4" : "none" };
        if (!isSigned)
            return entry;
        var credentials = Path.Combine(root, "credentials");
        File.WriteAllText(credentials, $"[other]\naws_access_key_id = x\naws_secret_access_key = y\n\n[invoker]\naws_access_key_id = {LambdaStandIn.KeyId}\naws_secret_access_key = {LambdaStandIn.Key}\n");
        File.SetUnixFileMode(credentials, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        (entry["region"], entry["credentialsFile"], entry["profile"]) = ("eu-west-3", "credentials", "invoker");
        return entry;
    }

    private async Task<string> WriteAsync(Dictionary<string, object> function)
    {
        var file = Path.Combine(root, "functions.json");
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new { functions = new[] { function } }), Ct);
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return file;
    }

    // In the time that real clients sign with.
    private async Task OpenAsync(Dictionary<string, object> function)
    {
        var file = await WriteAsync(function);
        await server.CloseAsync();
        server.Time.SetUtcNow(DateTimeOffset.UtcNow);
        await server.OpenAsync(configure: o => o with { Functions = new FunctionOptions { RunsProcesses = true, User = RunningHost.User, File = file } });
    }

    private async Task<StepResult> RunAsync(RotationStep step)
    {
        var function = await server.Server.Functions.Configured.FindAsync("111122223333", "us-east-1", secretArn, Arn, Ct);
        return await function!.InvokeAsync(new RotationEvent(step, secretArn, New, RotationToken), Ct);
    }

    private async Task<IReadOnlyList<StepResult>> RunAllAsync()
    {
        var results = new List<StepResult>();
        foreach (var step in Enum.GetValues<RotationStep>())
            results.Add(await RunAsync(step));
        return results;
    }

    private async Task AssertRotatedAsync(string secret = "prod/db")
    {
        var stages = (await server.CallAsync("DescribeSecret", new { SecretId = secret }))["VersionIdsToStages"]!;
        Assert.Contains("AWSCURRENT", stages[New]!.AsArray().Select(stage => (string?)stage));
        Assert.Contains("AWSPREVIOUS", stages[Old]!.AsArray().Select(stage => (string?)stage));
        var value = (string)(await server.CallAsync("GetSecretValue", new { SecretId = secret }))["SecretString"]!;
        Assert.DoesNotContain(OldPassword, (string?)System.Text.Json.Nodes.JsonNode.Parse(value)!["password"], StringComparison.Ordinal);
        Assert.Equal("app", (string?)System.Text.Json.Nodes.JsonNode.Parse(value)!["username"]);
    }
}
