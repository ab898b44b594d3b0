using System.Globalization;
using System.Net.Http.Headers;
using Strongroom.Server.Hosting;
using Strongroom.Server.Observability;

namespace Strongroom.Tests.Server.Observability;

/// <summary>What a Prometheus server reads: series by name and labels.</summary>
internal sealed record Scrape(string Text)
{
    public static async Task<Scrape> OfAsync(RunningServer server)
    {
        // A call is counted after its answer has left. The next one on the same connection begins only then.
        using var request = new HttpRequestMessage(HttpMethod.Get, server.Url("/health"));
        using var after = await server.SendAsync(request);
        var (status, text) = await TryAsync(server.Server.Metrics!);
        Assert.Equal(200, status);
        return new Scrape(text);
    }

    public static async Task<(int Status, string Text)> TryAsync(Uri address, string path = "/metrics", string? token = null, HttpMethod? method = null)
    {
        // The certificate is one of our own; these tests are not about it.
        using var handler = new HttpClientHandler
        {
            ServerCertificateCustomValidationCallback = HttpClientHandler.DangerousAcceptAnyServerCertificateValidator,
            CheckCertificateRevocationList = true,
        };
        using var http = new HttpClient(handler);
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, new Uri(address, path));
        if (token is not null)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>Names as queries use them: with <c>_bucket</c>, <c>_sum</c> and <c>_count</c> for histograms.</summary>
    public IReadOnlySet<string> Names => Series.Select(s => s.Split('{', ' ')[0]).ToHashSet();

    public IEnumerable<string> Series => Text.Split('\n').Where(l => l.Length > 0 && l[0] != '#');

    /// <summary>The sum of the series of a name that have these labels.</summary>
    public double? Find(string name, params string[] labels)
    {
        var found = Series.Where(s => s.Split('{', ' ')[0] == name && labels.All(l => s.Contains(l, StringComparison.Ordinal)))
            .Select(s => double.Parse(s[(s.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture)).ToList();
        return found.Count == 0 ? null : found.Sum();
    }

    public static Func<ServerOptions, ServerOptions> On(Func<TelemetryOptions, TelemetryOptions>? more = null) =>
        options =>
        {
            var telemetry = options.Telemetry with { MetricsListen = "http://127.0.0.1:0", ScrapeCache = TimeSpan.Zero };
            return options with { Telemetry = more?.Invoke(telemetry) ?? telemetry };
        };
}
