using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Strongroom.Server.Hosting;
using Strongroom.Storage;

namespace Strongroom.Tests.Server.Observability;

public sealed class StartLineTests
{
    [Fact]
    public async Task A_start_and_a_stop_write_one_line_each()
    {
        var lines = new Lines();
        await using (var server = await RunningServer.StartAsync())
        {
            await server.CloseAsync();
            await server.OpenAsync(logging: l => l.SetMinimumLevel(LogLevel.Information).AddProvider(lines));
            var start = Assert.Single(lines.Of("Strongroom.Start"));

            foreach (var part in new[]
                     {
                         "Strongroom 0.", "listens on http://127.0.0.1:", $"account {RunningServer.Account}", "region us-east-1", "seal file", $"store sqlite {server.Data}",
                         $"audit log {server.Data}", "TLS none", "metrics off", "OTLP off", "unsafe: the key that opens the root key lies next to the data",
                     })
                Assert.Contains(part, start, StringComparison.Ordinal);
            Assert.DoesNotContain(RunningServer.SecretAccessKey, start, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', start);
        }

        Assert.Contains("stopped after 0 s: all records are in the log", lines.Of("Strongroom.Start").Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_unsafe_is_named()
    {
        await using var server = await RunningServer.StartAsync();
        var key = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        File.WriteAllText(key, "");
        File.SetUnixFileMode(key, UnixFileMode.UserRead | UnixFileMode.OtherRead);
        var safe = new ServerOptions { DataDirectory = server.Data, Seal = new SealOptions { Name = "aws-kms" } };

        IReadOnlyList<string> Of(ServerOptions options) => StartLine.Unsafe(options, server.Server.Directory);

        Assert.Empty(Of(safe));
        Assert.Equal([$"other users can read {key}"], Of(safe with { Seal = new SealOptions { KeyFile = key } }));
        Assert.Equal([$"other users can read {key}"], Of(safe with { TlsKey = key }));
        Assert.Equal([$"other users can read {key}"], Of(safe with { ConfigurationFile = key }));
        Assert.Equal([$"other users can read {key}"], Of(safe with { NotificationsFile = key }));
        Assert.Equal([$"other users can read {key}"], Of(safe with { AuditSinks = new() { SyslogKey = key } }));
        Assert.Equal(["PostgreSQL on the network without a verified certificate"], Of(safe with { Store = "Host=db.example.com;Database=s" }));
        Assert.Contains("plain HTTP", Assert.Single(Of(safe with { Listen = "http://0.0.0.0:1" })), StringComparison.Ordinal);
        Assert.Contains("next to the data", Assert.Single(Of(safe with { Seal = new SealOptions() })), StringComparison.Ordinal);
        Assert.Contains("OIDC", Assert.Single(Of(safe with { AllowPrivateOidcIssuers = true })), StringComparison.Ordinal);
        Assert.Contains("metrics", Assert.Single(Of(safe with { Telemetry = new() { MetricsListen = "http://127.0.0.1:1" } })), StringComparison.Ordinal);
        Assert.Contains("name secrets", Assert.Single(Of(safe with { Telemetry = new() { SecretLabel = true } })), StringComparison.Ordinal);
        Assert.Contains("telemetry", Assert.Single(Of(safe with { Telemetry = new() { OtlpEndpoint = "http://collector.example.com:4318" } })), StringComparison.Ordinal);
        Assert.Contains("root access key", Assert.Single(Of(safe with { RootSecretAccessKey = "secret-canary" })), StringComparison.Ordinal);
        File.SetUnixFileMode(key, UnixFileMode.UserRead);
        Assert.Empty(Of(safe with { ConfigurationFile = key, NotificationsFile = key, TlsKey = key }));
        File.Delete(key);
        Assert.Empty(Of(safe with { ConfigurationFile = key }));
        File.SetUnixFileMode(server.Data, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead);
        Assert.Equal([$"other users can read {server.Data}"], Of(safe));
    }

    // Source: Npgsql, "Connection String Parameters" and "Security and encryption": Require and below accept any certificate; VerifyCA does not look at the name.
    [Theory]
    [InlineData("Host=db.example.com;Database=s", true)]
    [InlineData("Host=db.example.com;Database=s;SSL Mode=Require", true)]
    [InlineData("Host=db.example.com;Database=s;SSL Mode=VerifyCA", true)]
    [InlineData("Host=db.example.com;Database=s;SSL Mode=VerifyCA;Root Certificate=/etc/ca.pem", false)]
    [InlineData("Host=db.example.com;Database=s;SSL Mode=VerifyFull", false)]
    [InlineData("Host=10.0.0.7;Database=s;SSL Mode=Disable", true)]
    [InlineData("Host=localhost;Database=s", false)]
    [InlineData("Host=127.0.0.1;Database=s;SSL Mode=Disable", false)]
    [InlineData("Host=::1;Database=s", false)]
    [InlineData("Host=/run/postgresql;Database=s", false)]
    [InlineData("Host=localhost:5433,db.example.com:5433;Database=s", true)]
    [InlineData("Host=localhost:5433,127.0.0.1:5434;Database=s", false)]
    [InlineData("Host=localhost.example.com;Database=s", true)]
    public void A_database_that_anybody_could_pass_for_is_named(string connectionString, bool isUnverified) =>
        Assert.Equal(isUnverified, SqlStore.IsUnverifiedPostgres(connectionString));

    private sealed class Lines : ILoggerProvider
    {
        private readonly ConcurrentQueue<(string Category, string Text)> all = new();

        public IReadOnlyList<string> Of(string category) => [.. all.Where(l => l.Category == category).Select(l => l.Text)];

        public ILogger CreateLogger(string categoryName) => new Logger(all, categoryName);

        public void Dispose()
        {
        }

        private sealed class Logger(ConcurrentQueue<(string, string)> all, string category) : ILogger
        {
            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public bool IsEnabled(LogLevel logLevel) => true;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
                all.Enqueue((category, formatter(state, exception)));
        }
    }
}
