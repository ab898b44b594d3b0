using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Strongroom.Tests.Server.Kms;
using Strongroom.Tests.Server.Sts;
using static Strongroom.Tests.Server.Lambda.LambdaClient;

namespace Strongroom.Tests.Server.Lambda;

/// <summary>Functions from their making to their end. Source: Lambda model and API Reference.</summary>
public sealed class FunctionLifeTests : IAsyncLifetime
{
    private RunningServer server = null!;
    private FakeFunctionHost host = null!;

    public async ValueTask InitializeAsync() => (server, host) = await StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private TestClient Root => server.Root;

    [Fact]
    public async Task A_function_is_made_shown_changed_and_deleted()
    {
        var zip = Zip("first");
        var made = await Root.CreateFunctionAsync("rotate", zip, new { Variables = new { SECRETS_MANAGER_ENDPOINT = "http://127.0.0.1", PASSWORD = "p@ss" } });

        Assert.Equal(Arn("rotate"), (string?)made["FunctionArn"]);
        Assert.Equal(Convert.ToBase64String(SHA256.HashData(zip)), (string?)made["CodeSha256"]);
        Assert.Equal(zip.Length, (int?)made["CodeSize"]);
        Assert.Equal(("Active", "Successful", "$LATEST", "2026-02-03T10:20:30.456+0000"), ((string?)made["State"], (string?)made["LastUpdateStatus"], (string?)made["Version"], (string?)made["LastModified"]));
        Assert.Equal((3, 128), ((int?)made["Timeout"], (int?)made["MemorySize"]));
        var shown = await Root.LambdaOkAsync(200, "GET", FunctionsPath + "/rotate");
        Assert.True(JsonNode.DeepEquals(made, shown["Configuration"]), shown.ToJsonString());
        Assert.True(JsonNode.DeepEquals(made, await Root.LambdaOkAsync(200, "GET", FunctionsPath + "/rotate/configuration")));
        Assert.Equal("p@ss", (string?)made["Environment"]!["Variables"]!["PASSWORD"]);

        var changed = await Root.LambdaOkAsync(200, "PUT", FunctionsPath + "/rotate/configuration", new { Timeout = 30, MemorySize = 256, Description = "d", Runtime = "python3.13", Environment = new { Variables = new { A_B = "c" } } });
        Assert.Equal((30, 256, "d", "python3.13"), ((int?)changed["Timeout"], (int?)changed["MemorySize"], (string?)changed["Description"], (string?)changed["Runtime"]));
        Assert.Equal("""{"A_B":"c"}""", changed["Environment"]!["Variables"]!.ToJsonString());
        Assert.NotEqual((string?)made["RevisionId"], (string?)changed["RevisionId"]);

        var other = Zip("second");
        var coded = await Root.LambdaOkAsync(200, "PUT", FunctionsPath + "/rotate/code", new { ZipFile = Convert.ToBase64String(other) });
        Assert.Equal(Convert.ToBase64String(SHA256.HashData(other)), (string?)coded["CodeSha256"]);
        Assert.Equal(30, (int?)coded["Timeout"]);

        Assert.Equal(204, (await Root.LambdaAsync("DELETE", FunctionsPath + "/rotate")).Status);
        Assert.Equal("Function not found: " + Arn("rotate"), await Root.LambdaFailsAsync("ResourceNotFoundException", 404, "GET", FunctionsPath + "/rotate"));
        Assert.Equal("Function not found: " + Arn("rotate"), await Root.LambdaFailsAsync("ResourceNotFoundException", 404, "DELETE", FunctionsPath + "/rotate"));
    }

    [Theory]
    [InlineData("rotate")]
    [InlineData("rotate:$LATEST")]
    [InlineData("function:rotate")]
    [InlineData("111122223333:function:rotate")]
    [InlineData("111122223333:rotate")]
    [InlineData("us-east-1:111122223333:function:rotate")]
    [InlineData("arn:aws:lambda:us-east-1:111122223333:function:rotate")]
    [InlineData("arn:aws:lambda:us-east-1:111122223333:function:rotate:$LATEST")]
    public async Task It_is_found_by_name_partial_ARN_and_ARN(string name)
    {
        await Root.CreateFunctionAsync("rotate");

        Assert.Equal(Arn("rotate"), (string?)(await Root.LambdaOkAsync(200, "GET", $"{FunctionsPath}/{Uri.EscapeDataString(name)}/configuration"))["FunctionArn"]);
        Assert.Equal(Arn("rotate"), (string?)(await Root.LambdaOkAsync(200, "GET", $"{FunctionsPath}/{name.Replace("$", "%24", StringComparison.Ordinal)}/configuration"))["FunctionArn"]);
    }

