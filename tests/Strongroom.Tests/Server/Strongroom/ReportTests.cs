using System.Globalization;
using System.Text.Json.Nodes;
using Strongroom.Cli;
using Strongroom.Tests.Server.Kms;
using static Strongroom.Tests.Server.Sts.Identities;

namespace Strongroom.Tests.Server.Strongroom;

/// <summary>What <c>strongroom report</c> asks the server. Source of the controls: see <see cref="SecretControlsTests"/>.</summary>
public sealed class ReportTests : IAsyncLifetime
{
    private const string Value = "value-that-no-report-may-show";
    private const string Function = "arn:aws:lambda:us-east-1:111122223333:function:rotate";

    private RunningServer server = null!;

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Findings_stand_under_Security_Hubs_identifiers_and_the_controls_are_counted()
    {
        await CreateAsync("plain");
        await CreateAsync("rotating", new { Key = "team", Value = "a" });
        server.Functions.Reachable.Add(Function);
        await server.CallAsync("RotateSecret", new
        {
            SecretId = "rotating",
            ClientRequestToken = Guid.NewGuid(),
            RotationLambdaARN = Function,
            RotateImmediately = false,
            RotationRules = new { AutomaticallyAfterDays = 7 },
        });
        await CreateAsync("going");
        await server.CallAsync("DeleteSecret", new { SecretId = "going", RecoveryWindowInDays = 30 });

        var early = await ReportAsync();
        Assert.Equal(["AboutToBePurged going", "SecretsManager.1 plain", "SecretsManager.5 plain"], Findings(early));
        Assert.Equal(["1 1 1", "2 1 0", "3 2 0", "4 2 0", "5 1 1"], Controls(early));

        await server.ReopenAtAsync(server.Time.GetUtcNow() + TimeSpan.FromDays(20));
        await server.CallAsync("GetSecretValue", new { SecretId = "plain" });
        Assert.Equal(["AboutToBePurged going", "SecretsManager.1 plain", "SecretsManager.2 rotating", "SecretsManager.5 plain"], Findings(await ReportAsync()));
        Assert.Contains("SecretsManager.3 rotating", Findings(await ReportAsync(new { UnusedForDays = 10, RequiredTagKeys = new[] { "team" } })));
        Assert.DoesNotContain("SecretsManager.3 plain", Findings(await ReportAsync(new { UnusedForDays = 10 })));
        Assert.Contains("SecretsManager.5 rotating", Findings(await ReportAsync(new { RequiredTagKeys = new[] { "stage" } })));
        Assert.Contains("SecretsManager.1 rotating", Findings(await ReportAsync(new { MaximumAllowedRotationFrequency = 6 })));
        Assert.Contains("SecretsManager.4 rotating", Findings(await ReportAsync(new { MaxDaysSinceRotation = 19 })));
        Assert.Empty(Findings(await ReportAsync(new { Region = "eu-west-1" })));
    }

