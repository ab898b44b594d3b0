using System.Text;
using static Strongroom.Tests.Server.Lambda.LambdaClient;

namespace Strongroom.Tests.Server.Lambda;

/// <summary>Source: Lambda API Reference, Invoke; IAM fact sheet 9.1.</summary>
public sealed class InvokeTests : IAsyncLifetime
{
    private const string Invocations = FunctionsPath + "/rotate/invocations";
    private readonly byte[] zip = Zip("code");
    private RunningServer server = null!;
    private FakeFunctionHost host = null!;

    public async ValueTask InitializeAsync()
    {
        (server, host) = await StartAsync();
        await server.Root.CreateFunctionAsync("rotate", zip, new { Variables = new { PASSWORD = "secret-of-env" } });
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task What_the_handler_returns_is_answered()
    {
        host.Handler = (_, payload, _) => Task.FromResult(FakeFunctionHost.Success($$"""{"got":{{payload}}}""", "START\nhello\n"));

        var answer = await InvokeAsync("""{"a": 1}""");

        Assert.Equal((200, """{"got":{"a": 1}}"""), (answer.Status, answer.Body));
        Assert.Equal("$LATEST", answer.Headers["X-Amz-Executed-Version"]);
        Assert.False(answer.Headers.ContainsKey("X-Amz-Function-Error"));
        Assert.False(answer.Headers.ContainsKey("X-Amz-Log-Result"));
        var (function, code, _) = Assert.Single(host.Runs);
        Assert.Equal(zip, code);
        Assert.Equal(
            (RunningServer.Account, "us-east-1", "rotate", "python3.12", "lambda_function.lambda_handler", RoleArn, TimeSpan.FromSeconds(3), 128, Arn("rotate")),
            (function.Account, function.Region, function.Name, function.Runtime, function.Handler, function.RoleArn, function.Timeout, function.MemoryMegabytes, function.Arn));
        Assert.Equal("secret-of-env", function.Environment["PASSWORD"]);
    }

    [Fact]
    public async Task A_function_that_fails_is_no_failed_call()
    {
        const string Error = """{"errorMessage":"boom","errorType":"ValueError","stackTrace":[]}""";
        host.Handler = (_, _, _) => Task.FromResult(FakeFunctionHost.Failure(Error, "log"));

        var answer = await InvokeAsync("{}", ("X-Amz-Log-Type", "Tail"));

        Assert.Equal((200, Error, "Unhandled"), (answer.Status, answer.Body, answer.Headers["X-Amz-Function-Error"]));
        Assert.Equal("log", Encoding.UTF8.GetString(Convert.FromBase64String(answer.Headers["X-Amz-Log-Result"])));
    }

    [Fact]
    public async Task The_log_is_cut_to_its_last_four_kilobytes()
    {
        host.Handler = (_, _, _) => Task.FromResult(FakeFunctionHost.Success("1", new string('a', 9) + new string('b', 4096)));

        var answer = await InvokeAsync("{}", ("X-Amz-Log-Type", "Tail"));

        Assert.Equal(new string('b', 4096), Encoding.UTF8.GetString(Convert.FromBase64String(answer.Headers["X-Amz-Log-Result"])));
    }

    [Fact]
    public async Task A_dry_run_runs_nothing()
    {
        var answer = await InvokeAsync("{}", ("X-Amz-Invocation-Type", "DryRun"));

        Assert.Equal((204, ""), (answer.Status, answer.Body));
        Assert.Empty(host.Runs);
    }

    [Fact]
    public async Task An_event_is_taken_before_the_function_has_run()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Handler = async (_, _, _) =>
        {
            await gate.Task;
            return FakeFunctionHost.Success("null");
        };

        var answer = await InvokeAsync("""{"n":1}""", ("X-Amz-Invocation-Type", "Event"));

        Assert.Equal((202, ""), (answer.Status, answer.Body));
        await host.Ran.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal("""{"n":1}""", Assert.Single(host.Runs).Payload);
        gate.SetResult();
    }