    [Theory]
    [InlineData("arn:aws:lambda:eu-west-1:111122223333:function:rotate", "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')")]
    [InlineData("rotate:live", "Function not found: arn:aws:lambda:us-east-1:111122223333:function:rotate:live")]
    [InlineData("rotate:1", "Function not found: arn:aws:lambda:us-east-1:111122223333:function:rotate:1")]
    [InlineData("arn:aws-cn:lambda:us-east-1:111122223333:function:rotate", "Function not found: arn:aws:lambda:us-east-1:111122223333:function:rotate")]
    [InlineData("Rotate", "Function not found: arn:aws:lambda:us-east-1:111122223333:function:Rotate")]
    public async Task Other_names_find_nothing(string name, string message)
    {
        await Root.CreateFunctionAsync("rotate");

        Assert.Equal(message, await Root.LambdaFailsAsync("ResourceNotFoundException", 404, "GET", $"{FunctionsPath}/{Uri.EscapeDataString(name)}"));
    }

    [Fact]
    public async Task A_qualifier_can_stand_in_the_query()
    {
        await Root.CreateFunctionAsync("rotate");

        await Root.LambdaOkAsync(200, "GET", FunctionsPath + "/rotate?Qualifier=%24LATEST");
        Assert.Equal("Function not found: " + Arn("rotate:7"), await Root.LambdaFailsAsync("ResourceNotFoundException", 404, "GET", FunctionsPath + "/rotate?Qualifier=7"));
        Assert.Equal(
            "The derived qualifier from the function name does not match the specified qualifier.",
            await Root.LambdaFailsAsync("InvalidParameterValueException", 400, "GET", FunctionsPath + "/rotate%3A1?Qualifier=%24LATEST"));
        Assert.Equal(
            "$LATEST version cannot be deleted without deleting the function.",
            await Root.LambdaFailsAsync("InvalidParameterValueException", 400, "DELETE", FunctionsPath + "/rotate?Qualifier=%24LATEST"));
    }

    [Fact]
    public async Task Each_region_has_its_own()
    {
        await Root.CreateFunctionAsync("rotate");
        await Root.CreateFunctionAsync("rotate", region: "eu-west-1");

        var there = await Root.LambdaOkAsync(200, "GET", FunctionsPath, region: "eu-west-1");
        Assert.Equal(Arn("rotate", region: "eu-west-1"), (string?)Assert.Single(there["Functions"]!.AsArray())!["FunctionArn"]);
        Assert.Empty((await Root.LambdaOkAsync(200, "GET", FunctionsPath, region: "eu-west-2"))["Functions"]!.AsArray());
    }

    [Fact]
    public async Task A_list_comes_in_pages_by_name()
    {
        foreach (var name in new[] { "c", "a", "b" })
            await Root.CreateFunctionAsync(name);

        var first = await Root.LambdaOkAsync(200, "GET", FunctionsPath + "?MaxItems=2");
        Assert.Equal(["a", "b"], Names(first, "Functions"));
        var second = await Root.LambdaOkAsync(200, "GET", $"{FunctionsPath}?MaxItems=2&Marker={Uri.EscapeDataString((string)first["NextMarker"]!)}");
        Assert.Equal(["c"], Names(second, "Functions"));
        Assert.False(second.ContainsKey("NextMarker"));
        Assert.False(second["Functions"]![0]!.AsObject().ContainsKey("State"));
        Assert.Equal("Invalid Marker.", await Root.LambdaFailsAsync("InvalidParameterValueException", 400, "GET", FunctionsPath + "?Marker=x"));

        // What older clients call.
        Assert.Equal(["a", "b", "c"], Names(await Root.LambdaOkAsync(200, "GET", FunctionsPath + "/"), "Functions"));
        var versions = await Root.LambdaOkAsync(200, "GET", FunctionsPath + "/a/versions");
        Assert.Equal(Arn("a") + ":$LATEST", (string?)Assert.Single(versions["Versions"]!.AsArray())!["FunctionArn"]);
        Assert.Equal("a", (string?)(await Root.LambdaOkAsync(200, "GET", "/2020-06-30/functions/a/code-signing-config"))["FunctionName"]);
    }

