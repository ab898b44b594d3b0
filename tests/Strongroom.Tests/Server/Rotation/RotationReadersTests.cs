using System.Text.Json.Nodes;
using Strongroom.Server.Audit.Lookup;
using Strongroom.Server.Rotation;
using Strongroom.Tests.Server.Kms;
using Strongroom.Tests.Server.Sts;

namespace Strongroom.Tests.Server.Rotation;

/// <summary>Who has which version, and rotations that wait for them: docs/rotation.md, "Waiting for readers".</summary>
public sealed class RotationReadersTests : IAsyncLifetime
{
    private const string T1 = "11111111-1111-4111-8111-111111111111";
    private const string T2 = "22222222-2222-4222-8222-222222222222";
    private const string T3 = "33333333-3333-4333-8333-333333333333";
    private const string Function = "arn:aws:lambda:us-east-1:111122223333:function:rotate";
    private const string User = "arn:aws:iam::111122223333:user/";

    private RunningServer server = null!;
    private TestClient function = null!;
    private TestClient app = null!;
    private readonly List<RotationStep> asked = [];

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        await server.CallAsync("CreateSecret", new { Name = "s", ClientRequestToken = T1, SecretString = "one" });
        function = await server.NewUserAsync("function", Identities.Allow("secretsmanager:*"));
        app = await server.NewUserAsync("app", Identities.Allow("secretsmanager:*"), Identities.Allow("sts:*"));
        server.Functions.Reachable.Add(Function);
        server.Functions.Step = WorkAsync;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_reader_is_on_the_version_that_was_current_when_it_read()
    {
        var old = await server.NewUserAsync("old", Identities.Allow("secretsmanager:*"));
        await ReadAsync(old);
        await RotateAsync(T2);
        await ReadAsync(app);
        var batch = await server.NewUserAsync("batch", Identities.Allow("secretsmanager:*"));
        await batch.JsonAsync("secretsmanager.BatchGetSecretValue", new { SecretIdList = new[] { "s" } });
        await RotateAsync(T3);
        server.Time.Advance(TimeSpan.FromMinutes(1));
        var late = await server.NewUserAsync("late", Identities.Allow("secretsmanager:*"));
        await ReadAsync(late);

        var answer = await ListAsync();
        Assert.Equal(
            [("app", "PREVIOUS"), ("batch", "PREVIOUS"), ("late", "CURRENT"), ("old", "OLDER")], Readers(answer));
        Assert.Equal(User + "late", (string?)answer["Readers"]![0]!["Principal"]);
        Assert.Equal(server.Time.GetUtcNow().ToUnixTimeSeconds(), (long)(double)answer["Readers"]![0]!["LastReadDate"]!);
        Assert.False((bool)answer["IsTruncated"]!);
    }

    [Fact]
    public async Task What_it_asked_for_by_id_or_label_counts_for_what_it_is()
    {
        await RotateAsync(T2);
        foreach (var (name, what) in new (string, object)[]
        {
            ("by-id", new { SecretId = "s", VersionId = T1 }), ("current-id", new { SecretId = "s", VersionId = T2 }),
            ("previous", new { SecretId = "s", VersionStage = "AWSPREVIOUS" }), ("current", new { SecretId = "s", VersionStage = "AWSCURRENT" }),
        })
            await (await server.NewUserAsync(name, Identities.Allow("secretsmanager:*"))).JsonAsync("secretsmanager.GetSecretValue", what);

        Assert.Equal([("by-id", "PREVIOUS"), ("current", "CURRENT"), ("current-id", "CURRENT"), ("previous", "PREVIOUS")], Readers(await ListAsync()));
    }