    [Fact]
    public async Task Without_a_payload_the_handler_gets_an_empty_object()
    {
        await InvokeAsync("");

        Assert.Equal("{}", Assert.Single(host.Runs).Payload);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData("text")]
    public async Task A_payload_that_is_no_JSON_is_refused(string payload)
    {
        var answer = await InvokeAsync(payload);

        Assert.Equal((400, "InvalidRequestContentException"), (answer.Status, answer.Code));
        Assert.StartsWith("Could not parse request body into json: ", answer.Message, StringComparison.Ordinal);
        Assert.Empty(host.Runs);
    }

    [Fact]
    public async Task A_wrong_header_is_refused()
    {
        var answer = await InvokeAsync("{}", ("X-Amz-Invocation-Type", "Later"));

        Assert.Equal(
            (400, "ValidationException", "1 validation error detected: Value 'Later' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]"),
            (answer.Status, answer.Code, answer.Message));
    }

    [Fact]
    public async Task No_more_run_at_once_than_the_limit()
    {
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Handler = async (_, _, _) =>
        {
            await gate.Task;
            return FakeFunctionHost.Success("null");
        };
        for (var i = 0; i < 64; i++)
            Assert.Equal(202, (await InvokeAsync("{}", ("X-Amz-Invocation-Type", "Event"))).Status);

        var answer = await InvokeAsync("{}", ("X-Amz-Invocation-Type", "Event"));
        Assert.Equal((429, "TooManyRequestsException"), (answer.Status, answer.Code));
        Assert.Equal(429, (await InvokeAsync("{}")).Status);

        gate.SetResult();
        for (var i = 0; i < 64; i++)
            await host.Ran.WaitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_change_of_code_is_what_runs_next()
    {
        await InvokeAsync("{}");
        var other = Zip("other");
        await server.Root.LambdaOkAsync(200, "PUT", FunctionsPath + "/rotate/code", new { ZipFile = Convert.ToBase64String(other) });
        await InvokeAsync("{}");

        Assert.Equal(other, host.Runs[1].Code);
        Assert.NotEqual(host.Runs[0].Function.CodeId, host.Runs[1].Function.CodeId);
        Assert.NotEqual(host.Runs[0].Function.RevisionId, host.Runs[1].Function.RevisionId);
    }

    [Theory]
    [InlineData("UPDATE function_code SET code = (SELECT code FROM function_code WHERE name = 'other') WHERE name = 'rotate'")]
    [InlineData("UPDATE function_code SET code = substr(code, 1, length(code) - 1) WHERE name = 'rotate'")]
    [InlineData("DELETE FROM function_code WHERE name = 'rotate'")]
    [InlineData("UPDATE directory_entry SET document = replace(document, 'rotate', 'rotate'), sealed = (SELECT sealed FROM directory_entry WHERE name = 'other') WHERE name = 'rotate'")]
    public async Task What_another_program_put_into_the_database_is_not_run(string sql)
    {
        await server.Root.CreateFunctionAsync("other", Zip("other"), new { Variables = new { PASSWORD = "other" } });
        await server.CloseAsync();
        await using (var database = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(server.Data, "strongroom.db")};Pooling=False"))
        {
            await database.OpenAsync(TestContext.Current.CancellationToken);
            await using var command = database.CreateCommand();
#pragma warning disable CA2100 // no part of it comes from outside
            command.CommandText = sql;
#pragma warning restore CA2100
            Assert.Equal(1, await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
        }

        var ran = false;
        host.Handler = (_, _, _) =>
        {
            ran = true;
            return Task.FromResult(FakeFunctionHost.Success("null"));
        };
        await server.OpenAsync(configure: options => options with { FunctionHost = host });

        var answer = await InvokeAsync("{}");
        Assert.Equal((500, "ServiceException", "An error occurred on the server side."), (answer.Status, answer.Code, answer.Message));
        Assert.False(ran);
    }

    [Fact]
    public async Task A_payload_that_is_too_large_is_refused()
    {
        Assert.Equal((413, "RequestTooLargeException"), await server.AnnounceAsync("POST", Invocations, (1 << 20) + 1));
        Assert.Empty(host.Runs);
    }

    private Task<RestAnswer> InvokeAsync(string payload, params (string, string)[] headers) =>
        server.Root.SendRestAsync("POST", Invocations, Encoding.UTF8.GetBytes(payload), more: headers);
}
