using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Strongroom.Server.Hosting;

namespace Strongroom.Tests.Server.Observability;

public sealed class OtlpTests
{
    [Fact]
    public async Task Metrics_traces_and_logs_reach_a_collector_and_hold_no_secret()
    {
        await using var collector = await Collector.StartAsync();
        var server = await RunningServer.StartAsync();
        await server.CloseAsync();
        await server.OpenAsync(
            configure: o => o with { Telemetry = new() { OtlpEndpoint = collector.Address, OtlpHeaders = "x-key=header-canary", OtlpSignals = ["metrics", "traces", "logs"] } },
            logging: l => l.SetMinimumLevel(LogLevel.Information).AddFilter("Microsoft", LogLevel.None));
        var arn = (string?)(await server.CallAsync("CreateSecret", new { Name = "name-canary", SecretString = "value-canary", ClientRequestToken = Guid.NewGuid() }))["ARN"];
        await server.CallAsync("GetSecretValue", new { SecretId = "name-canary" });
        await server.FailAsync("GetSecretValue", new { SecretId = "missing-canary" }, "ResourceNotFoundException");
        await server.SendAsync("GetSecretValue", """{"SecretId":"broken-canary""");
        await server.SendAsync("OperationCanary", "{}");
        // What was not sent yet is sent at the stop.
        await server.DisposeAsync();

        Assert.Contains("rpc.server.call.duration", collector.Text("/v1/metrics"), StringComparison.Ordinal);
        Assert.Contains("strongroom.seal.open", collector.Text("/v1/metrics"), StringComparison.Ordinal);
        foreach (var word in new[] { "SecretsManager/GetSecretValue", "SecretsManager/CreateSecret", "store commit", "KMS key unwrap", "aws-api", "aws.request_id", "ResourceNotFoundException" })
            Assert.Contains(word, collector.Text("/v1/traces"), StringComparison.Ordinal);
        Assert.Contains("Strongroom.Start", collector.Text("/v1/logs"), StringComparison.Ordinal);
        Assert.All(collector.Received, r => Assert.Equal(("application/x-protobuf", "header-canary"), (r.ContentType, r.Key)));
        var all = string.Concat(collector.Received.Select(r => System.Text.Encoding.Latin1.GetString(r.Body)));
        foreach (var word in new[] { "canary", RunningServer.AccessKeyId, RunningServer.SecretAccessKey, arn! })
            Assert.DoesNotContain(word, all, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Nothing_is_sent_unless_configured_and_only_what_is_asked_for()
    {
        await using var collector = await Collector.StartAsync();
        var server = await RunningServer.StartAsync(configure: o => o with { Telemetry = new() { OtlpEndpoint = collector.Address, OtlpSignals = ["traces"] } });
        await server.CallAsync("ListSecrets");
        await server.DisposeAsync();

        Assert.All(collector.Received, r => Assert.Equal("/v1/traces", r.Path));
        Assert.NotEmpty(collector.Received);
    }

    [Fact]
    public async Task A_collector_that_is_away_fails_no_call()
    {
        await using var server = await RunningServer.StartAsync(configure: o => o with { Telemetry = new() { OtlpEndpoint = "http://127.0.0.1:9" } });

        await server.CallAsync("ListSecrets");
    }
}

/// <summary>Spans as a listener in the process sees them.</summary>
public sealed class SpanTests
{
    [Fact]
    public async Task A_call_is_a_child_of_its_caller_and_says_how_it_ended()
    {
        await using var server = await RunningServer.StartAsync();
        var trace = ActivityTraceId.CreateRandom();
        var spans = new System.Collections.Concurrent.ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Strongroom",
            Sample = (ref options) => options.TraceId == trace ? ActivitySamplingResult.AllData : ActivitySamplingResult.None,
            // Other tests' listeners may have asked for other servers' spans, and those are told to all.
            ActivityStopped = span =>
            {
                if (span.TraceId == trace)
                    spans.Enqueue(span);
            },
        };
        ActivitySource.AddActivityListener(listener);
        var caller = ActivitySpanId.CreateRandom();
        async Task<HttpResponseMessage> SendAsync(string operation, string body)
        {
            using var request = server.Sign($"secretsmanager.{operation}", body, "us-east-1", "secretsmanager", RunningServer.SecretAccessKey, server.Time.GetUtcNow());
            request.Headers.Add("traceparent", $"00-{trace}-{caller}-01");
            request.Headers.Add("tracestate", "vendor=state-canary");
            request.Headers.Add("baggage", "who=baggage-canary");
            return await server.SendAsync(request);
        }

        var token = Guid.NewGuid();
        using var created = await SendAsync("CreateSecret", $$"""{"Name":"name-canary","SecretString":"value-canary","ClientRequestToken":"{{token}}"}""");
        using var missing = await SendAsync("GetSecretValue", """{"SecretId":"missing-canary"}""");
        using var unknown = await SendAsync("NoSuchCanary", "{}");

        // A span ends after the answer has left; the stop waits for it.
        await server.CloseAsync();
        var calls = spans.Where(s => s.Kind == ActivityKind.Server).OrderBy(s => s.StartTimeUtc).ToList();
        Assert.Equal(["SecretsManager/CreateSecret", "SecretsManager/GetSecretValue", "Unknown/Unknown"], calls.Select(s => s.DisplayName));
        Assert.All(calls, s => Assert.Equal((trace, caller, true), (s.TraceId, s.ParentSpanId, s.HasRemoteParent)));
        Assert.Contains(spans, s => s.DisplayName == "store commit" && s.ParentSpanId == calls[0].SpanId);
        Assert.Equal(created.Headers.GetValues("x-amzn-RequestId").Single(), calls[0].GetTagItem("aws.request_id"));
        Assert.Equal(("aws-api", "SecretsManager", "CreateSecret", 200), (calls[0].GetTagItem("rpc.system"), calls[0].GetTagItem("rpc.service"), calls[0].GetTagItem("rpc.method"), calls[0].GetTagItem("http.response.status_code")));
        Assert.Equal(("ResourceNotFoundException", 400), (calls[1].GetTagItem("error.type"), calls[1].GetTagItem("http.response.status_code")));
        Assert.Equal(ActivityStatusCode.Unset, calls[1].Status);
        foreach (var span in spans)
        {
            Assert.Null(span.TraceStateString);
            Assert.Empty(span.Baggage);
            foreach (var text in span.TagObjects.Select(t => $"{t.Key}={t.Value}").Append(span.DisplayName))
            {
                Assert.DoesNotContain("canary", text, StringComparison.OrdinalIgnoreCase);
                Assert.DoesNotContain("arn:", text, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Headers_that_are_no_traceparent_are_passed_over()
    {
        await using var server = await RunningServer.StartAsync(configure: o => o with { Telemetry = new() { OtlpEndpoint = "http://127.0.0.1:9", OtlpSignals = ["traces"] } });
        foreach (var value in new[] { "", "00", "zz-00000000000000000000000000000000-0000000000000000-01", new string('a', 5000), "00-é" })
        {
            using var request = server.Sign("secretsmanager.ListSecrets", "{}", "us-east-1", "secretsmanager", RunningServer.SecretAccessKey, server.Time.GetUtcNow());
            request.Headers.TryAddWithoutValidation("traceparent", value.Replace('é', 'e'));
            using var response = await server.SendAsync(request);
            Assert.Equal(200, (int)response.StatusCode);
        }
    }
}
