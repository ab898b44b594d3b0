using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Strongroom.Protocol.SigV4;

namespace Strongroom.Tests.Server.Hosting;

/// <summary>How the real program stops.</summary>
public sealed class StopTests : IDisposable
{
    private static readonly Dictionary<string, string> Root = new()
    {
        ["STRONGROOM_ROOT_ACCESS_KEY_ID"] = RunningServer.AccessKeyId,
        ["STRONGROOM_ROOT_SECRET_ACCESS_KEY"] = RunningServer.SecretAccessKey,
    };

    private readonly string data = Directory.CreateTempSubdirectory("strongroom-stop-").FullName;

    public void Dispose() => Directory.Delete(data, recursive: true);

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task A_request_in_flight_finishes_and_new_connections_are_refused(string signal)
    {
        using (var process = await StartAsync())
        {
            using var slow = await SlowCall.BeginAsync(Endpoint(), "CreateSecret", """{"Name":"last","ClientRequestToken":"11111111-2222-3333-4444-555555555555","SecretString":"x"}""");
            await process.SignalAsync(signal);
            await RefusedAsync();

            Assert.StartsWith("HTTP/1.1 200 ", await slow.FinishAsync(), StringComparison.Ordinal);
            Assert.Equal(0, await process.WaitAsync());
        }

        using (var again = await StartAsync())
        {
            Assert.DoesNotContain("ended without warning", again.Output, StringComparison.Ordinal);
            using var read = await SlowCall.BeginAsync(Endpoint(), "GetSecretValue", """{"SecretId":"last"}""");
            Assert.Contains("\"SecretString\":\"x\"", await read.FinishAsync(), StringComparison.Ordinal);
            await again.StopAsync();
        }

        Assert.Equal(0, (await StrongroomProcess.RunAsync(Root, "audit", "verify", "--data", data)).Code);
    }

    [Fact]
    public async Task A_second_signal_ends_it_at_once_and_the_next_start_is_clean()
    {
        using (var process = await StartAsync())
        {
            using var slow = await SlowCall.BeginAsync(Endpoint(), "ListSecrets", "{}");
            await process.SignalAsync("TERM");
            await RefusedAsync();
            await process.SignalAsync("TERM");

            Assert.Equal(3, await process.WaitAsync());
            Assert.Contains("strongroom: stopping at once", process.Output, StringComparison.Ordinal);
        }

        using var again = await StartAsync();
        await again.StopAsync();
    }

    [Fact]
    public async Task The_stop_timeout_breaks_off_what_does_not_finish()
    {
        using var process = await StartAsync("--stop-timeout", "0");
        using var slow = await SlowCall.BeginAsync(Endpoint(), "ListSecrets", "{}");
        await process.StopAsync();

        Assert.Equal("", await slow.FinishAsync());
    }

