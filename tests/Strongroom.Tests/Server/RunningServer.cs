using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Strongroom.Crypto;
using Strongroom.Protocol.SigV4;
using Strongroom.Server.Hosting;
using Strongroom.Server.Rotation;

namespace Strongroom.Tests.Server;

/// <summary>A whole server on loopback with a clock that tests move and a client that signs.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    public const string Account = "111122223333";
    public const string AccessKeyId = "AKIAIOSFODNN7EXAMPLE";
    public const string SecretAccessKey = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    private readonly HttpClient http = new();
    private readonly bool ownsData;
    private StrongroomServer server = null!;

    private RunningServer(string data, bool ownsData) => (Data, this.ownsData) = (data, ownsData);

    public string Data { get; }

    /// <summary>Starts at an instant that no test chose with care: expectations must not depend on today.</summary>
    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 2, 3, 10, 20, 30, TimeSpan.Zero).AddMilliseconds(456));

    public FakeFunctions Functions { get; private init; } = new();

    /// <summary>Whether the functions of the settings are used from the next opening on, and not <see cref="Functions"/>.</summary>
    public bool UsesConfiguredFunctions { get; set; }

    public StrongroomServer Server => server;

    /// <summary>The account's root.</summary>
    public TestClient Root => new(this, AccessKeyId, SecretAccessKey);

    /// <param name="ownFunctions">Whether the functions of the settings are used.</param>
    /// <param name="functions">For a server that finds work for them in its data.</param>
    public static async Task<RunningServer> StartAsync(
        string? data = null, string? store = null, Func<ServerOptions, ServerOptions>? configure = null, bool ownFunctions = false, FakeFunctions? functions = null)
    {
        var running = new RunningServer(data ?? Directory.CreateTempSubdirectory("strongroom-test-").FullName, data is null)
        {
            UsesConfiguredFunctions = ownFunctions,
            Functions = functions ?? new FakeFunctions(),
        };
        await running.OpenAsync(store, configure);
        return running;
    }

    public async Task OpenAsync(string? store = null, Func<ServerOptions, ServerOptions>? configure = null, Action<ILoggingBuilder>? logging = null)
    {
        var options = new ServerOptions
        {
            DataDirectory = Data,
            Store = store,
            Listen = "http://127.0.0.1:0",
            AccountId = Account,
            RootAccessKeyId = AccessKeyId,
            RootSecretAccessKey = SecretAccessKey,
        };
        server = await StrongroomServer.StartAsync(
            configure?.Invoke(options) ?? options, Time, SystemEntropy.Instance, logging ?? (l => l.SetMinimumLevel(LogLevel.None)), UsesConfiguredFunctions ? null : Functions,
            CancellationToken.None);
    }

    /// <summary>Goes on in another time, with a server that starts there: one that runs would run all its jobs of the time between.</summary>
    public async Task ReopenAtAsync(DateTimeOffset then)
    {
        await CloseAsync();
        Time.SetUtcNow(then);
        await OpenAsync();
    }

    public Task CloseAsync() => server.DisposeAsync().AsTask();

    /// <summary>Calls an operation and expects it to succeed.</summary>
    public async Task<JsonObject> CallAsync(string operation, object? parameters = null, string region = "us-east-1")
    {
        var (status, body) = await SendAsync(operation, JsonOf(parameters), region);
        Assert.True(status == 200, $"{operation}: {status} {body}");
        return body.Length == 0 ? [] : JsonNode.Parse(body)!.AsObject();
    }

    /// <summary>Calls an operation and expects AWS's error.</summary>
    public async Task<string> FailAsync(string operation, object? parameters, string code, string region = "us-east-1", int status = 400)
    {
        var (actual, body) = await SendAsync(operation, JsonOf(parameters), region);
        Assert.True(actual == status, $"{operation}: {actual} {body}");
        var error = JsonNode.Parse(body)!.AsObject();
        Assert.Equal(code, (string?)error["__type"]);
        return (string?)(error["Message"] ?? error["message"]) ?? "";
    }

    public async Task<(int Status, string Body)> SendAsync(string operation, string body, string region = "us-east-1", string secretKey = SecretAccessKey)
    {
        using var request = Sign($"secretsmanager.{operation}", body, region, "secretsmanager", secretKey, Time.GetUtcNow());
        using var response = await http.SendAsync(request);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request) => await http.SendAsync(request);

    public Uri Url(string path = "/") => new(server.Endpoint, path);

    public HttpRequestMessage Sign(string target, string body, string region, string service, string secretKey, DateTimeOffset when)
    {
        var date = SigV4Timestamp.Format(when);
        List<KeyValuePair<string, string>> headers =
        [
            new("content-type", "application/x-amz-json-1.1"), new("host", Url().Authority), new("x-amz-date", date), new("x-amz-target", target),
        ];
        var bytes = Encoding.UTF8.GetBytes(body);
        var authorization = SigV4Signer.Sign("POST", "/", headers, bytes, new SigV4Credentials(AccessKeyId, secretKey), region, service, when);
        var request = new HttpRequestMessage(HttpMethod.Post, Url()) { Content = new ByteArrayContent(bytes) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse("application/x-amz-json-1.1");
        request.Headers.Add("X-Amz-Date", date);
        request.Headers.Add("X-Amz-Target", target);
        request.Headers.TryAddWithoutValidation("Authorization", authorization);
        return request;
    }

    /// <summary>All audit records so far, oldest first.</summary>
    public IReadOnlyList<JsonObject> Records() =>
        [.. Directory.EnumerateFiles(Path.Combine(Data, "audit"), "*.jsonl").Order().SelectMany(ReadShared).Select(l => JsonNode.Parse(l)!.AsObject())];

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await server.DisposeAsync();
        if (ownsData)
            Directory.Delete(Data, recursive: true);
    }

    private static IEnumerable<string> ReadShared(string path)
    {
        using var reader = new StreamReader(new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static string JsonOf(object? parameters) => parameters is null ? "{}" : System.Text.Json.JsonSerializer.Serialize(parameters);

    internal sealed class FakeFunctions : IRotationFunctions, IRotationFunction
    {
        public HashSet<string> Reachable { get; } = [];

        /// <summary>While it is set, calls that ask about a function wait for it.</summary>
        public TaskCompletionSource? Gate { get; set; }

        /// <summary>Released once for each call that asks.</summary>
        public SemaphoreSlim Asked { get; } = new(0);

        /// <summary>What the functions do in a step; by default they take for ever.</summary>
        public Func<RotationEvent, CancellationToken, Task<StepResult>> Step { get; set; } = async (_, ct) =>
        {
            await Task.Delay(Timeout.Infinite, ct);
            return StepResult.Succeeded;
        };

        public async ValueTask<IRotationFunction?> FindAsync(string account, string region, string secretArn, string functionArn, CancellationToken ct)
        {
            Asked.Release();
            if (Gate is { } gate)
                await gate.Task;
            return Reachable.Contains(functionArn) ? this : null;
        }

        public Task<StepResult> InvokeAsync(RotationEvent step, CancellationToken ct) => Step(step, ct);
    }
}
