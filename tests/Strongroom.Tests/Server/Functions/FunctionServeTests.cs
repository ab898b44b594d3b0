using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Strongroom.Tests.Architecture;
using Strongroom.Tests.Server.Hosting;

namespace Strongroom.Tests.Server.Functions;

/// <summary>The program itself, over TLS with a generated certificate: boto3 sets up a role and a secret, and a Lambda function rotates it.</summary>
public sealed class FunctionServeTests : IDisposable
{
    private const string Arn = "arn:aws:lambda:us-east-1:111122223333:function:rotate";
    private const string Setup = """
        import boto3, json, sys, time
        arn = sys.argv[1]
        iam, secrets = boto3.client("iam"), boto3.client("secretsmanager")
        iam.create_role(RoleName="rotation", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}))
        iam.put_role_policy(RoleName="rotation", PolicyName="rotate", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"}]}))
        secrets.create_secret(Name="prod/db", SecretString=json.dumps({"username": "app", "password": "the-first-one"}))
        new = secrets.rotate_secret(SecretId="prod/db", RotationLambdaARN=arn, RotationRules={"AutomaticallyAfterDays": 30})["VersionId"]
        for _ in range(600):
            value = secrets.get_secret_value(SecretId="prod/db")
            if value["VersionId"] == new:
                print("rotated" if json.loads(value["SecretString"])["password"] != "the-first-one" else "the same")
                sys.exit()
            time.sleep(0.1)
        print(secrets.describe_secret(SecretId="prod/db"))
        """;

    private readonly string root = Directory.CreateTempSubdirectory("strongroom-test-").FullName;

    public FunctionServeTests() => File.SetUnixFileMode(root, (UnixFileMode)0b111_101_101);

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task A_function_rotates_a_secret_of_the_program_and_does_not_outlive_it()
    {
        var data = Path.Combine(root, "data");
        var environment = new Dictionary<string, string>
        {
            ["STRONGROOM_ACCOUNT_ID"] = "111122223333",
            ["STRONGROOM_ROOT_ACCESS_KEY_ID"] = RunningServer.AccessKeyId,
            ["STRONGROOM_ROOT_SECRET_ACCESS_KEY"] = RunningServer.SecretAccessKey,
        };
        string[] arguments =
            ["serve", "--data", data, "--listen", "https://127.0.0.1:0", "--functions", "process", "--functions-user", RunningHost.User, "--functions-file", await WriteFunctionAsync()];
        using (var server = StrongroomProcess.Start(environment, arguments))
        {
            await server.SeeAsync("listens on");
            Assert.Equal("rotated", await RunAsync(data));
            var function = await FunctionOfAsync(server.Id);

            server.Kill();

            await Eventually.ComesAsync($"the end of process {function}", () => !IsRunning(function));
        }

        // What the killed one left behind goes when the next one starts.
        var left = await File.ReadAllTextAsync(Path.Combine(data, "functions"), TestContext.Current.CancellationToken);
        Assert.True(Directory.Exists(left));
        using var next = StrongroomProcess.Start(environment, arguments);
        await next.SeeAsync("listens on");
        Assert.False(Directory.Exists(left));
        await next.StopAsync();
        Assert.False(Directory.Exists(await File.ReadAllTextAsync(Path.Combine(data, "functions"), TestContext.Current.CancellationToken)));
    }

    private async Task<string> WriteFunctionAsync()
    {
        var code = Directory.CreateDirectory(Path.Combine(root, "code")).FullName;
        File.SetUnixFileMode(code, (UnixFileMode)0b111_101_101);
        await Boto.CopyToAsync(code);
        var handler = Path.Combine(code, "rotation_function.py");
        File.Copy(Path.Combine(Repository.Root, "tests", "Strongroom.Tests", "Server", "Functions", "rotation_function.py"), handler);
        File.SetUnixFileMode(handler, (UnixFileMode)0b110_100_100);
        var file = Path.Combine(root, "functions.json");
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new
        {
            functions = new[] { new { name = "rotate", runtime = "python3.11", handler = "rotation_function.lambda_handler", directory = "code", role = "rotation", timeoutSeconds = 60 } },
        }));
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return file;
    }

    private async Task<string> RunAsync(string data)
    {
        var start = new ProcessStartInfo("python3", ["-c", Setup, Arn]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in ((string, string)[])
        [
            ("AWS_ENDPOINT_URL", (string)System.Text.Json.Nodes.JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(data, "endpoint.json")))!["url"]!),
            ("AWS_CA_BUNDLE", Path.Combine(data, "tls", "ca.pem")), ("AWS_ACCESS_KEY_ID", RunningServer.AccessKeyId), ("AWS_SECRET_ACCESS_KEY", RunningServer.SecretAccessKey),
            ("AWS_REGION", "us-east-1"), ("AWS_DEFAULT_REGION", "us-east-1"), ("AWS_CONFIG_FILE", "/nowhere"), ("AWS_EC2_METADATA_DISABLED", "true"),
        ])
            start.Environment[name] = value;
        using var python = Process.Start(start)!;
        var errors = python.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await python.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        return output.Trim() + await errors;
    }

    // The one Python among the children of the server.
    private static async Task<int> FunctionOfAsync(int server)
    {
        foreach (var process in Directory.GetDirectories("/proc").Select(Path.GetFileName).Where(name => name!.All(char.IsAsciiDigit)))
        {
            try
            {
                var stat = await File.ReadAllTextAsync($"/proc/{process}/stat");
                if (stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[1] == server.ToString(CultureInfo.InvariantCulture) && stat.Contains("python", StringComparison.Ordinal))
                    return int.Parse(process!, CultureInfo.InvariantCulture);
            }
            catch (IOException)
            {
                // It ended while we looked.
            }
        }

        Assert.Fail("The server has no function.");
        return 0;
    }

    private static bool IsRunning(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/stat").Split(") ")[1][0] is not ('Z' or 'X');
        }
        catch (IOException)
        {
            return false;
        }
    }
}
