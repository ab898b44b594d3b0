using Strongroom.Server.Hosting;
using Strongroom.Storage;

namespace Strongroom.Tests.Server.Observability;

public sealed class MetricsEndpointTests
{
    private const string Token = "a-token-of-good-length-0123456789";

    [Fact]
    public async Task The_public_door_shows_no_metrics()
    {
        await using var server = await RunningServer.StartAsync(configure: Scrape.On());

        var (_, text) = await Scrape.TryAsync(server.Url());

        Assert.DoesNotContain("strongroom_", text, StringComparison.Ordinal);
        Assert.NotEqual(server.Url().Port, server.Server.Metrics!.Port);
    }

    [Fact]
    public async Task There_is_no_endpoint_unless_configured()
    {
        await using var server = await RunningServer.StartAsync();

        Assert.Null(server.Server.Metrics);
    }

    [Fact]
    public async Task Only_GET_metrics_is_answered()
    {
        await using var server = await RunningServer.StartAsync(configure: Scrape.On());
        var address = server.Server.Metrics!;

        Assert.Equal(404, (await Scrape.TryAsync(address, "/")).Status);
        Assert.Equal(404, (await Scrape.TryAsync(address, "/metrics/x")).Status);
        Assert.Equal(405, (await Scrape.TryAsync(address, method: HttpMethod.Post)).Status);
    }

    [Fact]
    public async Task A_token_is_demanded_where_one_is_configured()
    {
        var file = TokenFile(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using var server = await RunningServer.StartAsync(configure: Scrape.On(t => t with { MetricsTokenFile = file }));
        var address = server.Server.Metrics!;

        Assert.Equal(401, (await Scrape.TryAsync(address)).Status);
        Assert.Equal(401, (await Scrape.TryAsync(address, token: Token[..^1])).Status);
        Assert.Equal(401, (await Scrape.TryAsync(address, token: Token + "x")).Status);
        var (status, text) = await Scrape.TryAsync(address, token: Token);
        Assert.Equal(200, status);
        Assert.Contains("strongroom_seal_open", text, StringComparison.Ordinal);
        Assert.DoesNotContain(Token, text, StringComparison.Ordinal);
        File.Delete(file);
    }

    [Fact]
    public async Task Metrics_come_over_TLS_with_the_server_s_certificate()
    {
        await using var server = await RunningServer.StartAsync(configure: Scrape.On(t => t with { MetricsListen = "https://127.0.0.1:0" }));

        var scrape = await Scrape.OfAsync(server);

        Assert.Equal("https", server.Server.Metrics!.Scheme);
        Assert.True(scrape.Find("strongroom_tls_certificate_expiry_seconds") > 86400);
    }

    [Theory]
    [InlineData("http://0.0.0.0:0", false, "token")]
    [InlineData("https://0.0.0.0:0", false, "token")]
    [InlineData("http://0.0.0.0:0", true, "plain HTTP")]
    [InlineData("127.0.0.1", false, "no address")]
    public async Task What_others_could_read_is_refused(string listen, bool withToken, string why)
    {
        var file = TokenFile(UnixFileMode.UserRead);
        var refused = await Assert.ThrowsAsync<StoreRefusedException>(() =>
            RunningServer.StartAsync(configure: Scrape.On(t => t with { MetricsListen = listen, MetricsTokenFile = withToken ? file : null })));

        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
        File.Delete(file);
    }

    [Fact]
    public async Task A_token_that_others_can_read_is_refused()
    {
        var file = TokenFile(UnixFileMode.UserRead | UnixFileMode.GroupRead);
        var refused = await Assert.ThrowsAsync<StoreRefusedException>(() => RunningServer.StartAsync(configure: Scrape.On(t => t with { MetricsTokenFile = file })));

        Assert.Contains("chmod 600", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Token, refused.Message, StringComparison.Ordinal);
        File.Delete(file);
    }

    [Fact]
    public async Task Many_scrapes_share_one_collection_and_calls_are_served_meanwhile()
    {
        await using var server = await RunningServer.StartAsync(configure: Scrape.On(t => t with { ScrapeCache = TimeSpan.FromHours(1) }));
        var first = await Scrape.OfAsync(server);

        var scrapes = Enumerable.Range(0, 12).Select(_ => Scrape.OfAsync(server)).ToList();
        for (var i = 0; i < 20; i++)
            await server.CallAsync("ListSecrets");

        // The calls since would be in any other collection.
        Assert.All(await Task.WhenAll(scrapes), s => Assert.Equal(first.Text, s.Text));
    }

    private static string TokenFile(UnixFileMode mode)
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, Token + "\n");
        File.SetUnixFileMode(path, mode);
        return path;
    }
}
