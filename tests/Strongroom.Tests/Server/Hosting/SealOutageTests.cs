using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using Strongroom.Crypto.KeyProviders;
using Strongroom.Server.Hosting;

namespace Strongroom.Tests.Server.Hosting;

/// <summary>A seal that is out of reach when the server starts.</summary>
public sealed class SealOutageTests : IAsyncLifetime
{
    private readonly string data = Directory.CreateTempSubdirectory("strongroom-outage-").FullName;
    private readonly Lines lines = new();
    private FlakySeal seal = null!;
    private RunningServer server = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        seal = new FlakySeal(Path.Combine(data, "root.key"));
        server = await RunningServer.StartAsync(data);
        await server.CallAsync("CreateSecret", new { Name = "kept", ClientRequestToken = "11111111-1111-4111-8111-111111111111", SecretString = "v" });
        await server.CloseAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        Directory.Delete(data, recursive: true);
        lines.Dispose();
    }

    [Fact]
    public async Task The_server_listens_refuses_says_why_and_goes_on_by_itself()
    {
        seal.Failure = FlakySeal.Outage;
        await OpenAsync();

        Assert.False(server.Server.Opened.IsCompleted);
        Assert.Contains("temporary failure", await server.FailAsync("GetSecretValue", new { SecretId = "kept" }, "ServiceUnavailable", status: 503), StringComparison.Ordinal);
        using (var query = await server.SendAsync(new HttpRequestMessage(HttpMethod.Post, server.Url()) { Content = new StringContent("Action=GetCallerIdentity&Version=2011-06-15") }))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, query.StatusCode);
            Assert.Contains("<Code>ServiceUnavailable</Code>", await query.Content.ReadAsStringAsync(Ct), StringComparison.Ordinal);
        }

        Assert.Equal((503, FlakySeal.Outage.Message + "\n"), await HealthAsync());
        await AdvanceUntilAsync(() => seal.Attempts > 8);

        seal.Failure = null;
        await AdvanceUntilAsync(() => server.Server.Opened.IsCompleted);
        await server.Server.Opened;

        await server.CallAsync("GetSecretValue", new { SecretId = "kept" });
        Assert.Equal((200, "ok\n"), await HealthAsync());
        Assert.Equal(2, lines.All.Count);
        Assert.Contains(FlakySeal.Outage.Message, lines.All.First(), StringComparison.Ordinal);
        Assert.Contains("is back", lines.All.Last(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_health_check_has_the_latest_reason()
    {
        seal.Failure = FlakySeal.Outage;
        await OpenAsync();

        seal.Failure = new SealException("Now it is throttled.") { Failure = SealFailure.OutOfReach };
        var attempts = seal.Attempts;
        await AdvanceUntilAsync(() => seal.Attempts > attempts + 1);

        Assert.Equal((503, "Now it is throttled.\n"), await HealthAsync());
    }

    [Fact]
    public async Task A_wrong_key_is_refused_at_once()
    {
        seal.Failure = new SealException("Not this one.") { Failure = SealFailure.WrongKey };

        Assert.Equal("Not this one.", (await Assert.ThrowsAsync<SealException>(OpenAsync)).Message);
        Assert.Equal(1, seal.Attempts);
        seal.Failure = null;
        await OpenAsync(); // the directory was given back
    }

    [Fact]
    public async Task A_seal_that_comes_back_wrong_ends_the_wait()
    {
        seal.Failure = FlakySeal.Outage;
        await OpenAsync();

        seal.Failure = new SealException("Not this one.") { Failure = SealFailure.WrongKey };
        await AdvanceUntilAsync(() => server.Server.Opened.IsCompleted);

        Assert.Equal("Not this one.", (await Assert.ThrowsAsync<SealException>(() => server.Server.Opened)).Message);
        Assert.Equal((503, "Not this one.\n"), await HealthAsync());
        await server.FailAsync("GetSecretValue", new { SecretId = "kept" }, "ServiceUnavailable", status: 503);
    }

    [Fact]
    public async Task A_first_start_waits_as_well()
    {
        var empty = Directory.CreateTempSubdirectory("strongroom-outage-").FullName;
        var fresh = new FlakySeal(Path.Combine(empty, "root.key")) { Failure = FlakySeal.Outage };
        await using (var first = await RunningServer.StartAsync(empty, configure: o => o with { OtherSeal = _ => fresh }))
        {
            fresh.Failure = null;
            await Eventually.ComesAsync("the seal to be found again", () => first.Server.Opened.IsCompleted, () => first.Time.Advance(TimeSpan.FromSeconds(1)));
            await first.Server.Opened;

            Assert.True(first.Server.IsNew);
            await first.CallAsync("CreateSecret", new { Name = "first", ClientRequestToken = "11111111-1111-4111-8111-111111111111", SecretString = "v" });
        }

        Directory.Delete(empty, recursive: true);
    }

    [Fact]
    public async Task Another_seal_than_the_data_has_is_refused_with_what_to_do()
    {
        var refusal = await Assert.ThrowsAsync<SealException>(() => server.OpenAsync(configure: o => o with
        {
            Seal = new SealOptions { Name = "aws-kms", KmsKey = "alias/x", KmsRegion = "us-east-1" },
        }));

        Assert.Contains("sealed by 'file'", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("strongroom seal move --to aws-kms", refusal.Message, StringComparison.Ordinal);
        await OpenAsync();
    }

    [Fact]
    public void Attempts_come_soon_at_first_and_every_30_seconds_later()
    {
        var pauses = new List<TimeSpan> { SealRetry.FirstPause };
        while (pauses.Count < 7)
            pauses.Add(SealRetry.Next(pauses[^1]));

        Assert.Equal([1, 2, 4, 8, 16, 30, 30], pauses.Select(p => (int)p.TotalSeconds));
    }

    private Task OpenAsync() => server.OpenAsync(configure: o => o with { OtherSeal = _ => seal }, logging: l => l.AddProvider(lines));

    private async Task<(int, string)> HealthAsync()
    {
        using var answer = await server.SendAsync(new HttpRequestMessage(HttpMethod.Get, server.Url("/health")));
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Ct));
    }

    // The wait may not have begun yet when the clock moves, so it moves until something happened.
    private Task AdvanceUntilAsync(Func<bool> isDone) =>
        Eventually.ComesAsync("the next attempts at the seal", isDone, () => server.Time.Advance(TimeSpan.FromSeconds(1)));

    private sealed class Lines : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> All { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
                All.Enqueue(formatter(state, exception));
        }

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
