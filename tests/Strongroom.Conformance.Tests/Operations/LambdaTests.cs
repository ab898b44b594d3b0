using System.IO.Compression;
using System.Text;

namespace Strongroom.Conformance.Tests.Operations;

/// <summary>Functions as the SDKs store, permit, run and remove them; those that run are Python's, as processes.</summary>
public sealed class LambdaTests(SharedServer server) : ScenarioTest(server)
{
    private const string Code = """
        import os

        def lambda_handler(event, context):
            print("hello from", context.function_name)
            if event.get("fail"):
                raise ValueError("told to")
            return {"got": event, "variable": os.environ["SOME_VARIABLE"]}
        """;

    [Theory, Scenario("lambda", "CreateFunction GetFunction GetFunctionConfiguration GetFunctionCodeSigningConfig ListFunctions ListVersionsByFunction UpdateFunctionCode UpdateFunctionConfiguration TagResource UntagResource ListTags DeleteFunction")]
    public async Task A_function_is_stored_changed_and_removed(string client)
    {
        var (lambda, name) = (Client(client, "lambda"), "f-" + Unique);
        var made = await CreateAsync(client, lambda, name);
        Assert.Equal(("Active", "$LATEST", "python3.11"), (made.Text("State"), made.Text("Version"), made.Text("Runtime")));
        var arn = made.Text("FunctionArn");
        Assert.EndsWith(":function:" + name, arn, StringComparison.Ordinal);
        Assert.Equal(arn, (await lambda.OkAsync("GetFunction", new { FunctionName = arn }))["Configuration"]!.AsObject().Text("FunctionArn"));
        Assert.Equal("v", (await lambda.OkAsync("GetFunctionConfiguration", new { FunctionName = name, Qualifier = "$LATEST" }))["Environment"]!["Variables"]!.AsObject().Text("SOME_VARIABLE"));
        Assert.Equal(name, (await lambda.OkAsync("GetFunctionCodeSigningConfig", new { FunctionName = name })).Text("FunctionName"));
        Assert.Contains((await lambda.OkAsync("ListFunctions", new { MaxItems = 50 }))["Functions"]!.AsArray(), f => f!.AsObject().Text("FunctionName") == name);
        Assert.Equal(arn + ":$LATEST", Assert.Single((await lambda.OkAsync("ListVersionsByFunction", new { FunctionName = name }))["Versions"]!.AsArray())!.AsObject().Text("FunctionArn"));

        var changed = await lambda.OkAsync("UpdateFunctionConfiguration", new { FunctionName = name, Timeout = 20, Description = "changed", RevisionId = made.Text("RevisionId") });
        Assert.Equal((20, "changed"), (changed["Timeout"]!.GetValue<int>(), changed.Text("Description")));
        await lambda.FailsAsync(
            "UpdateFunctionCode", new { FunctionName = name, ZipFile = Json.Blob(Zip(Code)), RevisionId = made.Text("RevisionId") }, "PreconditionFailedException",
            "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id");
        var coded = await lambda.OkAsync("UpdateFunctionCode", new { FunctionName = name, ZipFile = Json.Blob(Zip(Code + "\n")) });
        Assert.NotEqual(made.Text("CodeSha256"), coded.Text("CodeSha256"));

        await lambda.OkAsync("TagResource", new { Resource = arn, Tags = new { b = "2", c = "3" } });
        await lambda.OkAsync("UntagResource", new { Resource = arn, TagKeys = new[] { "a", "c" } });
        Assert.Equal("""{"b":"2"}""", (await lambda.OkAsync("ListTags", new { Resource = arn }))["Tags"]!.ToJsonString());

        await lambda.OkAsync("DeleteFunction", new { FunctionName = name });
        await lambda.FailsAsync("GetFunction", new { FunctionName = name }, "ResourceNotFoundException", "Function not found: " + arn);
    }

