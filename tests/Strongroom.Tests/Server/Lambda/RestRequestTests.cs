using System.IO.Compression;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Strongroom.Protocol.SigV4;
using static Strongroom.Tests.Server.Lambda.LambdaClient;

namespace Strongroom.Tests.Server.Lambda;

/// <summary>Requests of a REST service on the wire: paths, signatures, errors, large bodies. Source: IAM fact sheet 1.3, 1.5, 9.1.</summary>
public sealed class RestRequestTests : IAsyncLifetime
{
    private RunningServer server = null!;
    private FakeFunctionHost host = null!;

    public async ValueTask InitializeAsync() => (server, host) = await StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private TestClient Root => server.Root;

    [Theory]
    [InlineData("GET", "/2015-03-31/event-source-mappings")]
    [InlineData("POST", "/2015-03-31/functions/f")]
    [InlineData("PATCH", "/2015-03-31/functions")]
    [InlineData("GET", "/2015-03-31/functions/f/nothing")]
    [InlineData("GET", "/2014-11-13/functions")]
    [InlineData("GET", "/2015-03-31//functions")]
    [InlineData("GET", "/2015-03-31/functions/f/policy/s/more")]
    public async Task A_path_that_leads_nowhere_is_told_in_Lambdas_form(string method, string path)
    {
        var answer = await Root.SendRestAsync(method, path, default);

        Assert.Equal((404, "UnknownOperationException"), (answer.Status, answer.Code));
        var record = server.Records()[^1];
        Assert.Equal(("lambda.amazonaws.com", "UnknownOperationException"), ((string?)record["eventSource"], (string?)record["errorCode"]));
    }

    [Theory]
    [InlineData("/other")]
    [InlineData("/2015/functions")]
    [InlineData("//")]
    public async Task Other_paths_are_nobodys(string path) => Assert.Equal(400, (await Root.SendRestAsync("GET", path, default)).Status);

    [Fact]
    public async Task A_path_with_dots_is_not_the_one_that_its_signature_is_over()
    {
        await Root.CreateFunctionAsync("f");

        // SigV4 takes such segments away before it signs, so all of these are signed alike: only one is served.
        foreach (var path in new[] { "/2015-03-31/functions/./f", "/2015-03-31/x/../functions/f", "/2015-03-31/functions//f", "/./2015-03-31/functions/f" })
            Assert.NotEqual(200, await StatusOfRawAsync("GET", path, signed: FunctionsPath + "/f"));
        Assert.Equal(200, await StatusOfRawAsync("GET", FunctionsPath + "/f", signed: FunctionsPath + "/f"));
        Assert.Equal(403, await StatusOfRawAsync("DELETE", FunctionsPath + "/f", signed: FunctionsPath + "/f", signedMethod: "GET"));
        Assert.Equal(403, await StatusOfRawAsync("GET", FunctionsPath + "/f?Qualifier=x", signed: FunctionsPath + "/f"));
    }