    [Fact]
    public async Task Values_put_by_hand_make_readers_late_too_and_what_got_nothing_is_no_reader()
    {
        await ReadAsync(app);
        var nobody = await server.NewUserAsync("nobody", Identities.Allow("secretsmanager:BatchGetSecretValue"));
        await nobody.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = "s" }, "AccessDeniedException");
        await nobody.JsonAsync("secretsmanager.BatchGetSecretValue", new { SecretIdList = new[] { "s" } });
        await server.CallAsync("UpdateSecret", new { SecretId = "s", ClientRequestToken = T3, Description = "no value" });
        Assert.Equal([("app", "CURRENT")], Readers(await ListAsync()));

        await server.CallAsync("UpdateSecret", new { SecretId = "s", ClientRequestToken = T2, SecretString = "two" });
        Assert.Equal([("app", "PREVIOUS")], Readers(await ListAsync()));
        await server.CallAsync("PutSecretValue", new { SecretId = "s", ClientRequestToken = T3, SecretString = "three" });
        Assert.Equal([("app", "OLDER")], Readers(await ListAsync()));
    }

    [Fact]
    public async Task Sessions_of_a_role_are_one_reader_and_old_reads_are_not_listed()
    {
        await server.PutAsync(Identities.Role("web", Identities.Trust(User + "app"), Identities.Allow("secretsmanager:*")));
        await ReadAsync(await server.AssumeAsync(app, "web"));
        await RotateAsync(T2);
        await ReadAsync(await server.AssumeAsync(app, "web"));

        var reader = Assert.Single((await ListAsync())["Readers"]!.AsArray());
        Assert.Equal((Identities.RoleArn("web"), "CURRENT"), ((string?)reader!["Principal"], (string?)reader["Version"]));
        await server.ReopenAtAsync(server.Time.GetUtcNow().AddDays(2));
        Assert.Empty((await ListAsync(days: 1))["Readers"]!.AsArray());
        Assert.Single((await ListAsync(days: 3))["Readers"]!.AsArray());
    }

    [Fact]
    public async Task Another_secret_of_that_name_or_account_is_not_meant()
    {
        await server.CallAsync("CreateSecret", new { Name = "s2", SecretString = "x", ClientRequestToken = T3 });
        await app.JsonAsync("secretsmanager.GetSecretValue", new { SecretId = "s2" });
        await app.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = "s" }, "ResourceNotFoundException", "eu-west-1");

        Assert.Empty((await ListAsync())["Readers"]!.AsArray());
    }

    [Fact]
    public async Task Other_accounts_read_by_ARN_and_their_own_secret_of_the_name_is_another()
    {
        var made = await server.Root.JsonAsync("Strongroom.CreateAccount", new { AccountId = Identities.Other });
        var other = new TestClient(server, (string)made["AccessKey"]!["AccessKeyId"]!, (string)made["AccessKey"]!["SecretAccessKey"]!);
        await other.JsonAsync("secretsmanager.CreateSecret", new { Name = "s", ClientRequestToken = T1, SecretString = "theirs" });
        await ReadAsync(other);
        Assert.Empty((await ListAsync())["Readers"]!.AsArray());

        var key = await server.Root.NewKeyAsync(new
        {
            Policy = $$"""
                {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::{{RunningServer.Account}}:root","arn:aws:iam::{{Identities.Other}}:root"]},
                "Action":"kms:*","Resource":"*"}]}
                """,
        });
        await server.CallAsync("UpdateSecret", new { SecretId = "s", KmsKeyId = KmsClient.KeyArn(key), ClientRequestToken = T2, SecretString = "two" });
        await server.CallAsync("PutResourcePolicy", new { SecretId = "s", ResourcePolicy = $$"""
            {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::{{Identities.Other}}:root"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}]}
            """ });
        var arn = (string)(await server.CallAsync("DescribeSecret", new { SecretId = "s" }))["ARN"]!;
        await other.JsonAsync("secretsmanager.GetSecretValue", new { SecretId = arn });
        Assert.Equal($"arn:aws:iam::{Identities.Other}:root", (string?)Assert.Single((await ListAsync())["Readers"]!.AsArray())!["Principal"]);
    }

    [Fact]
    public async Task Reads_of_replicas_and_by_filter_and_by_a_part_of_the_ARN_count()
    {
        var arn = (string)(await server.CallAsync("DescribeSecret", new { SecretId = "s" }))["ARN"]!;
        await server.CallAsync("ReplicateSecretToRegions", new { SecretId = "s", AddReplicaRegions = new[] { new { Region = "eu-west-1" } } });
        foreach (var (name, target, what, region) in new (string, string, object, string)[]
        {
            ("far", "GetSecretValue", new { SecretId = "s" }, "eu-west-1"), ("part", "GetSecretValue", new { SecretId = arn[..^7] }, "us-east-1"),
            ("filter", "BatchGetSecretValue", new { Filters = new[] { new { Key = "name", Values = new[] { "s" } } } }, "us-east-1"),
        })
            await (await server.NewUserAsync(name, Identities.Allow("secretsmanager:*"))).JsonAsync("secretsmanager." + target, what, region);
        await RotateAsync(T2);

        Assert.Equal([("far", "PREVIOUS"), ("filter", "PREVIOUS"), ("part", "PREVIOUS")], Readers(await ListAsync()));
    }

    [Fact]
    public async Task No_more_of_the_log_is_read_than_is_set_and_it_says_so()
    {
        var (old, late) = (await server.NewUserAsync("old", Identities.Allow("secretsmanager:*")), await server.NewUserAsync("late", Identities.Allow("secretsmanager:*")));
        foreach (var who in new[] { old, app, late })
            await ReadAsync(who);
        var secret = await server.Server.Secrets.FindAsync(RunningServer.Account, "us-east-1", "s", CancellationToken.None);
        using var indexes = new AuditIndexes(Path.Combine(server.Data, "audit"), mayWrite: false);

        var two = new RotationReaders(new AuditLookup(indexes), maxEvents: 2).Find(secret!, DateTimeOffset.UnixEpoch, CancellationToken.None);
        Assert.True(two.IsTruncated);
        Assert.Equal(["app", "late"], two.All.Select(reader => reader.Principal[User.Length..]).Order());
        var three = new RotationReaders(new AuditLookup(indexes), maxEvents: 3).Find(secret!, DateTimeOffset.UnixEpoch, CancellationToken.None);
        Assert.False(three.IsTruncated);
        Assert.Equal(3, three.All.Count);
    }

    [Fact]
    public async Task Who_has_a_version_that_is_useless_already_is_not_waited_for()
    {
        await ReadAsync(app);
        await RotateAsync(T2);
        await RotateAsync(T3);
        await HoldAsync("24h");
        asked.Clear();

        await RotateAsync("44444444-4444-4444-8444-444444444444");
        Assert.Equal(4, asked.Count);
        Assert.Equal([("app", "OLDER")], Readers(await ListAsync()));
    }

    [Fact]
    public async Task A_rotation_that_waits_goes_on_waiting_after_a_restart()
    {
        await HoldAsync("24h");
        await ReadAsync(app);
        await RotateAsync(T2);
        await RotateAsync(T3);
        asked.Clear();

        await server.CloseAsync();
        await server.OpenAsync();
        await AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Empty(asked);
        Assert.Equal(1, Events().Count(e => e == "RotationHeld"));
        await ReadAsync(app);
        await AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(4, asked.Count);
    }

    [Fact]
    public async Task A_test_of_the_function_waits_for_nobody()
    {
        await HoldAsync("24h");
        await ReadAsync(app);
        await RotateAsync(T2);
        asked.Clear();

        await server.CallAsync("RotateSecret", new { SecretId = "s", ClientRequestToken = T3, RotationLambdaARN = Function, RotateImmediately = false, RotationRules = new { AutomaticallyAfterDays = 30 } });
        await server.Server.RotateAsync();
        Assert.Equal([RotationStep.TestSecret], asked);
    }

    [Fact]
    public async Task Only_who_may_list_readers_is_told()
    {
        var auditor = await server.NewUserAsync("auditor", Identities.Allow("strongroom:ListRotationReaders"));
        await auditor.JsonAsync("Strongroom.ListRotationReaders", new { SecretId = "s" });
        await app.JsonFailsAsync("Strongroom.ListRotationReaders", new { SecretId = "s" }, "AccessDeniedException");
        await auditor.JsonFailsAsync("Strongroom.ListRotationReaders", new { SecretId = "s", Days = 0 }, "ValidationException");
    }

    [Fact]
    public async Task With_the_tag_a_rotation_waits_until_the_readers_have_the_current_version()
    {
        await HoldAsync("24h");
        await ReadAsync(app);
        await RotateAsync(T2); // nobody has an older one: it goes on
        Assert.Equal(4, asked.Count);
        asked.Clear();

        await RotateAsync(T3);
        await AdvanceAsync(TimeSpan.FromHours(3));
        Assert.Empty(asked);
        var seen = await server.Root.JsonAsync("Strongroom.ListRotationSteps", new { SecretId = "s" });
        Assert.Equal(("HELD", 1, 1), ((string?)seen["Rotation"]!["State"], (int)seen["Rotation"]!["AwaitedReaders"]!, (int)seen["Rotation"]!["Attempt"]!));
        Assert.Equal((server.Time.GetUtcNow() + TimeSpan.FromMinutes(1)).ToUnixTimeSeconds(), (long)(double)seen["DueDate"]!);
        Assert.Equal(1, Events().Count(e => e == "RotationHeld"));

        Assert.Equal(T2, await ReadAsync(app));
        await AdvanceAsync(TimeSpan.FromSeconds(59));
        Assert.Empty(asked);
        await AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal([RotationStep.CreateSecret, RotationStep.SetSecret, RotationStep.TestSecret, RotationStep.FinishSecret], asked);
        Assert.Null((await server.Root.JsonAsync("Strongroom.ListRotationSteps", new { SecretId = "s" }))["Rotation"]);
    }

    [Fact]
    public async Task It_waits_no_longer_than_the_tag_says()
    {
        await HoldAsync("2h");
        await ReadAsync(app);
        await RotateAsync(T2);
        asked.Clear();
        await RotateAsync(T3);

        await AdvanceAsync(TimeSpan.FromMinutes(119));
        Assert.Empty(asked);
        await AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(4, asked.Count);
    }

    [Fact]
    public async Task Without_the_tag_and_after_it_is_taken_off_nobody_is_waited_for()
    {
        await ReadAsync(app);
        await RotateAsync(T2);
        asked.Clear();
        await HoldAsync("30d");
        await RotateAsync(T3);
        Assert.Empty(asked);

        await server.CallAsync("UntagResource", new { SecretId = "s", TagKeys = new[] { RotationReaders.Tag } });
        await RotateAsync(T3); // asked for again, it looks at once
        Assert.Equal(4, asked.Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("h")]
    [InlineData("0h")]
    [InlineData("024h")]
    [InlineData("24")]
    [InlineData("24 h")]
    [InlineData("-1d")]
    [InlineData("1.5h")]
    [InlineData("24H")]
    [InlineData("90m")]
    [InlineData("31d")]
    [InlineData("721h")]
    [InlineData("٣d")]
    public async Task A_tag_that_is_no_such_time_fails_the_rotation_and_says_so(string value)
    {
        await HoldAsync(value);
        await RotateAsync(T2);

        Assert.Empty(asked);
        var step = (await server.Root.JsonAsync("Strongroom.ListRotationSteps", new { SecretId = "s" }))["Steps"]![0]!;
        Assert.Equal(
            ("createSecret", "The tag strongroom:rotation-readers must be a number of hours or days, such as 24h or 7d, at most 30d."),
            ((string?)step["Step"], (string?)step["Error"]));
        Assert.Contains("RotationFailed", Events());
    }

    private Task HoldAsync(string value) =>
        server.CallAsync("TagResource", new { SecretId = "s", Tags = new[] { new { Key = RotationReaders.Tag, Value = value } } });

    private async Task<StepResult> WorkAsync(RotationEvent step, CancellationToken ct)
    {
        asked.Add(step.Step);
        if (step.Step == RotationStep.CreateSecret)
        {
            await function.JsonAsync("secretsmanager.GetSecretValue", new { SecretId = step.SecretArn });
            await function.JsonAsync("secretsmanager.PutSecretValue", new
            {
                SecretId = step.SecretArn, ClientRequestToken = step.Token, SecretString = step.Token, VersionStages = new[] { "AWSPENDING" }, step.RotationToken,
            });
        }

        if (step.Step == RotationStep.FinishSecret)
        {
            var stages = (await server.CallAsync("DescribeSecret", new { SecretId = step.SecretArn }))["VersionIdsToStages"]!.AsObject();
            var current = stages.First(v => v.Value!.ToJsonString().Contains("AWSCURRENT", StringComparison.Ordinal)).Key;
            await function.JsonAsync(
                "secretsmanager.UpdateSecretVersionStage",
                new { SecretId = step.SecretArn, VersionStage = "AWSCURRENT", MoveToVersionId = step.Token, RemoveFromVersionId = current });
        }

        return StepResult.Succeeded;
    }

    private async Task RotateAsync(string token)
    {
        await server.CallAsync("RotateSecret", new { SecretId = "s", ClientRequestToken = token, RotationLambdaARN = Function });
        await server.Server.RotateAsync();
    }

    private async Task AdvanceAsync(TimeSpan time)
    {
        server.Time.Advance(time);
        await server.Server.RotateAsync();
    }

    private static async Task<string?> ReadAsync(TestClient who) => (string?)(await who.JsonAsync("secretsmanager.GetSecretValue", new { SecretId = "s" }))["SecretString"];

    private Task<JsonObject> ListAsync(int days = 30) => server.Root.JsonAsync("Strongroom.ListRotationReaders", new { SecretId = "s", Days = days });

    private static IEnumerable<(string, string)> Readers(JsonObject answer) => answer["Readers"]!.AsArray()
        .Select(reader => (((string)reader!["Principal"]!).Split('/')[^1], (string)reader["Version"]!)).Order();

    private IEnumerable<string?> Events() => server.Records().Select(record => (string?)record["eventName"]);
}
