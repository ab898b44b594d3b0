using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Strongroom.Tests.Architecture;
using Strongroom.Tests.Server.Webhooks;
using YamlDotNet.RepresentationModel;

namespace Strongroom.Tests.Server.Observability;

/// <summary>Dashboard, alert rules and documentation name metrics that a server shows, and the documentation names all.</summary>
public sealed partial class DeployTests(DeployTests.Shown shown) : IClassFixture<DeployTests.Shown>
{
    // Of PromQL itself, of Prometheus, and labels.
    private static readonly HashSet<string> NoMetrics = ["up"];

    private static string Dashboard => File.ReadAllText(Path.Combine(Repository.Root, "deploy", "grafana", "strongroom.json"));

    private static string Alerts => File.ReadAllText(Path.Combine(Repository.Root, "deploy", "prometheus", "alerts.yml"));

    [Fact]
    public void The_dashboard_shows_metrics_that_there_are()
    {
        var dashboard = JsonNode.Parse(Dashboard)!.AsObject();
        var panels = dashboard["panels"]!.AsArray().Select(p => p!.AsObject()).ToList();
        var expressions = panels.SelectMany(p => p["targets"]?.AsArray() ?? []).Select(t => (string)t!["expr"]!).ToList();

        Assert.True(expressions.Count > 30);
        Assert.Empty(expressions.SelectMany(MetricsIn).Where(m => !shown.Names.Contains(m)).Distinct());
        Assert.Contains(dashboard["templating"]!["list"]!.AsArray(), v => (string?)v!["type"] == "datasource" && (string?)v["name"] == "datasource");
        Assert.All(panels.Where(p => (string?)p["type"] != "row"), p => Assert.Equal("${datasource}", (string?)p["datasource"]!["uid"]));
        Assert.Equal(panels.Count, panels.Select(p => (int)p["id"]!).Distinct().Count());
    }

    [Fact]
    public void The_alert_rules_ask_for_metrics_that_there_are()
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(Alerts));
        var groups = (YamlSequenceNode)yaml.Documents.Single().RootNode["groups"];
        var rules = groups.SelectMany(g => (YamlSequenceNode)g["rules"]).Cast<YamlMappingNode>().ToList();

        Assert.True(rules.Count > 10);
        Assert.Empty(rules.SelectMany(r => MetricsIn((string)r["expr"]!)).Where(m => !shown.Names.Contains(m)).Distinct());
        Assert.All(rules, r => Assert.Matches("^Strongroom[A-Za-z]+$", (string)r["alert"]!));
        Assert.All(rules, r => Assert.Contains((string)r["labels"]["severity"]!, new[] { "warning", "critical" }));
        Assert.All(rules, r => Assert.NotEmpty((string)r["annotations"]["summary"]!));
        Assert.Equal(rules.Count, rules.Select(r => (string)r["alert"]!).Distinct().Count());
    }

    [Theory]
    [InlineData("strongroom_audit_sink_")]
    [InlineData("strongroom_notification_")]
    public void What_leaves_the_server_has_a_panel_and_an_alert_rule(string prefix)
    {
        var names = shown.Names.Where(n => n.StartsWith(prefix, StringComparison.Ordinal)).ToList();

        Assert.NotEmpty(names);
        Assert.DoesNotContain(names, n => !Dashboard.Contains($"({n}{{", StringComparison.Ordinal));
        Assert.DoesNotContain(names, n => !Alerts.Contains(n, StringComparison.Ordinal));
    }

    [Fact]
    public void The_documentation_lists_every_metric_of_ours()
    {
        var listed = File.ReadLines(Path.Combine(Repository.Root, "docs", "observability.md"))
            .Select(l => Row().Match(l)).Where(m => m.Success)
            .Select(m => m.Groups["name"].Value.Replace('.', '_') + Unit(m.Groups["unit"].Value) + (m.Groups["kind"].Value == "counter" ? "_total" : ""));
        var measured = shown.Names.Select(n => Histogram().Replace(n, "")).Where(n => n.StartsWith("strongroom_", StringComparison.Ordinal) || n.StartsWith("rpc_", StringComparison.Ordinal) || n.StartsWith("process_", StringComparison.Ordinal));

        Assert.Equal(measured.Distinct().Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    // Strings and label lists name no metrics; what is left and is no function or word of the language does.
    private static IEnumerable<string> MetricsIn(string expression)
    {
        var bare = Labels().Replace(expression, "");
        bare = Grouping().Replace(bare, " ");
        return Word().Matches(bare).Select(m => m.Value).Where(w => w.Contains('_') && !NoMetrics.Contains(w) && w is not ("histogram_quantile" or "predict_linear" or "__rate_interval"));
    }

    private static string Unit(string unit) => unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };

    [GeneratedRegex(@"\{[^}]*\}|\[[^\]]*\]")]
    private static partial Regex Labels();

    [GeneratedRegex(@"\b(by|on|without|ignoring)\s*\([^)]*\)")]
    private static partial Regex Grouping();

    [GeneratedRegex(@"(?<![\w.])[a-zA-Z_]\w*")]
    private static partial Regex Word();

    [GeneratedRegex(@"_(bucket|sum|count)$")]
    private static partial Regex Histogram();

    [GeneratedRegex(@"^\| `(?<name>[a-z_.]+)` \| (?<kind>counter|gauge|histogram) \| (?<unit>\w*) ?\|")]
    private static partial Regex Row();

    /// <summary>What a server shows that has done a little of everything.</summary>
    public sealed class Shown : IAsyncLifetime
    {
        public IReadOnlySet<string> Names { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            using var authority = new TestAuthority();
            await using var receiver = new LoopbackReceiver();
            var metrics = Scrape.On(t => t with { SecretLabel = true, MetricsListen = "https://127.0.0.1:0" });
            await using var server = await RunningServer.StartAsync(configure: o => metrics(o) with
            {
                AuditSinks = o.AuditSinks with { StandardOutput = true, Output = Stream.Null }, NotificationsFile = authority.Destination(receiver.Address),
            });
            await server.CallAsync("CreateSecret", new { Name = "a", SecretString = "v", ClientRequestToken = Guid.NewGuid() });
            await server.CallAsync("GetSecretValue", new { SecretId = "a" });
            await server.CallAsync("DeleteSecret", new { SecretId = "a" });
            // The first tick of the jobs: audit settling has run, so that it has a last success.
            server.Time.Advance(TimeSpan.FromSeconds(1));
            await Eventually.ComesAsync(
                "audit settling to have run",
                async () => (await Scrape.OfAsync(server)).Find("strongroom_job_last_success_time_seconds", "strongroom_job=\"audit_settling\"") is not null,
                () => Task.CompletedTask);
            GC.Collect();
            Names = (await Scrape.OfAsync(server)).Names;
        }

        public ValueTask DisposeAsync() => default;
    }
}
