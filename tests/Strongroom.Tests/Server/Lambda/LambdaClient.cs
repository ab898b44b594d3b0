using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Strongroom.Server.Hosting;
using Strongroom.Tests.Server.Sts;

namespace Strongroom.Tests.Server.Lambda;

/// <summary>What Lambda tests do again and again.</summary>
internal static class LambdaClient
{
    public const string FunctionsPath = "/2015-03-31/functions";

    public static string RoleArn { get; } = Identities.RoleArn("execution");

    public static string TrustLambda { get; } = """
        {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}
        """;

    public static string Arn(string name, string account = RunningServer.Account, string region = "us-east-1") => $"arn:aws:lambda:{region}:{account}:function:{name}";

    public static async Task<(RunningServer Server, FakeFunctionHost Host)> StartAsync(bool ownFunctions = true, Func<ServerOptions, ServerOptions>? configure = null)
    {
        var host = new FakeFunctionHost();
        var server = await RunningServer.StartAsync(
            configure: options => (configure?.Invoke(options) ?? options) with { FunctionHost = host }, ownFunctions: ownFunctions);
        await server.PutAsync(Identities.Role("execution", TrustLambda));
        return (server, host);
    }

    public static async Task<RestAnswer> LambdaAsync(this TestClient client, string method, string target, object? body = null, string region = "us-east-1") =>
        await client.SendRestAsync(method, target, body is null ? default : JsonSerializer.SerializeToUtf8Bytes(body), region: region);

    public static async Task<JsonObject> LambdaOkAsync(this TestClient client, int status, string method, string target, object? body = null, string region = "us-east-1")
    {
        var answer = await client.LambdaAsync(method, target, body, region);
        Assert.True(answer.Status == status, $"{method} {target}: {answer.Status} {answer.Code} {answer.Body}");
        return answer.Json;
    }

    /// <returns>The error's message.</returns>
    public static async Task<string> LambdaFailsAsync(this TestClient client, string code, int status, string method, string target, object? body = null)
    {
        var answer = await client.LambdaAsync(method, target, body);
        Assert.Equal((status, code), (answer.Status, answer.Code));
        return answer.Message;
    }

    public static object NewFunction(string name, byte[]? zip = null, object? environment = null) => new
    {
        FunctionName = name,
        Runtime = "python3.12",
        Handler = "lambda_function.lambda_handler",
        Role = RoleArn,
        Code = new { ZipFile = Convert.ToBase64String(zip ?? Zip("def lambda_handler(event, context): pass")) },
        Environment = environment,
    };

    public static Task<JsonObject> CreateFunctionAsync(this TestClient client, string name, byte[]? zip = null, object? environment = null, string region = "us-east-1") =>
        client.LambdaOkAsync(201, "POST", FunctionsPath, NewFunction(name, zip, environment), region);

    /// <summary>Lets Secrets Manager invoke a function.</summary>
    public static Task<JsonObject> PermitAsync(this TestClient client, string name, string id = "rotation", string? account = null, string? arn = null, string region = "us-east-1") =>
        client.LambdaOkAsync(201, "POST", $"{FunctionsPath}/{name}/policy", new Dictionary<string, string?>
        {
            ["StatementId"] = id,
            ["Action"] = "lambda:InvokeFunction",
            ["Principal"] = "secretsmanager.amazonaws.com",
            ["SourceAccount"] = account,
            ["SourceArn"] = arn,
        }.Where(pair => pair.Value is not null).ToDictionary(), region);

    /// <summary>Announces a body and sends none of it: what is refused for its size is answered before, and who goes on sending may find the connection closed.</summary>
    public static async Task<(int Status, string? Code)> AnnounceAsync(this RunningServer server, string method, string target, int bytes)
    {
        using var tcp = new TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, server.Url().Port, TestContext.Current.CancellationToken);
        await tcp.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"{method} {target} HTTP/1.1\r\nHost: x\r\nContent-Length: {bytes}\r\n\r\n"), TestContext.Current.CancellationToken);
        using var reader = new StreamReader(tcp.GetStream());
        var status = (await reader.ReadLineAsync(TestContext.Current.CancellationToken))!;
        string? code = null;
        while (await reader.ReadLineAsync(TestContext.Current.CancellationToken) is { Length: > 0 } header)
        {
            if (header.StartsWith("x-amzn-ErrorType: ", StringComparison.OrdinalIgnoreCase))
                code = header[(header.IndexOf(' ', StringComparison.Ordinal) + 1)..];
        }

        return (int.Parse(status.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture), code);
    }

    public static byte[] Zip(string code, string name = "lambda_function.py")
    {
        using var memory = new MemoryStream();
        using (var archive = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var stream = archive.CreateEntry(name).Open();
            stream.Write(Encoding.UTF8.GetBytes(code));
        }

        return memory.ToArray();
    }
}
