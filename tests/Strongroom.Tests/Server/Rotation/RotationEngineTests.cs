using System.Text.Json.Nodes;
using Strongroom.Server.Rotation;
using Strongroom.Tests.Server.Kms;

namespace Strongroom.Tests.Server.Rotation;

/// <summary>Source: API fact sheet 4.1 to 4.6, 2.7; IAM fact sheet 8.5, 9.2.</summary>
public sealed class RotationEngineTests : IAsyncLifetime
{
    private const string T1 = "11111111-1111-4111-8111-111111111111";
    private const string T2 = "22222222-2222-4222-8222-222222222222";
    private const string T3 = "33333333-3333-4333-8333-333333333333";
    private const string Function = "arn:aws:lambda:us-east-1:111122223333:function:rotate";

    private RunningServer server = null!;
    private readonly List<RotationEvent> asked = [];

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        await server.CallAsync("CreateSecret", new { Name = "s", ClientRequestToken = T1, SecretString = "one" });
        server.Functions.Reachable.Add(Function);
        server.Functions.Step = WorkAsync;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_rotation_runs_the_four_steps_and_leaves_the_labels_as_AWS_does()
    {
        await RotateAsync(T2, new { AutomaticallyAfterDays = 30 });

        Assert.Equal(["createSecret", "setSecret", "testSecret", "finishSecret"], asked.Select(e => e.Step.Name()));
        Assert.All(asked, e => Assert.Equal(T2, e.Token));
        var described = await DescribeAsync();
        Assert.Equal("""["AWSPREVIOUS"]""", described["VersionIdsToStages"]![T1]!.ToJsonString());
        Assert.Equal("""["AWSCURRENT"]""", described["VersionIdsToStages"]![T2]!.ToJsonString());
        Assert.Equal(server.Time.GetUtcNow().ToUnixTimeSeconds(), (long)(double)described["LastRotatedDate"]!);
        Assert.Equal(DateTimeOffset.Parse("2026-03-05T23:59:59Z", null).ToUnixTimeSeconds(), (long)described["NextRotationDate"]!);
        Assert.Equal(T2, await ReadAsync());
        Assert.Equal(["RotationStarted", "RotationSucceeded"], EventsOf(T2).Where(e => e != "RotationStepSucceeded"));
    }