    [Fact]
    public async Task A_function_that_is_there_is_not_made_again()
    {
        await Root.CreateFunctionAsync("rotate");

        Assert.Equal("Function already exist: rotate", await Root.LambdaFailsAsync("ResourceConflictException", 409, "POST", FunctionsPath, NewFunction("rotate")));
    }

    [Theory]
    [InlineData("PUT", "/code")]
    [InlineData("PUT", "/configuration")]
    [InlineData("POST", "/policy")]
    [InlineData("DELETE", "/policy/s?RevisionId=x")]
    public async Task A_change_of_another_revision_is_refused(string method, string path)
    {
        var revision = (string)(await Root.CreateFunctionAsync("rotate"))["RevisionId"]!;
        var body = new { ZipFile = Convert.ToBase64String(Zip("x")), StatementId = "s", Action = "lambda:*", Principal = "*", RevisionId = "x" };

        Assert.Equal(
            "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
            await Root.LambdaFailsAsync("PreconditionFailedException", 412, method, $"{FunctionsPath}/rotate{path}", method == "DELETE" ? null : body));
        if (method == "PUT")
            await Root.LambdaOkAsync(200, method, $"{FunctionsPath}/rotate{path}", new { body.ZipFile, RevisionId = revision });
    }

    [Fact]
    public async Task A_dry_run_of_new_code_changes_nothing()
    {
        var made = await Root.CreateFunctionAsync("rotate");
        var other = Zip("second");

        var answer = await Root.LambdaOkAsync(200, "PUT", FunctionsPath + "/rotate/code", new { ZipFile = Convert.ToBase64String(other), DryRun = true });

        Assert.Equal(Convert.ToBase64String(SHA256.HashData(other)), (string?)answer["CodeSha256"]);
        Assert.True(JsonNode.DeepEquals(made, (await Root.LambdaOkAsync(200, "GET", FunctionsPath + "/rotate"))["Configuration"]));
    }