    [Theory, Scenario("lambda", "AddPermission GetPolicy RemovePermission")]
    public async Task A_function_lets_Secrets_Manager_in(string client)
    {
        var (lambda, name, account) = (Client(client, "lambda"), "f-" + Unique, await AccountAsync(client));
        var arn = (await CreateAsync(client, lambda, name)).Text("FunctionArn");
        await CreateAsync();
        var rotate = new { SecretId = Name, RotationLambdaARN = arn, RotationRules = new { AutomaticallyAfterDays = 30 }, RotateImmediately = false, ClientRequestToken = NewToken() };
        var secrets = Client(client, "secretsmanager");
        const string Refused = "Secrets Manager cannot invoke the specified Lambda function. Ensure that the function policy grants access to the principal secretsmanager.amazonaws.com.";
        await secrets.FailsAsync("RotateSecret", rotate, "AccessDeniedException", Refused);

        var added = await lambda.OkAsync(
            "AddPermission", new { FunctionName = name, StatementId = "rotation", Action = "lambda:InvokeFunction", Principal = "secretsmanager.amazonaws.com", SourceAccount = account });
        Assert.Equal("rotation", JsonNode.Parse(added.Text("Statement"))!.AsObject().Text("Sid"));
        Assert.Equal(
            """{"Service":"secretsmanager.amazonaws.com"}""",
            JsonNode.Parse((await lambda.OkAsync("GetPolicy", new { FunctionName = name })).Text("Policy"))!["Statement"]![0]!["Principal"]!.ToJsonString());
        await secrets.OkAsync("RotateSecret", rotate);
        Assert.Equal(arn, (await secrets.OkAsync("DescribeSecret", new { SecretId = Name })).Text("RotationLambdaARN"));

        await lambda.OkAsync("RemovePermission", new { FunctionName = name, StatementId = "rotation" });
        await lambda.FailsAsync("GetPolicy", new { FunctionName = name }, "ResourceNotFoundException", "The resource you requested does not exist.");
        await secrets.FailsAsync("RotateSecret", new { SecretId = Name, RotationLambdaARN = arn, ClientRequestToken = NewToken() }, "AccessDeniedException", Refused);
    }

    [Theory, Scenario("lambda", "Invoke")]
    public async Task A_function_runs(string client)
    {
        var (lambda, name) = (Client(client, "lambda"), "f-" + Unique);
        await CreateAsync(client, lambda, name);

        var answer = await lambda.OkAsync("Invoke", new { FunctionName = name, Payload = Json.Blob("""{"a":"é"}"""u8.ToArray()), LogType = "Tail" });
        Assert.Equal((200, "$LATEST"), (answer["StatusCode"]!.GetValue<int>(), answer.Text("ExecutedVersion")));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"got":{"a":"é"},"variable":"v"}"""), Payload(answer)), answer.ToJsonString());
        Assert.Contains($"hello from {name}", Encoding.UTF8.GetString(Convert.FromBase64String(answer.Text("LogResult"))), StringComparison.Ordinal);

        var failed = await lambda.OkAsync("Invoke", new { FunctionName = name, Payload = Json.Blob("""{"fail":true}"""u8.ToArray()) });
        Assert.Equal("Unhandled", failed.Text("FunctionError"));
        Assert.Equal(("ValueError", "told to"), ((string?)Payload(failed)["errorType"], (string?)Payload(failed)["errorMessage"]));
        Assert.Equal(204, (await lambda.OkAsync("Invoke", new { FunctionName = name, InvocationType = "DryRun" }))["StatusCode"]!.GetValue<int>());
        Assert.Equal(202, (await lambda.OkAsync("Invoke", new { FunctionName = name, InvocationType = "Event" }))["StatusCode"]!.GetValue<int>());
    }

    private static JsonNode Payload(JsonObject answer) => JsonNode.Parse(Convert.FromBase64String(answer.Text("Payload")))!;

    private async Task<JsonObject> CreateAsync(string client, Service lambda, string name)
    {
        var role = (await Client(client, "iam").OkAsync(
            "CreateRole", new { RoleName = name, AssumeRolePolicyDocument = TrustOf("""{"Service":"lambda.amazonaws.com"}""") }))["Role"]!.AsObject().Text("Arn");
        return await lambda.OkAsync("CreateFunction", new
        {
            FunctionName = name,
            Runtime = "python3.11",
            Handler = "lambda_function.lambda_handler",
            Role = role,
            Code = new { ZipFile = Json.Blob(Zip(Code)) },
            Environment = new { Variables = new { SOME_VARIABLE = "v" } },
            Timeout = 30,
            Tags = new { a = "1" },
        });
    }

    private static byte[] Zip(string code)
    {
        using var memory = new MemoryStream();
        using (var archive = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var stream = archive.CreateEntry("lambda_function.py").Open();
            stream.Write(Encoding.UTF8.GetBytes(code));
        }

        return memory.ToArray();
    }
}
