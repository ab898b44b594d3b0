using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Strongroom.Crypto;
using Strongroom.Server.Functions;

namespace Strongroom.Tests.Server.Functions;

/// <summary>A function host on its own, with a clock that tests move, and the functions that they write into it.</summary>
internal sealed class RunningHost : IAsyncDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("strongroom-test-").FullName;
    private readonly TcpListener calls = new(IPAddress.Loopback, 0);
    private int functions;

    private RunningHost()
    {
        File.SetUnixFileMode(root, File.GetUnixFileMode(root) | UnixFileMode.OtherExecute | UnixFileMode.OtherRead | UnixFileMode.GroupExecute | UnixFileMode.GroupRead);
        calls.Start();
    }

    /// <summary>Whom functions run as in tests: nobody, where that can be arranged.</summary>
    public static string User => Environment.UserName == "root" ? "nobody" : Environment.UserName;

    public FakeTimeProvider Time { get; } = new(DateTimeOffset.UtcNow);

    public FunctionHost Host { get; private set; } = null!;

    public FunctionFiles Files { get; private set; } = null!;

    /// <summary>The port that functions of a test call when they have come to some point.</summary>
    public int CallPort => ((IPEndPoint)calls.LocalEndpoint).Port;

    public static async Task<RunningHost> StartAsync()
    {
        var running = new RunningHost();
        var options = new FunctionOptions { RunsProcesses = true, User = User };
        var confinement = Confinement.Open(options);
        running.Files = await FunctionFiles.OpenAsync(confinement, Path.Combine(running.root, "note"), null, Ct);
        running.Host = new FunctionHost(
            options, confinement, running.Files, null!, () => new Uri("http://127.0.0.1:1"), running.Time, SystemEntropy.Instance, NullLogger.Instance);
        return running;
    }

    /// <summary>A function of one file.</summary>
    public FunctionDefinition Function(string runtime, string file, string code, string handler = "") => FunctionIn(NewDirectory(file, code), runtime, handler);

    public FunctionDefinition FunctionIn(string directory, string runtime, string handler) => new()
    {
        Account = RunningServer.Account,
        Region = "us-east-1",
        Name = string.Create(CultureInfo.InvariantCulture, $"function-{++functions}"),
        Runtime = runtime,
        Handler = handler,
        CodeId = directory,
    };

    public FunctionDefinition Python(string code) => Function("python3.11", "lambda_function.py", code, "lambda_function.lambda_handler");

    public string NewDirectory(string file, string code)
    {
        var directory = Path.Combine(root, string.Create(CultureInfo.InvariantCulture, $"code-{functions}-{Directory.GetDirectories(root).Length}"));
        Directory.CreateDirectory(directory);
        var path = Path.Combine(directory, file);
        File.WriteAllText(path, code);
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead
            | (file == "bootstrap" ? UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute : 0));
        return directory;
    }

    public Task<InvokeResult> InvokeAsync(FunctionDefinition function, object payload) => Eventually.ComesAsync(
        "the end of an invocation",
        new ValueTask<InvokeResult>(Host.InvokeAsync(function, null, Encoding.UTF8.GetBytes(System.Text.Json.JsonSerializer.Serialize(payload)), Ct)));

    /// <summary>Invokes and expects success.</summary>
    public async Task<JsonNode?> CallAsync(FunctionDefinition function, object payload)
    {
        var result = await InvokeAsync(function, payload);
        Assert.True(result.FunctionError is null, Encoding.UTF8.GetString(result.Payload.Span) + result.Log);
        return JsonNode.Parse(result.Payload.Span);
    }

    /// <summary>Invokes and expects an error object.</summary>
    public async Task<(string Type, string Message, string Log)> FailAsync(FunctionDefinition function, object payload) => Read(await InvokeAsync(function, payload));

    public static (string Type, string Message, string Log) Read(InvokeResult result)
    {
        Assert.True(result.FunctionError == "Unhandled", Encoding.UTF8.GetString(result.Payload.Span) + result.Log);
        var error = JsonNode.Parse(result.Payload.Span)!;
        return ((string)error["errorType"]!, (string)error["errorMessage"]!, result.Log);
    }

    /// <summary>Waits until a function calls, and hears what it says.</summary>
    public async Task<Call> AnswerAsync() => new(await Eventually.ComesAsync("a call of a function", calls.AcceptTcpClientAsync(Ct)));

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        calls.Stop();
        Directory.Delete(root, recursive: true);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <summary>A function on the line.</summary>
    internal sealed class Call(TcpClient client) : IDisposable
    {
        private readonly StreamReader reader = new(client.GetStream());

        public async Task<string> HearAsync() => await Eventually.ComesAsync("the word of a function", reader.ReadLineAsync(Ct)) ?? "";

        public async Task SayAsync(string line) => await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(line + "\n"), Ct);

        public void Dispose() => client.Dispose();
    }
}