    [Fact]
    public async Task Who_is_not_known_gets_403_with_the_code_in_a_header()
    {
        var wrong = new TestClient(server, RunningServer.AccessKeyId, RunningServer.SecretAccessKey[..^1] + "x");
        var unknown = new TestClient(server, "AKIAIOSFODNN7NOTHERE", RunningServer.SecretAccessKey);

        Assert.StartsWith("The request signature we calculated", await wrong.LambdaFailsAsync("InvalidSignatureException", 403, "GET", FunctionsPath), StringComparison.Ordinal);
        Assert.Equal("The security token included in the request is invalid.", await unknown.LambdaFailsAsync("UnrecognizedClientException", 403, "GET", FunctionsPath));
        using var request = new HttpRequestMessage(HttpMethod.Get, server.Url(FunctionsPath));
        using var response = await server.SendAsync(request);
        Assert.Equal((403, "MissingAuthenticationTokenException"), ((int)response.StatusCode, response.Headers.GetValues("x-amzn-ErrorType").Single()));
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        // For another service's credential scope it is not valid.
        Assert.Contains("Credential should be scoped to correct service: 'lambda'.", (await Root.SendRestAsync("GET", FunctionsPath, default, "secretsmanager")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_header_that_is_not_signed_is_refused()
    {
        await Root.CreateFunctionAsync("f");
        Assert.Equal(403, await StatusOfRawAsync("POST", FunctionsPath + "/f/invocations", signed: FunctionsPath + "/f/invocations", header: "X-Amz-Invocation-Type: DryRun\r\n"));
        Assert.Empty(host.Runs);
    }

    [Fact]
    public async Task Code_may_be_larger_than_other_requests_while_functions_are_on()
    {
        var zip = LargeZip(3 << 20);
        var made = await Root.CreateFunctionAsync("f", zip);
        Assert.Equal(zip.Length, (int?)made["CodeSize"]);
        Assert.Equal(200, (await Root.LambdaAsync("POST", FunctionsPath + "/f/invocations")).Status);
        Assert.Equal(SHA256.HashData(zip), SHA256.HashData(Assert.Single(host.Runs).Code!));
        await Root.LambdaOkAsync(200, "PUT", FunctionsPath + "/f/code", new { ZipFile = Convert.ToBase64String(LargeZip(2 << 20)) });

        Assert.Equal((413, "RequestEntityTooLargeException"), await CodeOfAsync("PUT", "/f/configuration"));
        Assert.Equal((413, "RequestEntityTooLargeException"), await CodeOfAsync("POST", "/f/policy"));
        Assert.Equal((413, "RequestTooLargeException"), await CodeOfAsync("POST", "/f/invocations"));
        host.IsOn = false;
        Assert.Equal((413, "RequestEntityTooLargeException"), await CodeOfAsync("POST", ""));

        Task<(int, string?)> CodeOfAsync(string method, string path) => server.AnnounceAsync(method, FunctionsPath + path, 2 << 20);
    }

    [Fact]
    public async Task A_package_of_more_than_sixteen_megabytes_is_refused()
    {
        Assert.Equal(
            "The package must be smaller than 16777216 bytes.",
            await Root.LambdaFailsAsync("InvalidParameterValueException", 400, "POST", FunctionsPath, NewFunction("f", new byte[(16 << 20) + 1])));
        // A larger body is not even read.
        Assert.Equal((413, "RequestEntityTooLargeException"), await server.AnnounceAsync("POST", FunctionsPath, 24 << 20));
    }

    [Fact]
    public async Task Few_large_bodies_are_taken_in_at_once()
    {
        var held = new List<System.Net.Sockets.TcpClient>();
        for (var i = 0; i < 2; i++)
        {
            var slow = new System.Net.Sockets.TcpClient();
            held.Add(slow);
            await slow.ConnectAsync(IPAddress.Loopback, server.Url().Port, TestContext.Current.CancellationToken);
            await slow.GetStream().WriteAsync(
                Encoding.ASCII.GetBytes($"POST {FunctionsPath} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2000000\r\n\r\n"), TestContext.Current.CancellationToken);
            // The server asks for the body once it waits for it.
            var asked = new byte[25];
            await slow.GetStream().ReadExactlyAsync(asked, TestContext.Current.CancellationToken);
            Assert.StartsWith("HTTP/1.1 100 Continue", Encoding.ASCII.GetString(asked), StringComparison.Ordinal);
        }

        Assert.Equal((429, "TooManyRequestsException"), await server.AnnounceAsync("POST", FunctionsPath, 2 << 20));
        // A small one needs no place, and what is no code goes on as ever.
        await Root.CreateFunctionAsync("small");
        await server.CallAsync("ListSecrets");
        held.ForEach(slow => slow.Dispose());
    }

    private static byte[] LargeZip(int bytes)
    {
        using var memory = new MemoryStream();
        using (var archive = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var stream = archive.CreateEntry("data", CompressionLevel.NoCompression).Open();
            stream.Write(new byte[bytes]);
        }

        return memory.ToArray();
    }

    /// <summary>Sends a request line as it stands, with a signature over what may be another.</summary>
    private async Task<int> StatusOfRawAsync(string method, string target, string signed, string? signedMethod = null, string header = "")
    {
        var when = server.Time.GetUtcNow();
        var date = SigV4Timestamp.Format(when);
        var authorization = SigV4Signer.Sign(
            signedMethod ?? method, signed, [new("host", server.Url().Authority), new("x-amz-date", date)], default,
            new SigV4Credentials(RunningServer.AccessKeyId, RunningServer.SecretAccessKey), "us-east-1", "lambda", when);
        using var tcp = new System.Net.Sockets.TcpClient();
        await tcp.ConnectAsync(IPAddress.Loopback, server.Url().Port, TestContext.Current.CancellationToken);
        await tcp.GetStream().WriteAsync(
            Encoding.ASCII.GetBytes($"{method} {target} HTTP/1.1\r\nHost: {server.Url().Authority}\r\nX-Amz-Date: {date}\r\nAuthorization: {authorization}\r\n{header}Content-Length: 0\r\nConnection: close\r\n\r\n"),
            TestContext.Current.CancellationToken);
        using var reader = new StreamReader(tcp.GetStream());
        var line = await reader.ReadLineAsync(TestContext.Current.CancellationToken);
        return int.Parse(line!.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
    }
}
