using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Strongroom.Crypto;
using Strongroom.Server.Audit.Sinks;
using Strongroom.Server.Hosting;
using Strongroom.Server.Webhooks;
using Strongroom.Storage;
using Strongroom.Tests.Architecture;
using Strongroom.Tests.Server.Webhooks;

namespace Strongroom.Tests.Server.Audit.Sinks;

/// <summary>Sinks of a whole server, with receivers on loopback.</summary>
public sealed partial class AuditSinkTests : IDisposable
{
    private const string Secret = "0123456789abcdef0123456789abcdef-first";
    private const string Other = "0123456789abcdef0123456789abcdef-second";

    private const string Token = "6b1a6c1e-2f7b-4d5c-9b1e-0d6f5c1f7a11";

    private readonly TestAuthority authority = new();

    [Fact]
    public async Task Syslog_gets_every_record_in_RFC_5424_s_form()
    {
        using var certificate = authority.Issue("127.0.0.1");
        await using var receiver = new SyslogReceiver(certificate);
        await using var server = await RunningServer.StartAsync(configure: Syslog(receiver));
        await server.CallAsync("CreateSecret", new { Name = "one", SecretString = "a value that stays here", ClientRequestToken = Token });
        await server.FailAsync("GetSecretValue", new { SecretId = "missing" }, "ResourceNotFoundException");
        await PollAsync(server);

        var (first, second) = (Message().Match(await receiver.NextAsync()), Message().Match(await receiver.NextAsync()));
        Assert.True(first.Success && second.Success);
        // Facility 13 (log audit) with severity 6 and 4: 13 × 8 + 6 and + 4. Source: RFC 5424, 6.2.1.
        Assert.Equal(("110", "108"), (first.Groups[1].Value, second.Groups[1].Value));
        Assert.Equal("2026-02-03T10:20:30Z", first.Groups[2].Value);
        // The very bytes of the log, chain and all.
        var written = File.ReadLines(Newest(server)).ToList();
        Assert.Equal(written, [first.Groups[3].Value, second.Groups[3].Value]);
        Assert.NotNull(JsonNode.Parse(first.Groups[3].Value)!["chain"]);
        Assert.DoesNotContain("a value that stays here", first.Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_syslog_receiver_that_the_authorities_do_not_know_gets_nothing_and_refuses_no_call()
    {
        using var strangers = new TestAuthority();
        using var certificate = strangers.Issue("127.0.0.1");
        await using var receiver = new SyslogReceiver(certificate);
        await using var server = await RunningServer.StartAsync(configure: Syslog(receiver));
        await server.CallAsync("CreateSecret", new { Name = "one", SecretString = "x", ClientRequestToken = Token });
        await FailingAsync(server);

        await server.CallAsync("GetSecretValue", new { SecretId = "one" });
        Assert.False(receiver.HasMore);
    }

    [Fact]
    public async Task A_syslog_receiver_of_another_name_gets_nothing()
    {
        using var certificate = authority.Issue("logs.example.com");
        await using var receiver = new SyslogReceiver(certificate);
        await using var server = await RunningServer.StartAsync(configure: Syslog(receiver));
        await server.CallAsync("ListSecrets");
        await FailingAsync(server);

        Assert.False(receiver.HasMore);
    }

    [Fact]
    public async Task A_client_certificate_is_shown_where_one_is_configured()
    {
        using var certificate = authority.Issue("127.0.0.1");
        using var mine = authority.Issue("strongroom.example.com");
        var (certificateFile, keyFile) = authority.Write(mine);
        await using var receiver = new SyslogReceiver(certificate, wantsCertificate: true);
        await using var server = await RunningServer.StartAsync(configure: Syslog(receiver, s => s with { SyslogCertificate = certificateFile, SyslogKey = keyFile }));
        await server.CallAsync("ListSecrets");
        await PollAsync(server);

        Assert.Contains("ListSecrets", await receiver.NextAsync(), StringComparison.Ordinal);
        Assert.Equal("CN=strongroom.example.com", receiver.Client);
    }

    [Fact]
    public async Task A_syslog_connection_that_breaks_is_made_again_and_what_it_may_have_lost_sent_again()
    {
        using var certificate = authority.Issue("127.0.0.1");
        await using var receiver = new SyslogReceiver(certificate);
        await using var server = await RunningServer.StartAsync(configure: Syslog(receiver));
        await server.CallAsync("ListSecrets");
        await PollAsync(server);
        var first = await receiver.NextAsync();
        receiver.Hang();
        await FailingAsync(server);
        await PollAsync(server);

        Assert.Equal(first, await receiver.NextAsync());
        Assert.Equal(2, receiver.Connections);
    }

    [Fact]
    public async Task A_webhook_gets_signed_batches_over_TLS_and_an_outage_refuses_no_call()
    {
        using var certificate = authority.Issue("127.0.0.1");
        await using var receiver = new LoopbackReceiver(certificate) { Answer = _ => "503 Busy" };
        await using var server = await RunningServer.StartAsync(configure: o => o with
        {
            AuditSinks = new()
            {
                Webhook = receiver.Address,
                WebhookSecretFile = authority.Secret(Secret, Other),
                WebhookCertificateAuthorities = authority.AuthorityFile,
            },
        });
        await server.CallAsync("CreateSecret", new { Name = "one", SecretString = "x", ClientRequestToken = Token });
        await FailingAsync(server);
        await receiver.NextAsync();
        await server.CallAsync("GetSecretValue", new { SecretId = "one" });
        receiver.Answer = _ => "200 OK";
        await PollAsync(server);
        var post = await receiver.NextAsync();

        Assert.Equal(File.ReadLines(Newest(server)), Encoding.UTF8.GetString(post.Body).TrimEnd('\n').Split('\n'));
        Assert.Equal("application/x-ndjson", post.Headers["Content-Type"]);
        var signature = Signature().Match(post.Headers["Strongroom-Signature"]);
        Assert.True(signature.Success);
        Assert.Equal(server.Time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture), signature.Groups[1].Value);
        // The definition, in other words than the signer's.
        byte[] signed = [.. Encoding.ASCII.GetBytes(signature.Groups[1].Value + "."), .. post.Body];
        Assert.Equal(Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.ASCII.GetBytes(Secret), signed)), signature.Groups[2].Value);
        Assert.Equal(Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.ASCII.GetBytes(Other), signed)), signature.Groups[3].Value);
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var elsewhere = new LoopbackReceiver();
        await using var receiver = new LoopbackReceiver { Answer = _ => "307 Temporary Redirect\r\nLocation: " + elsewhere.Address };
        await using var server = await RunningServer.StartAsync(configure: o => o with
        {
            AuditSinks = new() { Webhook = receiver.Address, WebhookSecretFile = authority.Secret(Secret) },
        });
        await server.CallAsync("ListSecrets");
        await FailingAsync(server);

        Assert.False(elsewhere.HasMore);
    }

    [Fact]
    public async Task Standard_output_gets_a_line_a_record_the_last_ones_at_the_stop()
    {
        using var output = new MemoryStream();
        var server = await RunningServer.StartAsync(configure: o => o with { AuditSinks = new() { StandardOutput = true, Output = output } });
        try
        {
            await server.CallAsync("ListSecrets");
            await server.CloseAsync();

            Assert.Equal(File.ReadAllText(Newest(server)), Encoding.UTF8.GetString(output.ToArray()));
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    [Fact]
    public async Task The_example_receiver_verifies_what_is_posted_and_refuses_what_is_not_signed()
    {
        var secret = authority.Secret(Secret);
        using var python = Process.Start(new ProcessStartInfo(
            "python3", [Path.Combine(Repository.Root, "docs", "examples", "webhook_receiver.py"), "--secret-file", secret, "--port", "0"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            var said = await python.StandardError.ReadLineAsync(TestContext.Current.CancellationToken);
            var address = new Uri($"http://127.0.0.1:{said!.Split(' ')[^1]}/");
            using var client = new HttpClient();
            using var unsigned = await client.PostAsync(address, new StringContent("{}"), TestContext.Current.CancellationToken);
            using var old = new HttpRequestMessage(HttpMethod.Post, address) { Content = new StringContent("{}") };
            var then = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
            using var signer = new WebhookSigner(SecretBytes.CopyFrom(Encoding.ASCII.GetBytes(Secret)));
            old.Headers.Add("Strongroom-Signature", signer.Sign("{}"u8, then));
            using var replayed = await client.SendAsync(old, TestContext.Current.CancellationToken);
            Assert.Equal((401, 401), ((int)unsigned.StatusCode, (int)replayed.StatusCode));

            await using var server = await RunningServer.StartAsync(configure: o => o with { AuditSinks = new() { Webhook = address, WebhookSecretFile = secret } });
            // The receiver's clock is real.
            server.Time.SetUtcNow(TimeProvider.System.GetUtcNow());
            await server.CallAsync("ListSecrets");
            await PollAsync(server);
            var line = await python.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);

            Assert.Equal("ListSecrets", (string?)JsonNode.Parse(line!)!["eventName"]);
        }
        finally
        {
            python.Kill();
        }
    }

    [Theory]
    [InlineData("STRONGROOM_AUDIT_SYSLOG=udp://logs:514", "no syslog receiver")]
    [InlineData("STRONGROOM_AUDIT_SYSLOG=logs.example.com:6514", "no syslog receiver")]
    [InlineData("STRONGROOM_AUDIT_SYSLOG_CA=/ca.pem", "there is none")]
    [InlineData("STRONGROOM_AUDIT_SYSLOG=tls://logs STRONGROOM_AUDIT_SYSLOG_KEY=/k", "belong together")]
    [InlineData("STRONGROOM_AUDIT_WEBHOOK=http://logs.example.com/", "Use https")]
    [InlineData("STRONGROOM_AUDIT_WEBHOOK=https://user:secret@logs.example.com/", "without a user")]
    [InlineData("STRONGROOM_AUDIT_WEBHOOK=file:///etc/passwd", "must be an address")]
    [InlineData("STRONGROOM_AUDIT_WEBHOOK=https://logs.example.com/", "signing secret in one place")]
    [InlineData("STRONGROOM_AUDIT_WEBHOOK_SECRET=x", "there is none")]
    [InlineData("STRONGROOM_AUDIT_SINK_START=middle", "Use end or beginning")]
    public void What_cannot_work_or_would_be_readable_is_refused_at_start(string variables, string refusal)
    {
        var refused = Assert.Throws<SettingsException>(() => Read(variables));

        Assert.Contains(refusal, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret@", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Settings_of_sinks_are_read()
    {
        var sinks = Read($"STRONGROOM_AUDIT_SYSLOG=tls://logs.example.com STRONGROOM_AUDIT_WEBHOOK=https://hooks.example.com/a?key=canary STRONGROOM_AUDIT_WEBHOOK_SECRET={Secret} STRONGROOM_AUDIT_STDOUT=true").AuditSinks;

        // The port of RFC 5425, 4.1.
        Assert.Equal(("logs.example.com:6514", true, false), (sinks.Syslog!.Authority, sinks.StandardOutput, sinks.FromBeginning));
        Assert.DoesNotContain("canary", sinks.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, sinks.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("short", false, "shorter than 32")]
    [InlineData(Secret, true, "chmod 600")]
    [InlineData("", false, "holds no signing secret")]
    public async Task A_signing_secret_that_is_none_is_refused(string secret, bool isOpen, string why)
    {
        var file = authority.Secret(secret);
        if (isOpen)
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.GroupRead);
        var refused = await Assert.ThrowsAsync<StoreRefusedException>(() => RunningServer.StartAsync(
            configure: o => o with { AuditSinks = new() { Webhook = new("https://127.0.0.1:1/"), WebhookSecretFile = file } }));

        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_log_line_holds_the_path_of_a_webhook_or_its_secret()
    {
        using var log = new LogLines();
        await using var receiver = new LoopbackReceiver { Answer = _ => "500 Broken" };
        await using var server = await RunningServer.StartAsync();
        await server.CloseAsync();
        await server.OpenAsync(
            configure: o => o with { AuditSinks = new() { Webhook = receiver.Address, WebhookSecretFile = authority.Secret(Secret) } },
            logging: l => l.SetMinimumLevel(LogLevel.Trace).AddProvider(log));
        await server.CallAsync("ListSecrets");
        await FailingAsync(server);

        var said = log.Text;
        Assert.Contains("it answered 500", said, StringComparison.Ordinal);
        Assert.DoesNotContain("in-the-address", said, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, said, StringComparison.Ordinal);
    }

    public void Dispose() => authority.Dispose();

    private Func<ServerOptions, ServerOptions> Syslog(SyslogReceiver receiver, Func<AuditSinkOptions, AuditSinkOptions>? also = null) => o => o with
    {
        AuditSinks = (also ?? (s => s))(new AuditSinkOptions { Syslog = receiver.Address, SyslogCertificateAuthorities = authority.AuthorityFile }),
    };

    private static ServerOptions Read(string variables) => SettingsReader.Read(
        "/nowhere", null, new Dictionary<string, IReadOnlyList<string>>(), variables.Split(' ').Select(v => v.Split('=', 2)).ToDictionary(v => v[0], v => v[1]));

    private static string Newest(RunningServer server) => Directory.EnumerateFiles(Path.Combine(server.Data, "audit"), "*.jsonl").Max()!;

    // The clock stands still, so the followers do nothing by themselves and no limit of time runs out.
    private static async Task PollAsync(RunningServer server)
    {
        var sent = server.Server.Sinks.Sum(s => s.Sent);
        await Eventually.ComesAsync("a sink that sends", () => Task.FromResult(server.Server.Sinks.Sum(s => s.Sent) != sent), server.Server.StepSinksAsync);
    }

    private static Task FailingAsync(RunningServer server) =>
        Eventually.ComesAsync("a sink that fails", () => Task.FromResult(server.Server.Sinks.Any(s => s.Failures > 0)), server.Server.StepSinksAsync);

    // Source: RFC 5424, 6: PRI VERSION TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA MSG.
    [GeneratedRegex(@"\A<([0-9]+)>1 ([0-9TZ:-]+) [!-~]{1,255} strongroom [0-9]+ audit - @cee: (\{.*\})\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Message();

    [GeneratedRegex(@"\At=([0-9]+),v1=([0-9a-f]{64}),v1=([0-9a-f]{64})\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Signature();
}