    [Fact]
    public async Task The_event_has_AWSs_members_and_the_same_proof_in_all_steps()
    {
        await RotateAsync(T2);

        var @event = JsonNode.Parse(asked[0].ToJson())!.AsObject();
        Assert.Equal(["ClientRequestToken", "RotationToken", "SecretId", "Step"], @event.Select(m => m.Key).Order(StringComparer.Ordinal));
        Assert.Equal((string?)(await DescribeAsync())["ARN"], (string?)@event["SecretId"]);
        Assert.Matches("^[a-zA-Z0-9-]{36,256}$", (string?)@event["RotationToken"]);
        Assert.Single(asked.Select(e => e.RotationToken).Distinct());
        Assert.DoesNotContain(server.Records(), record => record.ToJsonString().Contains(asked[0].RotationToken, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(RotationStep.CreateSecret)]
    [InlineData(RotationStep.SetSecret)]
    [InlineData(RotationStep.TestSecret)]
    [InlineData(RotationStep.FinishSecret)]
    internal async Task A_step_that_fails_is_told_and_the_whole_is_tried_again_with_the_same_version(RotationStep failing)
    {
        var isBroken = true;
        server.Functions.Step = (step, ct) => isBroken && step.Step == failing ? Record(step, new StepResult("no")) : WorkAsync(step, ct);
        await RotateAsync(T2);

        Assert.Contains("AWSPENDING", (await DescribeAsync())["VersionIdsToStages"]![T2]!.ToJsonString(), StringComparison.Ordinal);
        Assert.Equal("one", await ReadAsync());
        var failure = server.Records().Single(r => (string?)r["eventName"] == "RotationFailed");
        Assert.Equal($"Error when executing lambda {Function} during {failing.Name()} step", (string?)failure["errorMessage"]);
        Assert.Equal($"Rotation-{(string?)(await DescribeAsync())["ARN"]}-{T2}", (string?)failure["requestID"]);
        Assert.Equal("A previous rotation isn't complete. That rotation will be reattempted.", await server.FailAsync(
            "RotateSecret", new { SecretId = "s", ClientRequestToken = T3 }, "InvalidRequestException"));

        isBroken = false;
        asked.Clear();
        await AdvanceAsync(TimeSpan.FromSeconds(59));
        Assert.Empty(asked);
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(["createSecret", "setSecret", "testSecret", "finishSecret"], asked.Select(e => e.Step.Name()));
        Assert.Equal(T2, await ReadAsync());
    }

    [Fact]
    public async Task Attempts_are_further_and_further_apart_and_then_wait_for_the_next_window()
    {
        server.Functions.Step = (step, _) => Record(step, new StepResult("no"));
        await RotateAsync(T2, new { ScheduleExpression = "cron(0 16 * * ? *)", Duration = "1h" });

        int[] minutes = [1, 5, 15, 30, 60];
        foreach (var delay in minutes)
        {
            asked.Clear();
            await AdvanceAsync(TimeSpan.FromMinutes(delay) - TimeSpan.FromSeconds(1));
            Assert.Empty(asked);
            await AdvanceAsync(TimeSpan.FromSeconds(1));
            Assert.Single(asked);
        }

        // 12:11:30 by now; the window of the day is from 16 to 17.
        asked.Clear();
        server.Time.SetUtcNow(DateTimeOffset.Parse("2026-02-03T15:59:59Z", null));
        await server.Server.RotateAsync();
        Assert.Empty(asked);
        server.Time.SetUtcNow(DateTimeOffset.Parse("2026-02-03T16:59:59Z", null));
        await server.Server.RotateAsync();
        Assert.Equal(T2, Assert.Single(asked).Token);
    }

    [Fact]
    public async Task Asked_for_again_with_its_token_a_waiting_rotation_is_tried_at_once()
    {
        server.Functions.Step = (step, _) => Record(step, new StepResult("no"));
        await RotateAsync(T2);
        server.Functions.Step = WorkAsync;

        await server.CallAsync("RotateSecret", new { SecretId = "s", ClientRequestToken = T2 });
        await server.Server.RotateAsync();

        Assert.Equal(T2, await ReadAsync());
    }

    [Fact]
    public async Task A_function_that_says_it_is_done_and_is_not_has_failed()
    {
        server.Functions.Step = (step, ct) => step.Step == RotationStep.FinishSecret ? Record(step, StepResult.Succeeded) : WorkAsync(step, ct);
        await RotateAsync(T2);

        Assert.Equal("one", await ReadAsync());
        Assert.Contains("RotationFailed", EventsOf(T2));
    }

    [Fact]
    public async Task A_function_that_may_not_be_invoked_any_more_fails_the_next_step()
    {
        server.Functions.Step = async (step, ct) =>
        {
            server.Functions.Reachable.Clear();
            return await WorkAsync(step, ct);
        };
        await RotateAsync(T2);

        Assert.Single(asked);
        Assert.Contains("RotationFailed", EventsOf(T2));
    }

    [Fact]
    public async Task The_schedule_rotates_within_its_window_and_counts_from_there()
    {
        await RotateAsync(T2, new { ScheduleExpression = "cron(0 16 1,15 * ? *)", Duration = "2h" });
        asked.Clear();

        server.Time.SetUtcNow(DateTimeOffset.Parse("2026-02-15T15:59:59Z", null));
        await server.Server.RotateAsync();
        Assert.Empty(asked);

        server.Time.SetUtcNow(DateTimeOffset.Parse("2026-02-15T17:59:59Z", null));
        await server.Server.RotateAsync();
        Assert.Equal(4, asked.Count);
        Assert.NotEqual(T2, asked[0].Token);
        Assert.Equal(asked[0].Token, await ReadAsync());
        Assert.Equal(DateTimeOffset.Parse("2026-03-01T17:59:59Z", null).ToUnixTimeSeconds(), (long)(await DescribeAsync())["NextRotationDate"]!);
    }

    [Fact]
    public async Task A_test_runs_testSecret_alone_on_a_copy_that_is_gone_afterwards()
    {
        JsonObject? seen = null;
        string? value = null;
        server.Functions.Step = async (step, _) =>
        {
            asked.Add(step);
            seen = await DescribeAsync();
            value = (string?)(await server.CallAsync("GetSecretValue", new { SecretId = "s", VersionId = step.Token, VersionStage = "AWSPENDING" }))["SecretString"];
            return StepResult.Succeeded;
        };
        await RotateAsync(T2, new { AutomaticallyAfterDays = 30 }, immediately: false);

        Assert.Equal(["testSecret"], asked.Select(e => e.Step.Name()));
        Assert.True((bool)seen!["RotationEnabled"]!);
        Assert.Equal("""["AWSPENDING"]""", seen["VersionIdsToStages"]![T2]!.ToJsonString());
        Assert.Equal("one", value);

        Assert.Equal($$"""{"{{T1}}":["AWSCURRENT"]}""", (await DescribeAsync())["VersionIdsToStages"]!.ToJsonString());
        await server.FailAsync("GetSecretValue", new { SecretId = "s", VersionId = T2 }, "ResourceNotFoundException");
        Assert.Equal(["TestRotationStarted", "TestRotationSucceeded"], EventsOf(T2));
        Assert.Null((await DescribeAsync())["LastRotatedDate"]);
    }

    [Fact]
    public async Task A_test_that_fails_leaves_the_configuration_and_is_not_repeated()
    {
        server.Functions.Step = (step, _) => Record(step, new StepResult("no"));
        await RotateAsync(T2, new { AutomaticallyAfterDays = 30 }, immediately: false);
        await AdvanceAsync(TimeSpan.FromHours(3));

        Assert.Single(asked);
        Assert.Equal(["TestRotationStarted", "TestRotationFailed"], EventsOf(T2));
        var described = await DescribeAsync();
        Assert.True((bool)described["RotationEnabled"]!);
        Assert.Equal($$"""{"{{T1}}":["AWSCURRENT"]}""", described["VersionIdsToStages"]!.ToJsonString());
    }

    [Fact]
    public async Task Cancelled_in_the_middle_it_takes_no_further_step_and_the_label_stays()
    {
        server.Functions.Step = async (step, ct) =>
        {
            await server.CallAsync("CancelRotateSecret", new { SecretId = "s" });
            return await WorkAsync(step, ct);
        };
        await RotateAsync(T2, new { AutomaticallyAfterDays = 1 });
        await AdvanceAsync(TimeSpan.FromHours(3));

        Assert.Single(asked);
        var described = await DescribeAsync();
        Assert.False((bool)described["RotationEnabled"]!);
        Assert.Equal("""["AWSPENDING"]""", described["VersionIdsToStages"]![T2]!.ToJsonString());
    }

    [Fact]
    public async Task A_value_put_by_hand_in_the_middle_ends_it()
    {
        server.Functions.Step = async (step, ct) =>
        {
            if (step.Step == RotationStep.SetSecret)
                await server.CallAsync("PutSecretValue", new { SecretId = "s", ClientRequestToken = T3, SecretString = "by hand" });
            return await WorkAsync(step, ct);
        };
        await RotateAsync(T2);
        await AdvanceAsync(TimeSpan.FromHours(3));

        Assert.Equal(["createSecret", "setSecret"], asked.Select(e => e.Step.Name()));
        Assert.Equal("by hand", await ReadAsync());
        Assert.Equal(1, EventsOf(T2).Count(e => e == "RotationAbandoned"));
        await server.CallAsync("RotateSecret", new { SecretId = "s", ClientRequestToken = "44444444-4444-4444-8444-444444444444" });
    }

    [Fact]
    public async Task Where_somebody_takes_AWSPENDING_away_another_rotation_can_begin()
    {
        server.Functions.Step = (step, _) => Record(step, new StepResult("no"));
        await RotateAsync(T2);
        await server.CallAsync("UpdateSecretVersionStage", new { SecretId = "s", VersionStage = "AWSPENDING", RemoveFromVersionId = T2 });
        server.Functions.Step = WorkAsync;

        await RotateAsync(T3);

        Assert.Equal(T3, await ReadAsync());
    }

    [Fact]
    public async Task Without_AWSPENDING_the_next_attempt_gives_up()
    {
        server.Functions.Step = (step, _) => Record(step, new StepResult("no"));
        await RotateAsync(T2);
        await server.CallAsync("UpdateSecretVersionStage", new { SecretId = "s", VersionStage = "AWSPENDING", RemoveFromVersionId = T2 });
        asked.Clear();

        await AdvanceAsync(TimeSpan.FromMinutes(1));

        Assert.Empty(asked);
        Assert.Contains("RotationAbandoned", EventsOf(T2));
    }

    [Fact]
    public async Task Stopped_in_the_middle_it_goes_on_with_the_same_step_after_the_start()
    {
        var reached = new TaskCompletionSource();
        server.Functions.Step = async (step, ct) =>
        {
            if (step.Step != RotationStep.TestSecret)
                return await WorkAsync(step, ct);
            reached.TrySetResult();
            await Task.Delay(Timeout.Infinite, ct);
            return StepResult.Succeeded;
        };
        await server.CallAsync("RotateSecret", new { SecretId = "s", ClientRequestToken = T2, RotationLambdaARN = Function });
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        await server.CloseAsync();
        asked.Clear();
        server.Functions.Step = WorkAsync;

        await server.OpenAsync();
        await server.Server.RotateAsync();

        Assert.Equal(["testSecret", "finishSecret"], asked.Select(e => e.Step.Name()));
        Assert.Equal(T2, await ReadAsync());
    }

    [Fact]
    public async Task Marked_for_deletion_it_stops_and_goes_on_when_it_is_restored()
    {
        server.Functions.Step = async (step, ct) =>
        {
            if (step.Step == RotationStep.SetSecret && asked.Count == 1)
                await server.CallAsync("DeleteSecret", new { SecretId = "s" });
            return await Record(step, StepResult.Succeeded);
        };
        await server.CallAsync("RotateSecret", new { SecretId = "s", ClientRequestToken = T2, RotationLambdaARN = Function });
        await server.Server.RotateAsync();
        await AdvanceAsync(TimeSpan.FromMinutes(5));
        Assert.Equal(["createSecret", "setSecret"], asked.Select(e => e.Step.Name()));

        server.Functions.Step = WorkAsync;
        await server.CallAsync("RestoreSecret", new { SecretId = "s" });
        await server.Server.RotateAsync();
        Assert.Contains(RotationStep.SetSecret, asked.Skip(2).Select(e => e.Step));
    }

    [Fact]
    public async Task Only_who_was_asked_has_a_good_rotation_token()
    {
        server.Functions.Step = async (step, ct) =>
        {
            asked.Add(step);
            if (step.Step != RotationStep.CreateSecret)
                return await WorkAsync(step, ct);
            Assert.Equal("The rotation token is invalid.", await server.FailAsync("PutSecretValue", Put(step.Token, T3), "AccessDeniedException"));
            await server.CallAsync("PutSecretValue", Put(step.Token, step.RotationToken));
            return StepResult.Succeeded;
        };
        await RotateAsync(T2);

        Assert.Equal(T2, await ReadAsync());
        await server.FailAsync("PutSecretValue", Put(T3, asked[0].RotationToken), "AccessDeniedException");
    }

    [Fact]
    public async Task A_replica_shows_the_rotation_and_does_not_run_it()
    {
        await server.CallAsync("ReplicateSecretToRegions", new { SecretId = "s", AddReplicaRegions = new[] { new { Region = "eu-west-1" } } });
        await RotateAsync(T2, new { AutomaticallyAfterDays = 1 });
        Assert.Equal(4, asked.Count);

        Assert.Equal(T2, (string?)(await server.CallAsync("GetSecretValue", new { SecretId = "s" }, "eu-west-1"))["SecretString"]);
        var replica = await server.CallAsync("DescribeSecret", new { SecretId = "s" }, "eu-west-1");
        Assert.True((bool)replica["RotationEnabled"]!);
        Assert.Equal("""["AWSCURRENT"]""", replica["VersionIdsToStages"]![T2]!.ToJsonString());
        await AdvanceAsync(TimeSpan.FromHours(2));
        Assert.Equal(4, asked.Count);
    }

    [Fact]
    public async Task Many_run_at_once_and_never_more_than_configured()
    {
        await server.CloseAsync();
        await server.OpenAsync(configure: o => o with { Rotation = new RotationOptions(Concurrency: 3, PerSecond: 1000) });
        var (now, most) = (0, 0);
        var gate = new Lock();
        server.Functions.Step = async (step, ct) =>
        {
            lock (gate)
                most = Math.Max(most, ++now);
            await Task.Yield();
            var result = await WorkAsync(step, ct);
            lock (gate)
                now--;
            return result;
        };
        for (var i = 0; i < 20; i++)
        {
            await server.CallAsync("CreateSecret", new { Name = $"many/{i}", SecretString = "x", ClientRequestToken = $"first-{i}-of-at-least-32-characters" });
            await server.CallAsync("RotateSecret", new { SecretId = $"many/{i}", RotationLambdaARN = Function, ClientRequestToken = $"token-{i}-of-at-least-32-characters" });
        }

        await server.Server.RotateAsync();

        Assert.InRange(most, 1, 3);
        Assert.Equal(20, server.Records().Count(r => (string?)r["eventName"] == "RotationSucceeded"));
    }

    [Fact]
    public async Task Each_step_can_be_read_back_and_what_the_function_wrote_by_those_alone_who_may()
    {
        server.Functions.Step = async (step, ct) => step.Step == RotationStep.SetSecret
            ? await Record(step, new StepResult("no connection", "tried 10.0.0.7"))
            : await WorkAsync(step, ct);
        await RotateAsync(T2);

        var seen = await server.Root.JsonAsync("Strongroom.ListRotationSteps", new { SecretId = "s", IncludeOutput = true });
        Assert.Equal(["setSecret", "createSecret"], seen["Steps"]!.AsArray().Select(s => (string?)s!["Step"]));
        var failed = seen["Steps"]![0]!;
        Assert.Equal((T2, 1, "no connection", "tried 10.0.0.7"), ((string?)failed["VersionId"], (int)failed["Attempt"]!, (string?)failed["Error"], (string?)failed["Output"]));
        Assert.Null(seen["Steps"]![1]!["Error"]);
        Assert.Equal((T2, "WAITING", 2, "createSecret"), (
            (string?)seen["Rotation"]!["VersionId"], (string?)seen["Rotation"]!["State"], (int)seen["Rotation"]!["Attempt"]!, (string?)seen["Rotation"]!["Step"]));
        Assert.Equal((server.Time.GetUtcNow() + TimeSpan.FromMinutes(1)).ToUnixTimeSeconds(), (long)(double)seen["DueDate"]!);

        var reader = await server.NewUserAsync("reader", Allow("strongroom:ListRotationSteps"));
        var shown = await reader.JsonAsync("Strongroom.ListRotationSteps", new { SecretId = "s" });
        Assert.Null(shown["Steps"]![0]!["Output"]);
        Assert.Contains("strongroom:GetRotationOutput", await reader.JsonFailsAsync(
            "Strongroom.ListRotationSteps", new { SecretId = "s", IncludeOutput = true }, "AccessDeniedException"), StringComparison.Ordinal);
        var nobody = await server.NewUserAsync("nobody", Allow("secretsmanager:*"));
        await nobody.JsonFailsAsync("Strongroom.ListRotationSteps", new { SecretId = "s" }, "AccessDeniedException");
    }

    // What a function written to AWS's contract does; every step can be run again.
    private async Task<StepResult> WorkAsync(RotationEvent step, CancellationToken ct)
    {
        lock (asked)
            asked.Add(step);
        if (step.Step == RotationStep.CreateSecret)
            await server.SendAsync("PutSecretValue", System.Text.Json.JsonSerializer.Serialize(Put(step.Token, step.RotationToken, step.SecretArn)));
        if (step.Step == RotationStep.FinishSecret)
        {
            var stages = (await server.CallAsync("DescribeSecret", new { SecretId = step.SecretArn }))["VersionIdsToStages"]!.AsObject();
            var current = stages.First(v => v.Value!.ToJsonString().Contains("AWSCURRENT", StringComparison.Ordinal)).Key;
            await server.CallAsync("UpdateSecretVersionStage", new { SecretId = step.SecretArn, VersionStage = "AWSCURRENT", MoveToVersionId = step.Token, RemoveFromVersionId = current });
        }

        return StepResult.Succeeded;
    }

    private static string Allow(string action) => $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"{{action}}","Resource":"*"}]}""";

    private Task<StepResult> Record(RotationEvent step, StepResult result)
    {
        asked.Add(step);
        return Task.FromResult(result);
    }

    private static object Put(string token, string proof, string secretId = "s") =>
        new { SecretId = secretId, ClientRequestToken = token, SecretString = token, VersionStages = new[] { "AWSPENDING" }, RotationToken = proof };

    private async Task RotateAsync(string token, object? rules = null, bool? immediately = null)
    {
        var parameters = new JsonObject { ["SecretId"] = "s", ["ClientRequestToken"] = token, ["RotationLambdaARN"] = Function };
        if (rules is not null)
            parameters["RotationRules"] = System.Text.Json.JsonSerializer.SerializeToNode(rules);
        if (immediately is not null)
            parameters["RotateImmediately"] = immediately;
        await server.CallAsync("RotateSecret", parameters);
        await server.Server.RotateAsync();
    }

    private async Task AdvanceAsync(TimeSpan time)
    {
        server.Time.Advance(time);
        await server.Server.RotateAsync();
    }

    private Task<JsonObject> DescribeAsync() => server.CallAsync("DescribeSecret", new { SecretId = "s" });

    private async Task<string?> ReadAsync() => (string?)(await server.CallAsync("GetSecretValue", new { SecretId = "s" }))["SecretString"];

    private IEnumerable<string?> EventsOf(string token) =>
        server.Records().Where(r => ((string?)r["requestID"])?.EndsWith($"-{token}", StringComparison.Ordinal) == true).Select(r => (string?)r["eventName"]);
}
