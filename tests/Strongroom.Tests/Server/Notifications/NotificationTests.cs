using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using Strongroom.Server.Hosting;
using Strongroom.Server.Notifications;
using Strongroom.Tests.Architecture;
using Strongroom.Tests.Server.Observability;
using Strongroom.Tests.Server.Webhooks;
using static Strongroom.Tests.Server.Sts.Identities;

namespace Strongroom.Tests.Server.Notifications;

public sealed partial class NotificationTests : IAsyncLifetime
{
    private const string Secret = "0123456789abcdef0123456789abcdef";
    private const string T1 = "11111111-1111-4111-8111-111111111111";
    private const string T2 = "22222222-2222-4222-8222-222222222222";
    private const string T3 = "33333333-3333-4333-8333-333333333333";
    private const string Value = "the-value-that-nobody-is-told";

    private readonly TestAuthority authority = new();
    private readonly LoopbackReceiver receiver = new();
    private readonly LogLines log = new();
    private RunningServer server = null!;

    public async ValueTask InitializeAsync() => server = await StartAsync();

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        await receiver.DisposeAsync();
        authority.Dispose();
        log.Dispose();
    }

    [Fact]
    public async Task A_new_secret_is_told_in_EventBridge_s_shape_signed()
    {
        var made = await server.CallAsync("CreateSecret", new { Name = "team/db", SecretString = Value, ClientRequestToken = T1 });
        await server.Server.StepNotificationsAsync();
        var post = await receiver.NextAsync();

        // Source: Amazon EventBridge User Guide, "Events": the members every event has.
        var told = JsonNode.Parse(post.Body)!.AsObject();
        Assert.Equal(["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"], told.Select(m => m.Key));
        Assert.Equal(
            ("0", "Secret Created", "strongroom.secretsmanager", RunningServer.Account, "2026-02-03T10:20:30Z", "us-east-1"),
            ((string)told["version"]!, (string)told["detail-type"]!, (string)told["source"]!, (string)told["account"]!, (string)told["time"]!, (string)told["region"]!));
        Assert.Equal((string?)made["ARN"], (string?)Assert.Single(told["resources"]!.AsArray()));
        var record = server.Records()[^1];
        Assert.Equal(
            ("team/db", $"arn:aws:iam::{RunningServer.Account}:root", "CreateSecret", (string)record["eventID"]!, T1),
            ((string)told["detail"]!["name"]!, (string)told["detail"]!["principal"]!, (string)told["detail"]!["eventName"]!, (string)told["detail"]!["auditEventId"]!, (string)told["detail"]!["versionId"]!));
        Assert.Equal((string?)told["id"], post.Headers["Strongroom-Delivery"]);
        Assert.Equal("application/json", post.Headers["Content-Type"]);
        var signature = Signature().Match(post.Headers["Strongroom-Signature"]);
        byte[] signed = [.. Encoding.ASCII.GetBytes(signature.Groups[1].Value + "."), .. post.Body];
        Assert.Equal(Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.ASCII.GetBytes(Secret), signed)), signature.Groups[2].Value);
    }

    [Fact]
    public async Task Each_change_is_told_by_its_name_and_none_with_a_value()
    {
        server.Functions.Reachable.Add("arn:aws:lambda:us-east-1:111122223333:function:f");
        var policy = """{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"secretsmanager:CancelRotateSecret","Resource":"*"}]}""";
        (string Operation, object Parameters, string Told)[] calls =
        [
            ("CreateSecret", new { Name = "s", SecretString = Value, ClientRequestToken = T1 }, "Secret Created"),
            ("PutSecretValue", new { SecretId = "s", SecretString = Value + "2", ClientRequestToken = T2 }, "Secret Value Changed"),
            ("PutSecretValue", new { SecretId = "s", SecretString = Value + "3", ClientRequestToken = T3, VersionStages = new[] { "MINE" } }, "Secret Label Moved"),
            ("UpdateSecretVersionStage", new { SecretId = "s", VersionStage = "AWSCURRENT", RemoveFromVersionId = T2, MoveToVersionId = T1 }, "Secret Value Changed"),
            ("PutResourcePolicy", new { SecretId = "s", ResourcePolicy = policy }, "Secret Policy Changed"),
            ("DeleteResourcePolicy", new { SecretId = "s" }, "Secret Policy Changed"),
            ("TagResource", new { SecretId = "s", Tags = new[] { new { Key = "team", Value = "tag-value" } } }, "Secret Tags Changed"),
            ("UntagResource", new { SecretId = "s", TagKeys = new[] { "team" } }, "Secret Tags Changed"),
            ("UpdateSecret", new { SecretId = "s", Description = "described", ClientRequestToken = Guid.NewGuid().ToString() }, "Secret Configuration Changed"),
            ("DeleteSecret", new { SecretId = "s", RecoveryWindowInDays = 7 }, "Secret Deletion Scheduled"),
            ("RestoreSecret", new { SecretId = "s" }, "Secret Restored"),
            ("RotateSecret", new { SecretId = "s", ClientRequestToken = Guid.NewGuid().ToString(), RotationLambdaARN = "arn:aws:lambda:us-east-1:111122223333:function:f", RotationRules = new { AutomaticallyAfterDays = 9 } }, "Secret Label Moved, Secret Rotation Configured, Secret Rotation Started"),
            ("CancelRotateSecret", new { SecretId = "s" }, "Secret Rotation Configured, Secret Rotation Abandoned"),
            ("DeleteSecret", new { SecretId = "s", ForceDeleteWithoutRecovery = true }, "Secret Deleted"),
        ];
        var bodies = new StringBuilder();
        foreach (var (operation, parameters, expected) in calls)
        {
            await server.CallAsync(operation, parameters);
            await server.Server.StepNotificationsAsync();
            List<string> told = [];
            while (receiver.HasMore)
            {
                var body = Encoding.UTF8.GetString((await receiver.NextAsync()).Body);
                bodies.AppendLine(body);
                var what = JsonNode.Parse(body)!;
                told.Add((string)what["detail-type"]!);
                Assert.Equal(operation == "RotateSecret" || operation == "CancelRotateSecret" ? what["detail"]!["eventName"]!.GetValue<string>() : operation, (string?)what["detail"]!["eventName"]);
            }

            Assert.Equal($"{operation}: {expected}", $"{operation}: {string.Join(", ", told)}");
        }

        var text = bodies.ToString();
        Assert.DoesNotContain(Value, text, StringComparison.Ordinal);
        Assert.DoesNotContain("tag-value", text, StringComparison.Ordinal);
        Assert.DoesNotContain("CancelRotateSecret\",\"Resource", text, StringComparison.Ordinal);
        Assert.Contains($$""""versionId":"{{T1}}","previousVersionId":"{{T2}}"""", text, StringComparison.Ordinal);
        Assert.Contains($$""""labels":[{"label":"MINE","toVersionId":"{{T3}}"}]"""", text, StringComparison.Ordinal);
        Assert.Contains(""""setKeys":["team"],"removedKeys":[]"""", text, StringComparison.Ordinal);
        Assert.Contains(""""deletionDate":"2026-02-10T10:20:30Z"""", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_changed_nothing_and_what_was_refused_is_not_told()
    {
        await server.CallAsync("CreateSecret", new { Name = "s", SecretString = Value, ClientRequestToken = T1 });
        await server.CallAsync("CreateSecret", new { Name = "s", SecretString = Value, ClientRequestToken = T1 });
        await server.FailAsync("CreateSecret", new { Name = "s", SecretString = "other", ClientRequestToken = T2 }, "ResourceExistsException");
        await server.CallAsync("PutSecretValue", new { SecretId = "s", SecretString = Value, ClientRequestToken = T1 });
        await server.CallAsync("GetSecretValue", new { SecretId = "s" });
        await server.Server.StepNotificationsAsync();

        await receiver.NextAsync();
        Assert.False(receiver.HasMore);
    }

    [Fact]
    public async Task The_end_of_a_recovery_window_is_told_as_the_service_s_doing()
    {
        await server.CallAsync("CreateSecret", new { Name = "s", SecretString = Value, ClientRequestToken = T1 });
        await server.CallAsync("DeleteSecret", new { SecretId = "s", RecoveryWindowInDays = 7 });
        await server.Server.StepNotificationsAsync();
        await receiver.NextAsync();
        await receiver.NextAsync();
        server.Time.Advance(TimeSpan.FromDays(8));
        await Eventually.ComesAsync("the record of the purge", () => server.Records().Any(r => (string?)r["eventName"] == "EndSecretVersionDelete"));
        await server.Server.StepNotificationsAsync();

        var told = JsonNode.Parse((await receiver.NextAsync()).Body)!;
        Assert.Equal(("Secret Purged", "secretsmanager.amazonaws.com"), ((string)told["detail-type"]!, (string)told["detail"]!["principal"]!));
    }

    [Fact]
    public async Task The_approaching_end_of_a_recovery_window_is_told_once_before_it_comes_by_a_server_that_was_restarted()
    {
        await server.CloseAsync();
        await OpenAsync(d => d["detailTypes"] = new JsonArray("Secret Purge Approaching"));
        await server.CallAsync("CreateSecret", new { Name = "s", SecretString = Value, ClientRequestToken = T1 });
        await server.CallAsync("DeleteSecret", new { SecretId = "s", RecoveryWindowInDays = 7 });
        Assert.Equal(0, await server.Server.Announcements!.RunAsync(TestContext.Current.CancellationToken));
        var begun = server.Time.GetUtcNow();
        for (var restart = 1; restart <= 2; restart++)
        {
            await server.CloseAsync();
            server.Time.SetUtcNow(begun + TimeSpan.FromDays(4 + restart));
            await OpenAsync(d => d["detailTypes"] = new JsonArray("Secret Purge Approaching"));
            await server.Server.Announcements!.RunAsync(TestContext.Current.CancellationToken);
            await server.Server.StepNotificationsAsync();
        }

        var told = JsonNode.Parse((await receiver.NextAsync()).Body)!;
        Assert.Equal(("Secret Purge Approaching", "2026-02-10T10:20:30Z"), ((string)told["detail-type"]!, (string)told["detail"]!["deletionDate"]!));
        Assert.False(receiver.HasMore);
        Assert.Single(server.Records(), r => (string?)r["eventName"] == "PurgeApproaching");
    }

    [Fact]
    public async Task The_end_of_the_served_certificate_is_told()
    {
        await server.CloseAsync();
        var (certificate, key) = authority.Write(authority.Issue("127.0.0.1"));
        server.Time.SetUtcNow(new DateTimeOffset(2043, 12, 31, 12, 0, 0, TimeSpan.Zero));
        await server.OpenAsync(configure: o => o with
        {
            NotificationsFile = Write(null), Listen = "https://127.0.0.1:0", TlsCertificate = certificate, TlsKey = key, DefaultRegion = "eu-central-1",
        });
        await server.Server.Announcements!.RunAsync(TestContext.Current.CancellationToken);
        await server.Server.StepNotificationsAsync();

        var told = JsonNode.Parse((await receiver.NextAsync()).Body)!;
        Assert.Equal(
            ("Certificate Expiring", RunningServer.Account, "eu-central-1", "2044-01-01T00:00:00Z"),
            ((string)told["detail-type"]!, (string)told["account"]!, (string)told["region"]!, (string)told["detail"]!["expiryDate"]!));
    }

    [Fact]
    public async Task Without_destinations_nothing_is_announced()
    {
        await server.CloseAsync();
        await server.OpenAsync();

        Assert.Null(server.Server.Announcements);
    }

    [Fact]
    public async Task Replicas_are_told_in_their_own_region()
    {
        await server.CallAsync("CreateSecret", new { Name = "s", SecretString = Value, ClientRequestToken = T1, AddReplicaRegions = new[] { new { Region = "eu-west-1" } } });
        await server.Server.StepNotificationsAsync();

        var told = new[] { JsonNode.Parse((await receiver.NextAsync()).Body)!, JsonNode.Parse((await receiver.NextAsync()).Body)! };
        Assert.Equal(["eu-west-1", "us-east-1"], told.Select(t => (string)t["region"]!).Order(StringComparer.Ordinal));
        Assert.Equal(["us-east-1"], told.Select(t => (string?)t["detail"]!["primaryRegion"]).OfType<string>());
    }

    [Fact]
    public async Task A_destination_gets_only_what_it_asks_for()
    {
        await server.CloseAsync();
        await OpenAsync(d =>
        {
            d["detailTypes"] = new JsonArray("Secret Deleted");
            d["secretNamePrefix"] = "prod/";
            d["regions"] = new JsonArray("us-east-1");
        });
        foreach (var (name, region) in new[] { ("prod/a", "us-east-1"), ("test/a", "us-east-1"), ("prod/a", "eu-west-1") })
        {
            await server.CallAsync("CreateSecret", new { Name = name, SecretString = Value, ClientRequestToken = T1 }, region);
            await server.CallAsync("DeleteSecret", new { SecretId = name, ForceDeleteWithoutRecovery = true }, region);
        }

        await server.Server.StepNotificationsAsync();
        var told = JsonNode.Parse((await receiver.NextAsync()).Body)!;
        Assert.Equal(("prod/a", "us-east-1"), ((string)told["detail"]!["name"]!, (string)told["region"]!));
        Assert.False(receiver.HasMore);
    }

    [Fact]
    public async Task What_is_refused_is_sent_again_also_after_a_restart_under_the_same_id()
    {
        receiver.Answer = _ => "500 Broken";
        await server.CallAsync("CreateSecret", new { Name = "s", SecretString = Value, ClientRequestToken = T1 });
        await server.Server.StepNotificationsAsync();
        var first = await receiver.NextAsync();
        // Not before its time.
        await server.Server.StepNotificationsAsync();
        Assert.False(receiver.HasMore);
        await server.CloseAsync();
        receiver.Answer = _ => "200 OK";
        server.Time.Advance(TimeSpan.FromMinutes(3));
        await OpenAsync();
        await server.Server.StepNotificationsAsync();
        var second = await receiver.NextAsync();

        Assert.Equal(first.Body, second.Body);
        await server.Server.StepNotificationsAsync();
        Assert.False(receiver.HasMore);
    }

    [Fact]
    public async Task What_is_refused_for_a_day_is_given_up_and_can_be_seen_tried_again_and_dropped()
    {
        await server.CloseAsync();
        await OpenAsync();
        receiver.Answer = _ => "410 Gone";
        await server.CallAsync("CreateSecret", new { Name = "s", SecretString = Value, ClientRequestToken = T1 });
        await server.CallAsync("CreateSecret", new { Name = "t", SecretString = Value, ClientRequestToken = T1 });
        var begun = server.Time.GetUtcNow();
        await Eventually.ComesAsync("two notifications that are given up", async () => (await ListAsync("DEAD")).Count == 2, async () =>
        {
            await server.Server.StepNotificationsAsync();
            // Past every wait, and past the lease that nobody else holds.
            server.Time.Advance(TimeSpan.FromMinutes(15));
        });

        Assert.InRange(server.Time.GetUtcNow() - begun, TimeSpan.FromHours(12), TimeSpan.FromHours(60));
        var dead = await ListAsync("DEAD");
        Assert.Equal((NotificationSender.MaxAttempts, "it answered 410"), ((int)dead[0]!["Attempts"]!, (string)dead[0]!["Reason"]!));
        Assert.Contains(log.All, l => l.Level == LogLevel.Error && l.Message.Contains("given up", StringComparison.Ordinal));
        Assert.DoesNotContain("in-the-address", log.Text, StringComparison.Ordinal);
        while (receiver.HasMore)
            await receiver.NextAsync();

        receiver.Answer = _ => "200 OK";
        var (one, other) = ((string)dead[0]!["Id"]!, (string)dead[1]!["Id"]!);
        Assert.Equal(1, (int)(await server.Root.JsonAsync("Strongroom.RetryNotifications", new { Id = one }))["Count"]!);
        await server.Root.JsonFailsAsync("Strongroom.RetryNotifications", new { Id = one }, "ResourceNotFoundException");
        await server.Server.StepNotificationsAsync();
        Assert.Equal((string?)dead[0]!["EventId"], (string?)JsonNode.Parse((await receiver.NextAsync()).Body)!["id"]);
        Assert.Equal(1, (int)(await server.Root.JsonAsync("Strongroom.DropNotifications", new { Destination = "ops" }))["Count"]!);
        await server.Root.JsonFailsAsync("Strongroom.DropNotifications", new { Id = other }, "ResourceNotFoundException");
        await server.Root.JsonFailsAsync("Strongroom.DropNotifications", new { }, "InvalidParameterException");
        await server.Root.JsonFailsAsync("Strongroom.DropNotifications", new { Id = "x" }, "ValidationException");
        Assert.Empty(await ListAsync(null));

        // Both are in the record, as calls.
        Assert.Equal(
            ["RetryNotifications", "DropNotifications"],
            server.Records().Where(r => r["errorCode"] is null && (string?)r["eventSource"] == "strongroom.amazonaws.com" && (bool?)r["readOnly"] == false).Select(r => (string)r["eventName"]!));
    }

    [Theory]
    [InlineData(3, 0)]
    [InlineData(2, 1)]
    [InlineData(1, 2)]
    public async Task Of_those_given_up_the_newest_are_kept_and_dropping_leaves_a_record(int kept, int dropped)
    {
        await server.CloseAsync();
        await server.OpenAsync(
            configure: o => Scrape.On()(o) with { NotificationsFile = Write(null), MaxDeadNotifications = kept, CompressAudit = false }, logging: l => l.SetMinimumLevel(LogLevel.Trace).AddProvider(log));
        receiver.Answer = _ => "410 Gone";
        foreach (var name in (string[])["a", "b", "c"])
            await server.CallAsync("CreateSecret", new { Name = name, SecretString = Value, ClientRequestToken = T1 });
        Scrape scrape;
        do
        {
            await server.Server.StepNotificationsAsync();
            server.Time.Advance(TimeSpan.FromMinutes(15));
            scrape = await Scrape.OfAsync(server);
        }
        while (scrape.Find("strongroom_notification_deliveries_total", "strongroom_outcome=\"given_up\"") < 3);
        // A step that the server took by itself has ended when this one has.
        await server.Server.StepNotificationsAsync();
        scrape = await Scrape.OfAsync(server);

        Assert.Equal(((string[])["a", "b", "c"])[dropped..], (await ListAsync("DEAD")).Select(n => (string)n!["Event"]!["detail"]!["name"]!));
        Assert.Equal(dropped, scrape.Find("strongroom_notification_dropped_total", "strongroom_destination=\"ops\""));
        // A write to the log during which the clock jumped counts as one that hangs; its record is there after the stop at the latest.
        await server.CloseAsync();
        Assert.Equal(dropped, server.Records().Count(r => (string?)r["eventName"] == "NotificationsDropped"));
        Assert.Equal(dropped, log.All.Count(l => l.Message.Contains("were dropped", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_list_shows_destinations_without_the_path_of_their_address()
    {
        await server.CallAsync("CreateSecret", new { Name = "s", SecretString = Value, ClientRequestToken = T1 });
        var listed = await server.Root.JsonAsync("Strongroom.ListNotifications");

        var destination = Assert.Single(listed["Destinations"]!.AsArray())!;
        Assert.Equal(("ops", true, 1, 0), ((string)destination["Name"]!, (bool)destination["Configured"]!, (int)destination["Waiting"]!, (int)destination["Dead"]!));
        Assert.Equal("Secret Created", (string?)Assert.Single(listed["Notifications"]!.AsArray())!["DetailType"]);
        Assert.DoesNotContain("in-the-address", listed.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Value, listed.ToJsonString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ListNotifications")]
    [InlineData("RetryNotifications")]
    [InlineData("DropNotifications")]
    public async Task Only_who_is_allowed_may_look_and_only_in_the_first_account(string operation)
    {
        var parameters = operation == "ListNotifications" ? (object)new { } : new { Destination = "ops" };
        await server.PutAsync(User("nobody"), User("allowed", Allow("strongroom:" + operation)));

        await (await server.ClientOfAsync("nobody")).JsonFailsAsync("Strongroom." + operation, parameters, "AccessDeniedException");
        await (await server.ClientOfAsync("allowed")).JsonAsync("Strongroom." + operation, parameters);
    }

    [Fact]
    public async Task The_example_receiver_takes_notifications()
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
            await server.CloseAsync();
            // The receiver's clock is real.
            server.Time.SetUtcNow(TimeProvider.System.GetUtcNow());
            await OpenAsync(d => d["url"] = $"http://127.0.0.1:{said!.Split(' ')[^1]}/");
            await server.CallAsync("CreateSecret", new { Name = "s", SecretString = Value, ClientRequestToken = T1 });
            await server.Server.StepNotificationsAsync();

            var line = await python.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
            Assert.Equal("Secret Created", (string?)JsonNode.Parse(line!)!["detail-type"]);
        }
        finally
        {
            python.Kill();
        }
    }

    [Theory]
    [InlineData("""{"destinations":[{"name":"ops","url":"http://hooks.example.com/","secretFile":"s"}]}""", "Use https")]
    [InlineData("""{"destinations":[{"name":"ops","url":"https://u:p@hooks.example.com/","secretFile":"s"}]}""", "without a user")]
    [InlineData("""{"destinations":[{"name":"ops","url":"file:///etc/passwd","secretFile":"s"}]}""", "must be an address")]
    [InlineData("""{"destinations":[{"name":"ops","url":"https://hooks.example.com/"}]}""", "needs a url and a secretFile")]
    [InlineData("""{"destinations":[{"name":"Ops!","url":"https://hooks.example.com/","secretFile":"s"}]}""", "needs a name")]
    [InlineData("""{"destinations":[{"name":"ops","uri":"https://hooks.example.com/","secretFile":"s"}]}""", "'uri' is no member")]
    [InlineData("""{"destinations":[{"name":"ops","url":"https://hooks.example.com/","secretFile":"s","detailTypes":["Secret Creatd"]}]}""", "Did you mean 'Secret Created'?")]
    [InlineData("""{"destinations":[{"name":"a","url":"https://h/","secretFile":"s"},{"name":"a","url":"https://h/","secretFile":"s"}]}""", "two destinations")]
    [InlineData("""{"destination":[]}""", "the one member 'destinations'")]
    [InlineData("""{"destinations":[""", "can't be used")]
    public void A_file_that_cannot_work_is_refused(string text, string why)
    {
        var path = Path.Combine(authority.Folder, "refused.json");
        File.WriteAllText(path, text);

        Assert.Contains(why, Assert.Throws<SettingsException>(() => NotificationDestination.ReadAll(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_documentation_lists_the_detail_types()
    {
        var page = File.ReadAllLines(Path.Combine(Repository.Root, "docs", "notifications.md"));

        Assert.Equal(SecretEvent.DetailTypes, page.Where(l => Listed().IsMatch(l)).Select(l => l.Split('`')[1]));
    }

    private Task<RunningServer> StartAsync() => RunningServer.StartAsync(configure: o => o with { NotificationsFile = Write(null) });

    private Task OpenAsync(Action<JsonObject>? change = null) => server.OpenAsync(
        configure: o => o with { NotificationsFile = Write(change) }, logging: l => l.SetMinimumLevel(LogLevel.Trace).AddProvider(log));

    private string Write(Action<JsonObject>? change)
    {
        var destination = new JsonObject { ["name"] = "ops", ["url"] = receiver.Address.ToString(), ["secretFile"] = authority.Secret(Secret) };
        change?.Invoke(destination);
        var path = Path.Combine(authority.Folder, "notifications.json");
        File.WriteAllText(path, new JsonObject { ["destinations"] = new JsonArray(destination) }.ToJsonString());
        return path;
    }

    private async Task<JsonArray> ListAsync(string? state) => (await server.Root.JsonAsync(
        "Strongroom.ListNotifications", state is null ? new { } : (object)new { State = state }))["Notifications"]!.AsArray();

    [GeneratedRegex(@"\A\| `[A-Z][a-z]+ ", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Listed();

    [GeneratedRegex(@"\At=([0-9]+),v1=([0-9a-f]{64})\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Signature();
}
