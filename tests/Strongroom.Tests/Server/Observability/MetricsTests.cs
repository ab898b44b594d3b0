using Strongroom.Server.Observability;
using Strongroom.Server.Quotas;
using Strongroom.Storage;
using Strongroom.Tests.Server.Faults;
using Strongroom.Tests.Server.Webhooks;

namespace Strongroom.Tests.Server.Observability;

public sealed class MetricsTests
{
    private const string Calls = "rpc_server_call_duration_seconds_count";

    [Fact]
    public async Task Calls_are_counted_by_operation_and_outcome()
    {
        await using var server = await RunningServer.StartAsync(configure: Scrape.On());
        await server.CallAsync("CreateSecret", new { Name = "a", SecretString = "v", ClientRequestToken = Guid.NewGuid() });
        await server.CallAsync("GetSecretValue", new { SecretId = "a" });
        await server.CallAsync("GetSecretValue", new { SecretId = "a" });
        await server.FailAsync("GetSecretValue", new { SecretId = "missing" }, "ResourceNotFoundException");
        await server.Root.IamAsync("CreateUser", ("UserName", "bob"));
        var key = await server.Root.IamAsync("CreateAccessKey", ("UserName", "bob"));
        var bob = new TestClient(server, key.Descendants("AccessKeyId").Single().Value, key.Descendants("SecretAccessKey").Single().Value);
        await bob.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = "a" }, "AccessDeniedException");
        await server.SendAsync("GetSecretValue", "{}", secretKey: "wrong");

        var scrape = await Scrape.OfAsync(server);

        string[] get = ["rpc_service=\"SecretsManager\"", "rpc_method=\"GetSecretValue\""];
        Assert.Equal(2, scrape.Find(Calls, [.. get, "strongroom_outcome=\"ok\""]));
        Assert.Equal(1, scrape.Find(Calls, [.. get, "strongroom_outcome=\"client_error\"", "error_type=\"ResourceNotFoundException\""]));
        Assert.Equal(1, scrape.Find(Calls, [.. get, "strongroom_outcome=\"denied\"", "error_type=\"AccessDeniedException\""]));
        Assert.Equal(1, scrape.Find(Calls, [.. get, "strongroom_outcome=\"denied\"", "error_type=\"InvalidSignatureException\""]));
        Assert.Equal(1, scrape.Find(Calls, "rpc_service=\"IAM\"", "rpc_method=\"CreateUser\"", "strongroom_outcome=\"ok\""));
        Assert.Equal(1, scrape.Find("rpc_server_call_duration_seconds_bucket", "rpc_method=\"CreateSecret\"", "le=\"+Inf\""));
    }

    [Fact]
    public async Task Throttled_calls_have_an_outcome_of_their_own()
    {
        await using var server = await RunningServer.StartAsync(configure: o => Scrape.On()(o) with { Limits = new LimitOptions { Rates = RateRule.ParseAll(["*=1/h"]) } });
        await server.CallAsync("ListSecrets");
        await server.FailAsync("ListSecrets", null, "ThrottlingException");
        await server.Root.IamFailsAsync("Throttling", 400, "ListUsers");

        var scrape = await Scrape.OfAsync(server);

        Assert.Equal(1, scrape.Find(Calls, "rpc_method=\"ListSecrets\"", "strongroom_outcome=\"throttled\"", "error_type=\"ThrottlingException\""));
        Assert.Equal(1, scrape.Find(Calls, "rpc_method=\"ListUsers\"", "strongroom_outcome=\"throttled\"", "error_type=\"Throttling\""));
    }

    [Fact]
    public void An_operation_has_only_so_many_error_types()
    {
        var tags = new CallTags("kms", "Encrypt");

        var codes = Enumerable.Range(0, 500).Select(i => tags.For($"Code{i}", 400).Single(tag => tag.Key == "error.type").Value).Distinct().ToList();

        Assert.InRange(codes.Count, 40, 60);
        Assert.Equal("Other", codes[^1]);
    }

    [Fact]
    public async Task Commits_and_jobs_that_a_disk_makes_fail_are_counted()
    {
        var data = Directory.CreateTempSubdirectory("strongroom-metrics-").FullName;
        using (var disk = new FaultyDisk(data))
        await using (var server = await RunningServer.StartAsync(data, configure: Scrape.On()))
        {
            Assert.Equal(0, (await Scrape.OfAsync(server)).Find("strongroom_store_commit_failures_total"));
            disk.FailAt(1, DiskFault.Io, stays: false);
            Assert.Equal(500, (await server.SendAsync("CreateSecret", $$"""{"Name":"a","SecretString":"v","ClientRequestToken":"{{Guid.NewGuid()}}"}""")).Status);
            Assert.Equal(1, (await Scrape.OfAsync(server)).Find("strongroom_store_commit_failures_total"));

            // The purge takes a lease first, which is a write.
            disk.FailAt(1, DiskFault.Io, stays: true);
            await Eventually.ComesAsync(
                "a purge that fails",
                async () => (await Scrape.OfAsync(server)).Find("strongroom_job_failures_total", "strongroom_job=\"purge\"") > 0,
                () =>
                {
                    server.Time.Advance(TimeSpan.FromSeconds(30));
                    return Task.CompletedTask;
                });
            disk.Heal();
        }

        Directory.Delete(data, recursive: true);
    }

    [Fact]
    public async Task What_callers_make_up_makes_no_label()
    {
        await using var server = await RunningServer.StartAsync(configure: Scrape.On());
        await server.CallAsync("CreateSecret", new { Name = "canary-name", SecretString = "canary-value", ClientRequestToken = Guid.NewGuid() });
        await server.CallAsync("GetSecretValue", new { SecretId = "canary-name" });
        for (var i = 0; i < 20; i++)
        {
            await server.SendAsync($"Canary{i}", "{}");
            await server.Root.SendQueryAsync("iam", "2010-05-08", $"Canary{i}");
        }

        var scrape = await Scrape.OfAsync(server);

        Assert.Equal(40, scrape.Find(Calls, "rpc_method=\"Unknown\"", "rpc_service=\"Unknown\""));
        foreach (var word in new[] { "canary", "arn:", RunningServer.AccessKeyId, RunningServer.SecretAccessKey, RunningServer.Account, server.Data })
            Assert.DoesNotContain(word, scrape.Text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Caches_store_and_audit_show_what_calls_did()
    {
        await using var server = await RunningServer.StartAsync(configure: Scrape.On());
        await server.CallAsync("CreateSecret", new { Name = "a", SecretString = "v", ClientRequestToken = Guid.NewGuid() });
        await server.CallAsync("GetSecretValue", new { SecretId = "a" });
        var before = await Scrape.OfAsync(server);
        await server.CallAsync("GetSecretValue", new { SecretId = "a" });
        await server.CallAsync("GetSecretValue", new { SecretId = "a" });

        var after = await Scrape.OfAsync(server);

        double Rise(string name, params string[] labels) => after.Find(name, labels)!.Value - before.Find(name, labels)!.Value;
        Assert.Equal(2, Rise("strongroom_audit_appends_total"));
        Assert.Equal(2, Rise("strongroom_cache_lookups_total", "strongroom_cache=\"data_keys\"", "strongroom_result=\"hit\""));
        // The day's first read is noted, which takes the secret out of the cache: the next one misses, the one after it hits, both parts each time.
        Assert.Equal(2, Rise("strongroom_cache_lookups_total", "strongroom_cache=\"records\"", "strongroom_result=\"hit\""));
        Assert.Equal(2, Rise("strongroom_cache_lookups_total", "strongroom_cache=\"records\"", "strongroom_result=\"miss\""));
        Assert.True(Rise("strongroom_cache_lookups_total", "strongroom_cache=\"directories\"", "strongroom_result=\"hit\"") > 0);
        Assert.True(before.Find("strongroom_store_commit_size_sum") >= 1);
        Assert.True(after.Find("strongroom_cache_size_bytes") is > 0 and < 1 << 20);
        Assert.Equal(1, after.Find("strongroom_seal_open", "strongroom_seal=\"file\""));
        Assert.Equal(1, after.Find("strongroom_healthy"));
        Assert.Equal(0, after.Find("strongroom_audit_failing"));
        Assert.Equal(server.Time.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0, after.Find("strongroom_audit_last_append_time_seconds"));
    }

    [Fact]
    public async Task An_audit_log_that_takes_nothing_is_seen()
    {
        await using var server = await RunningServer.StartAsync(configure: Scrape.On());
        await server.CallAsync("CreateSecret", new { Name = "a", SecretString = "v", ClientRequestToken = Guid.NewGuid() });
        await server.CloseAsync();
        await server.OpenAsync(configure: Scrape.On());
        // Closed under the server: every append fails from here on.
        server.Server.AuditLogOfTests.Dispose();
        var (status, _) = await server.SendAsync("GetSecretValue", """{"SecretId":"a"}""");

        var scrape = await Scrape.OfAsync(server);

        Assert.Equal(500, status);
        Assert.Equal(1, scrape.Find("strongroom_audit_failing"));
        Assert.Equal(0, scrape.Find("strongroom_healthy"));
        Assert.True(scrape.Find("strongroom_audit_failures_total") >= 1);
        Assert.Equal(1, scrape.Find(Calls, "rpc_method=\"GetSecretValue\"", "strongroom_outcome=\"server_error\"", "error_type=\"InternalServiceError\""));
    }

    [Fact]
    public async Task Secrets_are_named_only_when_asked_for_and_only_so_many()
    {
        await using var server = await RunningServer.StartAsync(configure: Scrape.On(t => t with { SecretLabel = true }));
        var arn = (string?)(await server.CallAsync("CreateSecret", new { Name = "a", SecretString = "v", ClientRequestToken = Guid.NewGuid() }))["ARN"];
        await server.CallAsync("GetSecretValue", new { SecretId = "a" });
        await server.CallAsync("BatchGetSecretValue", new { SecretIdList = new[] { "a" } });
        await server.FailAsync("GetSecretValue", new { SecretId = "b" }, "ResourceNotFoundException");

        Assert.Equal(2, (await Scrape.OfAsync(server)).Find("strongroom_secret_reads_total", $"secret=\"{arn}\""));

        using var meter = new ServerMeter(server.Time);
        var labels = new HashSet<string?>();
        using var listener = new System.Diagnostics.Metrics.MeterListener();
        listener.InstrumentPublished = (instrument, l) =>
        {
            if (instrument.Meter == meter.Meter && instrument.Name == "strongroom.secret.reads")
                l.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => labels.Add((string?)tags[0].Value));
        listener.Start();
        var reads = new SecretReads(meter);
        for (var id = 1; id <= 1100; id++)
        {
            reads.Count(new StoredSecret
            {
                Id = id, Account = "1", Region = "r", Name = $"n{id}", Suffix = "abcdef", CreatedAt = default, ChangedAt = default, Document = new SecretDocument(),
            });
        }

        Assert.Equal(1001, labels.Count);
        Assert.Contains("other", labels);
    }

    [Fact]
    public async Task A_second_server_in_the_process_has_numbers_of_its_own()
    {
        await using var one = await RunningServer.StartAsync(configure: Scrape.On());
        await using var two = await RunningServer.StartAsync(configure: Scrape.On());
        await one.CallAsync("ListSecrets");

        Assert.Equal(1, (await Scrape.OfAsync(one)).Find(Calls, "rpc_method=\"ListSecrets\""));
        Assert.Null((await Scrape.OfAsync(two)).Find(Calls, "rpc_method=\"ListSecrets\""));
    }

    [Fact]
    public async Task Secrets_marked_for_deletion_and_background_jobs_are_shown()
    {
        await using var server = await RunningServer.StartAsync(configure: Scrape.On());
        await server.CallAsync("CreateSecret", new { Name = "a", SecretString = "v", ClientRequestToken = Guid.NewGuid() });
        await server.CallAsync("DeleteSecret", new { SecretId = "a" });
        await server.Server.ObserveAsync();

        var scrape = await Scrape.OfAsync(server);

        Assert.Equal(1, scrape.Find("strongroom_secrets_purge_waiting"));
        Assert.Equal(1, scrape.Find("strongroom_events_total", "strongroom_event=\"StartSecretVersionDelete\""));
        Assert.True(scrape.Find("strongroom_disk_free_bytes") > 0);
        Assert.Contains("strongroom_job_runs_total{strongroom_job=\"purge\"}", scrape.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deliveries_of_notifications_are_counted_by_destination_and_outcome()
    {
        using var authority = new TestAuthority();
        await using var receiver = new LoopbackReceiver();
        var file = authority.Destination(receiver.Address);
        await using var server = await RunningServer.StartAsync(configure: o => Scrape.On()(o) with { NotificationsFile = file });
        async Task<double?> SeenAsync(string name, params string[] labels)
        {
            await server.Server.ObserveAsync();
            return (await Scrape.OfAsync(server)).Find("strongroom_notification_" + name, ["strongroom_destination=\"ops\"", .. labels]);
        }

        Assert.Equal(0, await SeenAsync("deliveries_total"));
        Assert.Equal(0, await SeenAsync("waiting"));
        Assert.Equal(0, await SeenAsync("oldest_waiting_age_seconds"));
        receiver.Answer = _ => "500 Broken";
        await server.CallAsync("CreateSecret", new { Name = "a", SecretString = "v", ClientRequestToken = Guid.NewGuid() });
        await server.CallAsync("CreateSecret", new { Name = "b", SecretString = "v", ClientRequestToken = Guid.NewGuid() });
        await server.Server.StepNotificationsAsync();
        server.Time.Advance(TimeSpan.FromMilliseconds(400));

        Assert.Equal(1, await SeenAsync("deliveries_total", "strongroom_outcome=\"failed\""));
        Assert.Equal(2, await SeenAsync("waiting"));
        Assert.Equal(0, await SeenAsync("dead"));
        Assert.Equal(0.4, (await SeenAsync("oldest_waiting_age_seconds"))!.Value, 3);

        receiver.Answer = _ => "200 OK";
        server.Time.SetUtcNow(server.Time.GetUtcNow() + TimeSpan.FromMinutes(3));
        while (await SeenAsync("waiting") > 0)
            await server.Server.StepNotificationsAsync();

        Assert.Equal(2, await SeenAsync("deliveries_total", "strongroom_outcome=\"delivered\""));
        Assert.Equal(0, await SeenAsync("deliveries_total", "strongroom_outcome=\"given_up\""));
        Assert.DoesNotContain("in-the-address", (await Scrape.OfAsync(server)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Audit_sinks_are_shown_with_what_they_lack()
    {
        var output = new BrokenStream { IsBroken = true };
        await using var server = await RunningServer.StartAsync(
            configure: o => Scrape.On()(o) with { AuditSinks = o.AuditSinks with { StandardOutput = true, Output = output } });
        await server.CallAsync("ListSecrets");
        await server.Server.StepSinksAsync();
        server.Time.SetUtcNow(server.Time.GetUtcNow() + TimeSpan.FromMilliseconds(200));

        var failing = await Scrape.OfAsync(server);
        Assert.Equal(1, failing.Find("strongroom_audit_sink_failing", "strongroom_sink=\"stdout\""));
        Assert.True(failing.Find("strongroom_audit_sink_failures_total") >= 1);
        Assert.Equal(0, failing.Find("strongroom_audit_sink_sent_total"));
        Assert.Equal(new FileInfo(Directory.EnumerateFiles(Path.Combine(server.Data, "audit"), "*.jsonl").Single()).Length, failing.Find("strongroom_audit_sink_lag_bytes"));
        Assert.True(failing.Find("strongroom_audit_sink_behind_seconds") >= 0.2);

        output.IsBroken = false;
        await server.Server.StepSinksAsync();
        await server.Server.StepSinksAsync();

        var served = await Scrape.OfAsync(server);
        Assert.Equal(0, served.Find("strongroom_audit_sink_failing"));
        Assert.Equal(server.Records().Count, served.Find("strongroom_audit_sink_sent_total"));
        Assert.Equal((0, 0), (served.Find("strongroom_audit_sink_lag_bytes"), served.Find("strongroom_audit_sink_behind_seconds")));
        Assert.Equal(0, served.Find("strongroom_audit_sink_lost_segments_total"));
    }

    private sealed class BrokenStream : MemoryStream
    {
        public bool IsBroken { get; set; }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            IsBroken ? throw new IOException("broken") : base.WriteAsync(buffer, cancellationToken);
    }
}
