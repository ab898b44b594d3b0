using System.Text;

namespace Strongroom.Conformance.Tests.Hardening;

/// <summary>Plants values wherever a request takes a secret, then looks for them in everything the server keeps and says.</summary>
public sealed class CanaryTests
{
    [Fact]
    public async Task No_secret_is_in_the_data_directory_the_output_or_an_answer_that_should_not_hold_it()
    {
        using var collector = new OtlpCollector();
        using var files = new SigningFiles(collector.Address + "/events");
        var server = await ServerProcess.StartAsync(environment: new()
        {
            ["STRONGROOM_METRICS_LISTEN"] = "http://127.0.0.1:0",
            ["STRONGROOM_OTLP_ENDPOINT"] = collector.Address,
            ["STRONGROOM_OTLP_SIGNAL"] = "metrics,traces,logs",
            ["STRONGROOM_LOG_FORMAT"] = "json",
            ["STRONGROOM_LOG_LEVEL"] = "information",
            ["STRONGROOM_AUDIT_STDOUT"] = "true",
            ["STRONGROOM_AUDIT_WEBHOOK"] = collector.Address + "/audit",
            ["STRONGROOM_AUDIT_WEBHOOK_SECRET_FILE"] = files.SecretFile,
            ["STRONGROOM_NOTIFICATIONS_FILE"] = files.Destinations,
        });
        using var raw = new RawClient(server.Endpoint, server.Key);
        try
        {
            // Text that no encoding on the way changes, and bytes whose base64 is another text.
            var text = $"CANARY-{Guid.NewGuid():N}";
            var bytes = Encoding.ASCII.GetBytes($"BINARY-{Guid.NewGuid():N}-{Guid.NewGuid():N}");
            var rotationToken = $"ROTATE-{Guid.NewGuid()}";
            var answers = new StringBuilder();
            async Task SayAsync(string operation, JsonObject parameters, string region = Answer.DefaultRegion)
            {
                var answer = await raw.CallAsync(operation, parameters, region);
                answers.AppendLine($"{answer.Result?.ToJsonString()} {answer.Code} {answer.Message}");
            }

            JsonObject With(string kind, JsonNode value, string name, string? token = null) => new()
            {
                ["Name"] = name, ["SecretId"] = name, [kind] = value, ["ClientRequestToken"] = token ?? Guid.NewGuid().ToString(), ["RotationToken"] = rotationToken,
            };
            var base64 = Convert.ToBase64String(bytes);
            var clash = Guid.NewGuid().ToString();

            foreach (var (kind, value) in new[] { ("SecretString", text), ("SecretBinary", base64) })
            {
                await SayAsync("CreateSecret", With(kind, value, kind, kind == "SecretString" ? clash : null));
                await SayAsync("PutSecretValue", With(kind, value + (kind == "SecretString" ? "2" : ""), kind));
                await SayAsync("UpdateSecret", With(kind, value, kind));
                await SayAsync("CreateSecret", With(kind, value, kind));
                await SayAsync("PutSecretValue", With(kind, value, "missing"));
                await SayAsync("PutSecretValue", With(kind, value, "a bad name"));
                await SayAsync("UpdateSecret", With(kind, value, "missing"));
                await SayAsync("ReplicateSecretToRegions", new() { ["SecretId"] = kind, ["AddReplicaRegions"] = new JsonArray(new JsonObject { ["Region"] = "eu-west-1" }) });
                await SayAsync("DescribeSecret", new() { ["SecretId"] = kind });
                await SayAsync("ListSecretVersionIds", new() { ["SecretId"] = kind });
            }

            await SayAsync("PutSecretValue", With("SecretString", text + "-other", "SecretString", clash));
            await SayAsync("PutSecretValue", With("SecretString", string.Concat(Enumerable.Repeat(text, 3000)), "SecretString"));
            await SayAsync("PutSecretValue", With("SecretBinary", text + "!not base64", "SecretBinary"));
            await SayAsync("ListSecrets", []);
            using (var broken = raw.Signed("secretsmanager.PutSecretValue", Encoding.UTF8.GetBytes($$"""{"SecretId":"x","SecretString":"{{text}}" broken""")))
            using (var response = await raw.SendAsync(broken))
                answers.Append(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            var both = With("SecretString", text, "SecretString");
            both["SecretBinary"] = base64;
            await SayAsync("PutSecretValue", both);
            var password = (await raw.CallAsync("GetRandomPassword", new() { ["PasswordLength"] = 64, ["ExcludePunctuation"] = true })).Ok.Text("RandomPassword");

            // The values are there for those who may read them, so the search below looks for the right thing.
            Assert.Equal(text, (await raw.CallAsync("GetSecretValue", new() { ["SecretId"] = "SecretString" }, "eu-west-1")).Ok.Text("SecretString"));
            Assert.Equal(base64, (await raw.CallAsync("GetSecretValue", new() { ["SecretId"] = "SecretBinary" })).Ok.Text("SecretBinary"));

            string[] needles = [text, Encoding.ASCII.GetString(bytes), base64, rotationToken, password, server.Key.Secret, SigningFiles.Secret, Convert.ToBase64String(Encoding.ASCII.GetBytes(text))[..40]];
            Search("while running", needles, server, answers);
            var metrics = await MetricsAsync(server.Output);
            Assert.Contains("rpc_method=\"PutSecretValue\"", metrics, StringComparison.Ordinal);
            Absent([.. needles, "SecretBinary", "arn:aws:", server.Key.Id], metrics, "metrics");
            // Sent within a second of the change.
            while (!collector.Text("/events").Contains("Secret Value Changed", StringComparison.Ordinal))
                await Task.Delay(20, TestContext.Current.CancellationToken);
            await server.StopAsync();
            Search("after the stop", needles, server, answers);
            Assert.Contains("\"eventName\":\"PutSecretValue\"", collector.Text("/audit"), StringComparison.Ordinal);
            Assert.Contains("\"eventName\":\"PutSecretValue\"", server.Output, StringComparison.Ordinal);
            Absent(needles, collector.Text("/audit"), "records that were posted");
            Absent(needles, collector.Text("/events"), "events that were posted");

            // The stop sends what was not sent yet.
            foreach (var (path, told) in new[] { ("/v1/metrics", "rpc.server.call.duration"), ("/v1/traces", "SecretsManager/PutSecretValue"), ("/v1/logs", "Strongroom.Start") })
            {
                Assert.Contains(told, collector.Text(path), StringComparison.Ordinal);
                Absent([.. needles, "SecretBinary", "arn:aws:", server.Key.Id], collector.Text(path), $"export to {path}");
            }
        }
        finally
        {
            await server.DisposeAsync();
        }
    }

    /// <summary>Where metrics are scraped stands in the line of the start.</summary>
    private static async Task<string> MetricsAsync(string output)
    {
        var address = System.Text.RegularExpressions.Regex.Match(output, @"http://127\.0\.0\.1:\d+/metrics").Value;
        using var http = new HttpClient();
        return await http.GetStringAsync(new Uri(address), TestContext.Current.CancellationToken);
    }

    private static void Search(string when, string[] needles, ServerProcess server, StringBuilder answers)
    {
        Absent(needles, answers.ToString(), $"answers {when}");
        Absent(needles, server.Output, $"output {when}");
        var searched = 0;
        foreach (var file in Directory.EnumerateFiles(server.DataDirectory, "*", SearchOption.AllDirectories))
        {
            // The lock is closed to others while the server runs, and empty always.
            if (Path.GetFileName(file) == "lock")
            {
                Assert.Equal(0, new FileInfo(file).Length);
                continue;
            }

            // The one file that is there to hold the key pair.
            var except = Path.GetFileName(file) == "credentials" ? server.Key.Secret : "";
            using var content = new MemoryStream();
            using (var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete))
                stream.CopyTo(content);
            Absent(needles.Where(n => n != except), Encoding.Latin1.GetString(content.ToArray()), $"{Path.GetFileName(file)} {when}");
            searched++;
        }

        Assert.InRange(searched, 4, int.MaxValue);
    }

    private static void Absent(IEnumerable<string> needles, string haystack, string where)
    {
        foreach (var needle in needles)
            Assert.False(haystack.Contains(needle, StringComparison.Ordinal), $"'{needle[..7]}…' is in the {where}.");
    }
}