    [Fact]
    public async Task Health_says_that_it_stops_while_calls_are_still_served()
    {
        await using var server = await RunningServer.StartAsync(configure: o => o with { StopDelay = TimeSpan.FromSeconds(10) });
        using var http = new HttpClient();
        Assert.Equal("ok\n", await http.GetStringAsync(server.Url("/health"), TestContext.Current.CancellationToken));

        var closing = server.CloseAsync();
        using (var health = await http.GetAsync(server.Url("/health"), TestContext.Current.CancellationToken))
            Assert.Equal((HttpStatusCode.ServiceUnavailable, "stopping\n"), (health.StatusCode, await health.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
        await server.CallAsync("ListSecrets");
        Assert.False(closing.IsCompleted);
        server.Time.Advance(TimeSpan.FromSeconds(10));
        await closing;
        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetStringAsync(server.Url("/health"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Systemd_is_told_of_ready_watchdog_and_stop_in_order()
    {
        var path = Path.Combine(data, "notify");
        using var systemd = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        systemd.Bind(new UnixDomainSocketEndPoint(path));

        using var process = await StartAsync(new Dictionary<string, string> { ["NOTIFY_SOCKET"] = path, ["WATCHDOG_USEC"] = "200000" });
        Assert.Equal("READY=1\nSTATUS=Serving.", await ReceiveAsync(systemd));
        for (var i = 0; i < 3; i++)
            Assert.Equal("WATCHDOG=1\nSTATUS=Serving.", await ReceiveAsync(systemd));
        await process.StopAsync();
        var rest = new List<string>();
        while (systemd.Available > 0)
            rest.Add(await ReceiveAsync(systemd));
        Assert.StartsWith("STOPPING=1\n", rest[^1], StringComparison.Ordinal);
        Assert.All(rest[..^1], state => Assert.Equal("WATCHDOG=1\nSTATUS=Serving.", state));
    }

    [Fact]
    public async Task The_watchdog_of_another_process_is_not_fed()
    {
        var path = Path.Combine(data, "notify");
        using var systemd = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        systemd.Bind(new UnixDomainSocketEndPoint(path));

        using var process = await StartAsync(new Dictionary<string, string> { ["NOTIFY_SOCKET"] = path, ["WATCHDOG_USEC"] = "200000", ["WATCHDOG_PID"] = "1" });
        Assert.StartsWith("READY=1\n", await ReceiveAsync(systemd), StringComparison.Ordinal);
        await process.StopAsync();
        Assert.StartsWith("STOPPING=1\n", await ReceiveAsync(systemd), StringComparison.Ordinal);
    }

    private static async Task<string> ReceiveAsync(Socket socket)
    {
        var buffer = new byte[4096];
        return Encoding.UTF8.GetString(buffer, 0, await socket.ReceiveAsync(buffer, SocketFlags.None, TestContext.Current.CancellationToken));
    }

    private Task<StrongroomProcess> StartAsync(params string[] more) => StartAsync(new Dictionary<string, string>(), more);

    private async Task<StrongroomProcess> StartAsync(Dictionary<string, string> environment, params string[] more)
    {
        foreach (var (name, value) in Root)
            environment[name] = value;
        var process = StrongroomProcess.Start(environment, ["serve", "--data", data, "--listen", "http://127.0.0.1:0", .. more]);
        await process.SeeAsync("listens on");
        return process;
    }

    private Uri Endpoint() => new((string)JsonNode.Parse(File.ReadAllText(Path.Combine(data, "endpoint.json")))!["url"]!);

    // Comes back once nobody listens any more.
    private async Task RefusedAsync()
    {
        while (true)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync(IPAddress.Loopback, Endpoint().Port, TestContext.Current.CancellationToken);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
            {
                return;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
            {
                // Was in the backlog when the listener closed.
            }
        }
    }

    /// <summary>A signed call whose last byte is kept back.</summary>
    private sealed class SlowCall(TcpClient client, byte last) : IDisposable
    {
        public static async Task<SlowCall> BeginAsync(Uri endpoint, string operation, string body)
        {
            var now = TimeProvider.System.GetUtcNow();
            List<KeyValuePair<string, string>> headers =
            [
                new("content-type", "application/x-amz-json-1.1"), new("host", endpoint.Authority), new("x-amz-date", SigV4Timestamp.Format(now)),
                new("x-amz-target", "secretsmanager." + operation),
            ];
            var bytes = Encoding.UTF8.GetBytes(body);
            var authorization = SigV4Signer.Sign(
                "POST", "/", headers, bytes, new SigV4Credentials(RunningServer.AccessKeyId, RunningServer.SecretAccessKey), "us-east-1", "secretsmanager", now);
            var head = new StringBuilder("POST / HTTP/1.1\r\n");
            foreach (var (name, value) in headers)
                head.Append(name).Append(": ").Append(value).Append("\r\n");
            head.Append("connection: close\r\nauthorization: ").Append(authorization).Append("\r\ncontent-length: ").Append(bytes.Length).Append("\r\nexpect: 100-continue\r\n\r\n");
            var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, endpoint.Port, TestContext.Current.CancellationToken);
            var stream = client.GetStream();
            await stream.WriteAsync(Encoding.ASCII.GetBytes(head.ToString()), TestContext.Current.CancellationToken);
            // The server says this when it begins to read the body: from here on the request is in flight.
            var expected = "HTTP/1.1 100 Continue\r\n\r\n"u8.ToArray();
            var got = new byte[expected.Length];
            await stream.ReadExactlyAsync(got, TestContext.Current.CancellationToken);
            Assert.Equal(expected, got);
            await stream.WriteAsync(bytes.AsMemory(0, bytes.Length - 1), TestContext.Current.CancellationToken);
            return new SlowCall(client, bytes[^1]);
        }

        /// <returns>The answer; empty when the connection was broken off.</returns>
        public async Task<string> FinishAsync()
        {
            try
            {
                await client.GetStream().WriteAsync(new[] { last }, TestContext.Current.CancellationToken);
                using var reader = new StreamReader(client.GetStream());
                return await reader.ReadToEndAsync(TestContext.Current.CancellationToken);
            }
            catch (IOException)
            {
                return "";
            }
        }

        public void Dispose() => client.Dispose();
    }
}