    [Fact]
    public async Task Tags_come_and_go()
    {
        await Root.CreateFunctionAsync("rotate");
        var tags = "/2017-03-31/tags/" + Uri.EscapeDataString(Arn("rotate"));

        await Root.LambdaOkAsync(204, "POST", tags, new { Tags = new Dictionary<string, string> { ["team"] = "a", ["x y"] = "b+c" } });
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse("""{"team":"a","x y":"b+c"}"""), (await Root.LambdaOkAsync(200, "GET", tags))["Tags"]));
        Assert.Equal("b+c", (string?)(await Root.LambdaOkAsync(200, "GET", FunctionsPath + "/rotate"))["Tags"]!["x y"]);
        await Root.LambdaOkAsync(204, "DELETE", tags + "?tagKeys=team&tagKeys=x%20y");
        Assert.Equal("{}", (await Root.LambdaOkAsync(200, "GET", tags))["Tags"]!.ToJsonString());
        Assert.False((await Root.LambdaOkAsync(200, "GET", FunctionsPath + "/rotate")).ContainsKey("Tags"));
        await Root.LambdaFailsAsync("InvalidParameterValueException", 400, "POST", tags, new { Tags = new Dictionary<string, string> { ["aws:x"] = "a" } });
    }

    [Theory]
    [InlineData("""{"Timeout":901}""", "ValidationException", "1 validation error detected: Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900")]
    [InlineData("""{"Timeout":0}""", "ValidationException", "1 validation error detected: Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1")]
    [InlineData("""{"MemorySize":10241}""", "InvalidParameterValueException", "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 10240")]
    [InlineData("""{"Timeout":"x"}""", "SerializationException", "STRING_VALUE can not be converted to a Long")]
    [InlineData("""{"Environment":{"Variables":{"AWS_REGION":"x"}}}""", "InvalidParameterValueException", "Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: AWS_REGION")]
    [InlineData("""{"Environment":{"Variables":{"1a":"x"}}}""", "ValidationException", "1 validation error detected: Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]")]
    [InlineData("""{"Environment":{"Variables":{"AA":"\u0000"}}}""", "InvalidParameterValueException", "An environment variable can't hold the character U+0000.")]
    [InlineData("""{"Layers":["arn:aws:lambda:us-east-1:111122223333:layer:l:1"]}""", "InvalidParameterValueException", "Layers is not supported by Strongroom.")]
    [InlineData("""{"VpcConfig":{"SubnetIds":["subnet-1"]}}""", "InvalidParameterValueException", "VpcConfig is not supported by Strongroom.")]
    [InlineData("""{"Role":"x"}""", "ValidationException", "1 validation error detected: Value 'x' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+")]
    [InlineData("""{"Role":"arn:aws:iam::111122223333:role/absent"}""", "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda.")]
    [InlineData("""{"Role":"arn:aws:iam::111122223333:role/team/untrusting"}""", "InvalidParameterValueException", "The role defined for the function cannot be assumed by Lambda.")]
    [InlineData("{", "SerializationException", "The request body is not valid JSON")]
    public async Task Wrong_settings_are_refused_in_Lambdas_words(string body, string code, string message)
    {
        await server.PutAsync(Identities.Role("untrusting", Identities.Trust("arn:aws:iam::111122223333:root")));
        var made = await Root.CreateFunctionAsync("rotate");

        var answer = await Root.SendRestAsync("PUT", FunctionsPath + "/rotate/configuration", Encoding.UTF8.GetBytes(body));

        Assert.Equal((400, code, message), (answer.Status, answer.Code, answer.Message));
        Assert.True(JsonNode.DeepEquals(made, (await Root.LambdaOkAsync(200, "GET", FunctionsPath + "/rotate"))["Configuration"]));
    }

    [Fact]
    public async Task An_environment_has_four_kilobytes()
    {
        await Root.CreateFunctionAsync("rotate", environment: new { Variables = new { AA = new string('x', 4094) } });

        Assert.Equal(
            "Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit.",
            await Root.LambdaFailsAsync("InvalidParameterValueException", 400, "PUT", FunctionsPath + "/rotate/configuration", new { Environment = new { Variables = new { AA = new string('x', 4095) } } }));
        var emptied = await Root.LambdaOkAsync(200, "PUT", FunctionsPath + "/rotate/configuration", new { Environment = new { } });
        Assert.False(emptied.ContainsKey("Environment"));
    }

    [Theory]
    [InlineData("""{"ZipFile":"bm90IGEgemlw"}""", "Could not unzip uploaded file. Please check your file, then try to upload again.")]
    [InlineData("""{"ZipFile":""}""", "Could not unzip uploaded file. Please check your file, then try to upload again.")]
    [InlineData("{}", "Please provide a source for function code.")]
    [InlineData("""{"S3Bucket":"bucket","S3Key":"key"}""", "Code that is not in ZipFile is not supported by Strongroom.")]
    [InlineData("""{"ZipFile":"UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA=="}""", "Uploaded file must be a non-empty zip")]
    public async Task Wrong_code_is_refused(string code, string message)
    {
        var function = System.Text.Json.JsonSerializer.SerializeToNode(NewFunction("rotate"))!;
        function["Code"] = JsonNode.Parse(code);
        function.AsObject().Remove("Environment");

        Assert.Equal(message, await Root.LambdaFailsAsync("InvalidParameterValueException", 400, "POST", FunctionsPath, function));
        await Root.CreateFunctionAsync("rotate");
        Assert.Equal(message, await Root.LambdaFailsAsync("InvalidParameterValueException", 400, "PUT", FunctionsPath + "/rotate/code", JsonNode.Parse(code)));
    }

    [Fact]
    public async Task What_is_required_is_asked_for()
    {
        var answer = await Root.LambdaAsync("POST", FunctionsPath, new { FunctionName = "rotate", Code = new { ZipFile = Convert.ToBase64String(Zip("x")) } });
        Assert.Equal(
            (400, "ValidationException", "1 validation error detected: Value null at 'role' failed to satisfy constraint: Member must not be null"),
            (answer.Status, answer.Code, answer.Message));
        Assert.Equal(
            "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
            await Root.LambdaFailsAsync("InvalidParameterValueException", 400, "POST", FunctionsPath, new { FunctionName = "rotate", Role = RoleArn, Code = new { ZipFile = Convert.ToBase64String(Zip("x")) } }));
        var name = new string('a', 65);
        Assert.Equal(
            $"1 validation error detected: Value '{name}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64",
            await Root.LambdaFailsAsync("ValidationException", 400, "POST", FunctionsPath, NewFunction(name)));
    }

    [Fact]
    public async Task Members_of_the_path_are_not_taken_from_the_body()
    {
        await Root.CreateFunctionAsync("one");
        await Root.CreateFunctionAsync("two");

        var changed = await Root.LambdaOkAsync(200, "PUT", FunctionsPath + "/one/configuration", new { FunctionName = "two", Description = "d" });

        Assert.Equal("one", (string?)changed["FunctionName"]);
        Assert.Equal("", (string?)(await Root.LambdaOkAsync(200, "GET", FunctionsPath + "/two/configuration"))["Description"]);
    }

    [Fact]
    public async Task While_functions_are_off_they_can_be_looked_at_and_deleted()
    {
        await Root.CreateFunctionAsync("rotate");
        host.IsOn = false;
        const string Off = "Functions are off on this server: its setting 'functions' turns them on.";

        Assert.Equal(Off, await Root.LambdaFailsAsync("InvalidParameterValueException", 400, "POST", FunctionsPath, NewFunction("other")));
        Assert.Equal(Off, await Root.LambdaFailsAsync("InvalidParameterValueException", 400, "PUT", FunctionsPath + "/rotate/code", new { ZipFile = Convert.ToBase64String(Zip("x")) }));
        Assert.Equal(Off, await Root.LambdaFailsAsync("InvalidParameterValueException", 400, "POST", FunctionsPath + "/rotate/invocations"));
        Assert.Empty(host.Runs);
        await Root.LambdaOkAsync(200, "GET", FunctionsPath + "/rotate");
        await Root.LambdaOkAsync(204, "DELETE", FunctionsPath + "/rotate");
    }

    [Fact]
    public async Task Nothing_of_the_code_and_the_environment_is_readable_on_the_disk_or_in_records()
    {
        const string Marker = "marker-of-a-password-4711";
        await Root.CreateFunctionAsync("rotate", Zip(Marker, Marker), new { Variables = new { PASSWORD = Marker } });
        await Root.LambdaOkAsync(200, "PUT", FunctionsPath + "/rotate/configuration", new { Environment = new { Variables = new { PASSWORD = Marker } } });
        await Root.LambdaOkAsync(200, "PUT", FunctionsPath + "/rotate/code", new { ZipFile = Convert.ToBase64String(Zip(Marker, Marker)) });
        host.Handler = (_, _, _) => Task.FromResult(FakeFunctionHost.Success($"\"{Marker}\"", Marker));
        await Root.SendRestAsync("POST", FunctionsPath + "/rotate/invocations", Encoding.UTF8.GetBytes($"\"{Marker}\""));
        await server.CloseAsync();

        foreach (var file in Directory.EnumerateFiles(server.Data, "*", SearchOption.AllDirectories))
        {
            var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
            Assert.True(bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Marker)) < 0, file);
        }

        await server.OpenAsync(configure: options => options with { FunctionHost = host });
        Assert.Equal(200, (await server.Root.LambdaAsync("POST", FunctionsPath + "/rotate/invocations")).Status);
        Assert.Equal(Zip(Marker, Marker).Length, host.Runs[^1].Code!.Length);
        Assert.Equal(Marker, host.Runs[^1].Function.Environment["PASSWORD"]);
    }

    private static string[] Names(JsonObject answer, string list) => [.. answer[list]!.AsArray().Select(function => (string)function!["FunctionName"]!)];
}