    [Fact]
    public async Task Principals_with_more_access_than_they_use_are_compared_with_the_audit_log()
    {
        await CreateAsync("a");
        await CreateAsync("b");
        var app = await server.NewUserAsync("app", """
            {"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["secretsmanager:GetSecretValue","secretsmanager:DescribeSecret","secretsmanager:ListSecrets"],"Resource":"*"}}
            """);
        await server.NewUserAsync("thrifty", Allow("secretsmanager:DescribeSecret", "arn:aws:secretsmanager:*:*:secret:a-??????"));
        var thrifty = await server.ClientOfAsync("thrifty");
        await server.PutAsync(Role("job", Trust("arn:aws:iam::111122223333:user/app"), Allow("secretsmanager:GetSecretValue")), User("idle", Allow("iam:*")));

        // Two calls are one use; what is refused and what fails is none.
        await app.JsonAsync("secretsmanager.GetSecretValue", new { SecretId = "a" });
        await app.JsonAsync("secretsmanager.GetSecretValue", new { SecretId = "a" });
        await app.JsonFailsAsync("secretsmanager.DeleteSecret", new { SecretId = "a" }, "AccessDeniedException");
        await app.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = "b", VersionStage = "none" }, "ResourceNotFoundException");
        await thrifty.JsonAsync("secretsmanager.DescribeSecret", new { SecretId = "a" });

        var found = (await ReportAsync())["Principals"]!.AsArray();
        Assert.Equal([("arn:aws:iam::111122223333:user/app", 4, 1, 1), (RoleArn("job"), 2, 0, 2)], found.Select(Use));
        Assert.Equal(["secretsmanager:DescribeSecret"], found[0]!["UnusedActions"]!.AsArray().Select(action => (string?)action));

        // A session counts for its role, a batch for what it discloses.
        await server.PutAsync(Role("job", Trust("arn:aws:iam::111122223333:user/app"), Allow("secretsmanager:GetSecretValue"), Allow("secretsmanager:BatchGetSecretValue")), User("app", Allow("*")));
        var session = await server.AssumeAsync(await server.ClientOfAsync("app"), "job");
        await session.JsonAsync("secretsmanager.BatchGetSecretValue", new { SecretIdList = new[] { "a", "b" } });
        Assert.DoesNotContain((await ReportAsync())["Principals"]!.AsArray(), use => (string?)use!["Principal"] == RoleArn("job"));

        // What was used long ago is not used.
        await server.ReopenAtAsync(server.Time.GetUtcNow() + TimeSpan.FromDays(3));
        Assert.Contains((RoleArn("job"), 2, 0, 2), (await ReportAsync(new { Days = 2 }))["Principals"]!.AsArray().Select(Use));
    }

    [Fact]
    public async Task A_resource_policy_and_a_deny_count_too()
    {
        await CreateAsync("a");
        await server.NewUserAsync("guest");
        await server.NewUserAsync("barred", Allow("secretsmanager:GetSecretValue"), Deny("secretsmanager:*"));
        await server.CallAsync("PutResourcePolicy", new
        {
            SecretId = "a",
            ResourcePolicy = """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/guest"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}}""",
        });

        Assert.Equal([("arn:aws:iam::111122223333:user/guest", 1, 0, 1)], (await ReportAsync())["Principals"]!.AsArray().Select(Use));
    }

    [Fact]
    public async Task Usage_counts_calls_reads_and_versions_and_how_long_a_secret_was_stored()
    {
        await CreateAsync("a");
        await server.ReopenAtAsync(server.Time.GetUtcNow() + TimeSpan.FromDays(10));
        var arn = (string?)(await CreateAsync("b"))["ARN"];
        await server.CallAsync("PutSecretValue", new { SecretId = "b", ClientRequestToken = Guid.NewGuid(), SecretString = Value + 2 });
        var app = await server.NewUserAsync("app", Allow("secretsmanager:GetSecretValue"));
        await app.JsonAsync("secretsmanager.GetSecretValue", new { SecretId = arn });
        await app.JsonFailsAsync("secretsmanager.DescribeSecret", new { SecretId = "b" }, "AccessDeniedException");
        await server.ReopenAtAsync(server.Time.GetUtcNow() + TimeSpan.FromDays(10));

        var usage = await server.Root.JsonAsync("Strongroom.ReportUsage", new { Days = 15 });

        // Within fifteen days: b was made and changed, read, and refused.
        Assert.Equal((4, 15), ((int)usage["Calls"]!, (int)usage["Days"]!));
        Assert.Equal(
            [("b", 4, 1, 2, 240.0), ("a", 0, 0, 1, 360.0)],
            usage["Secrets"]!.AsArray().Select(s => ((string)s!["Name"]!, (int)s["Calls"]!, (int)s["Reads"]!, (int)s["Versions"]!, (double)s["Hours"]!)));
        Assert.Equal(
            [("arn:aws:iam::111122223333:root", 2, 0), ("arn:aws:iam::111122223333:user/app", 2, 1)],
            usage["Principals"]!.AsArray().Select(p => ((string)p!["Principal"]!, (int)p["Calls"]!, (int)p["Denied"]!)).OrderBy(p => p.Item1));
    }

    [Fact]
    public async Task A_secret_that_is_marked_for_deletion_is_not_billed_from_then_on()
    {
        await CreateAsync("a");
        await server.ReopenAtAsync(server.Time.GetUtcNow() + TimeSpan.FromHours(5));
        await server.CallAsync("DeleteSecret", new { SecretId = "a" });
        await server.ReopenAtAsync(server.Time.GetUtcNow() + TimeSpan.FromHours(5));

        Assert.Equal(5.0, (double)Assert.Single((await server.Root.JsonAsync("Strongroom.ReportUsage", new { }))["Secrets"]!.AsArray())!["Hours"]!);
    }

    [Theory]
    [InlineData("Report")]
    [InlineData("ReportUsage")]
    public async Task Nobody_reports_without_permission_and_nobody_sees_another_account(string operation)
    {
        await CreateAsync("own-db");
        var nobody = await server.NewUserAsync("nobody", Allow("secretsmanager:*"));
        Assert.Equal(
            $"User: arn:aws:iam::111122223333:user/nobody is not authorized to perform: strongroom:{operation} because no identity-based policy allows the strongroom:{operation} action",
            await nobody.JsonFailsAsync("Strongroom." + operation, new { }, "AccessDeniedException"));

        var made = (await server.Root.JsonAsync("Strongroom.CreateAccount", new { AccountId = Other }))["AccessKey"]!;
        var other = new TestClient(server, (string)made["AccessKeyId"]!, (string)made["SecretAccessKey"]!);
        await other.JsonAsync("secretsmanager.CreateSecret", new { Name = "theirs", ClientRequestToken = Guid.NewGuid(), SecretString = Value });

        var (theirs, ours) = ((await other.JsonAsync("Strongroom." + operation, new { })).ToJsonString(), (await server.Root.JsonAsync("Strongroom." + operation, new { })).ToJsonString());
        Assert.Contains("theirs", theirs, StringComparison.Ordinal);
        Assert.DoesNotContain("own-db", theirs, StringComparison.Ordinal);
        Assert.DoesNotContain("111122223333", theirs, StringComparison.Ordinal);
        Assert.Contains("own-db", ours, StringComparison.Ordinal);
        Assert.DoesNotContain("theirs", ours, StringComparison.Ordinal);
        Assert.All([theirs, ours], text => Assert.DoesNotContain(Value, text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_region_that_is_none_is_refused() => Assert.Equal(
        "no-region! is not a region.", await server.Root.JsonFailsAsync("Strongroom.Report", new { Region = "no-region!" }, "ValidationException"));

    [Fact]
    public async Task The_command_prints_lines_into_a_pipe_and_fails_on_what_it_is_told()
    {
        await CreateAsync("plain");
        // The program has the machine's clock.
        await server.ReopenAtAsync(TimeProvider.System.GetUtcNow());

        var (code, output) = await RunAsync("report");
        Assert.Equal(0, code);
        Assert.Contains("\nWithoutRotation\tSecretsManager.1\tplain\tautomatic rotation is off\t2026-02-03\n", output, StringComparison.Ordinal);
        Assert.Equal(3, (await RunAsync("report", "--fail-on", "SecretsManager.5")).Code);
        Assert.Equal(3, (await RunAsync("report", "--fail-on", "AboutToBePurged", "--fail-on", "Untagged", "--json")).Code);
        Assert.Equal(3, (await RunAsync("report", "--fail-on", "any")).Code);
        Assert.Equal(0, (await RunAsync("report", "--fail-on", "SecretsManager.2", "--fail-on", "ExcessAccess")).Code);
        Assert.Equal(2, (await RunAsync("report", "--fail-on", "SecretsManager.6")).Code);

        (code, output) = await RunAsync("report", "usage", "--days", "3650", "--price-secret-month", "730", "--price-10000-calls", "10000", "--json");
        Assert.Equal(0, code);
        var usage = JsonNode.Parse(output)!;
        var hours = (decimal)usage["Secrets"]![0]!["Hours"]!;
        Assert.Equal((1, hours, 1m, Math.Round(hours + 1m, 2)), ((int)usage["Calls"]!, (decimal)usage["Cost"]!["Secrets"]!, (decimal)usage["Cost"]!["Calls"]!, (decimal)usage["Cost"]!["Total"]!));
        (code, output) = await RunAsync("report", "usage", "--days", "3650");
        Assert.Equal(0, code);
        Assert.Contains("\nplain\t1\t0\t1\n", output, StringComparison.Ordinal);
        Assert.Contains(" at $0.40 and 1 calls at $0.05 per 10,000: $", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_a_terminal_the_command_draws_tables()
    {
        await CreateAsync("plain");
        await server.ReopenAtAsync(TimeProvider.System.GetUtcNow());

        var (code, output) = await RunAsync(isScreen: true, "report");

        Assert.Equal(0, code);
        Assert.Contains("╭", output, StringComparison.Ordinal);
        Assert.Contains("SecretsManager.1", output, StringComparison.Ordinal);
        Assert.DoesNotContain("\t", output, StringComparison.Ordinal);
    }

    private Task<(int Code, string Output)> RunAsync(params string[] arguments) => RunAsync(isScreen: false, arguments);

    private async Task<(int Code, string Output)> RunAsync(bool isScreen, params string[] arguments)
    {
        using var output = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        var environment = new Dictionary<string, string>
        {
            ["AWS_ENDPOINT_URL"] = server.Url().ToString(),
            ["AWS_ACCESS_KEY_ID"] = RunningServer.AccessKeyId,
            ["AWS_SECRET_ACCESS_KEY"] = RunningServer.SecretAccessKey,
            ["AWS_REGION"] = "us-east-1",
        };
        var code = await CommandLine.RunAsync(arguments, new Terminal(output, output, isScreen, environment));
        return (code, output.ToString());
    }

    private Task<JsonObject> CreateAsync(string name, params object[] tags) => server.CallAsync(
        "CreateSecret", new { Name = name, ClientRequestToken = Guid.NewGuid(), SecretString = Value, Tags = tags });

    private Task<JsonObject> ReportAsync(object? parameters = null) => server.Root.JsonAsync("Strongroom.Report", parameters ?? new { });

    private static IEnumerable<string> Findings(JsonObject report) =>
        report["Findings"]!.AsArray().Select(f => $"{(string?)f!["Control"] ?? (string?)f["Kind"]} {f["Name"]}").Order(StringComparer.Ordinal);

    private static IEnumerable<string> Controls(JsonObject report) =>
        report["Controls"]!.AsArray().Select(c => $"{((string)c!["Id"]!).Split('.')[1]} {c["Passed"]} {c["Failed"]}");

    private static (string, int, int, int) Use(JsonNode? use) => ((string)use!["Principal"]!, (int)use["Allowed"]!, (int)use["Used"]!, (int)use["UnreadSecrets"]!);
}
