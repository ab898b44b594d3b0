using System.Text.Json.Nodes;
using Strongroom.Tests.Server.Kms;

namespace Strongroom.Tests.Server.Audit;

/// <summary>What the service does by itself, and what calls set off beside themselves, is recorded under CloudTrail's names. Source: IAM fact sheet 8.5.</summary>
public sealed class ServiceEventTests : IAsyncLifetime
{
    private const string West = "eu-west-1";
    private const string Function = "arn:aws:lambda:us-east-1:111122223333:function:rotate";

    private RunningServer server = null!;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task The_start_cancellation_and_end_of_a_deletion_are_recorded()
    {
        var arn = await CreateAsync();
        await server.CallAsync("DeleteSecret", new { SecretId = "s", RecoveryWindowInDays = 7 });
        CheckSecret(Single("StartSecretVersionDelete"), arn);
        await server.CallAsync("RestoreSecret", new { SecretId = "s" });
        CheckSecret(Single("CancelSecretVersionDelete"), arn);

        await server.CallAsync("DeleteSecret", new { SecretId = "s", RecoveryWindowInDays = 7 });
        await server.ReopenAtAsync(server.Time.GetUtcNow() + TimeSpan.FromDays(8));
        await UntilAsync("EndSecretVersionDelete");

        CheckSecret(Single("EndSecretVersionDelete"), arn);
    }

    [Fact]
    public async Task A_deletion_without_a_window_is_recorded_as_ended()
    {
        var arn = await CreateAsync();

        await server.CallAsync("DeleteSecret", new { SecretId = "s", ForceDeleteWithoutRecovery = true });

        CheckSecret(Single("EndSecretVersionDelete"), arn);
    }

    // Source: API fact sheet 2.5: beyond a hundred, versions without labels that are older than a day go, oldest first.
    [Fact]
    public async Task Each_version_that_is_pruned_is_recorded_in_every_region()
    {
        var arn = await CreateAsync(Version(0));
        await server.CallAsync("ReplicateSecretToRegions", new { SecretId = "s", AddReplicaRegions = new[] { new { Region = West } } });
        // The latest two have labels, a hundred may stay without.
        for (var i = 1; i <= 101; i++)
        {
            server.Time.Advance(TimeSpan.FromHours(1));
            await PutAsync(i);
        }

        Assert.Empty(Events("EndSecretVersionDelete"));
        await PutAsync(102);
        await PutAsync(103);

        var pruned = Events("EndSecretVersionDelete").ToList();
        Assert.Equal(
            [("us-east-1", Version(0)), (West, Version(0)), ("us-east-1", Version(1)), (West, Version(1))],
            pruned.Select(r => ((string)r["awsRegion"]!, (string)r["additionalEventData"]!["SecretVersionId"]!)));
        CheckSecret(pruned[0], arn);
        var kept = await server.CallAsync("ListSecretVersionIds", new { SecretId = "s", IncludeDeprecated = true, MaxResults = 100 });
        var more = await server.CallAsync("ListSecretVersionIds", new { SecretId = "s", IncludeDeprecated = true, MaxResults = 100, NextToken = (string?)kept["NextToken"] });
        var ids = kept["Versions"]!.AsArray().Concat(more["Versions"]!.AsArray()).Select(v => (string?)v!["VersionId"]).ToList();
        Assert.Equal(102, ids.Count);
        Assert.DoesNotContain(Version(0), ids);
        Assert.DoesNotContain(Version(1), ids);
        Assert.Contains(Version(2), ids);
    }

    [Fact]
    public async Task Rotations_are_recorded_under_the_id_of_their_secret_and_version()
    {
        var arn = await CreateAsync();
        server.Functions.Reachable.Add(Function);
        var token = Version(7);

        await server.CallAsync("RotateSecret", new { SecretId = "s", ClientRequestToken = token, RotationLambdaARN = Function });
        CheckSecret(Single("RotationStarted"), arn, $"Rotation-{arn}-{token}");
        await server.CallAsync("CancelRotateSecret", new { SecretId = "s" });
        CheckSecret(Single("RotationAbandoned"), arn, $"Rotation-{arn}-{token}");
    }

    [Fact]
    public async Task Replication_that_fails_and_succeeds_again_is_recorded_where_the_replica_is()
    {
        var arn = await CreateAsync();
        var key = await server.Root.NewKeyAsync(region: West);
        await server.CallAsync("ReplicateSecretToRegions", new { SecretId = "s", AddReplicaRegions = new[] { new { Region = West, KmsKeyId = KmsClient.KeyArn(key, West) } } });
        await server.Root.KmsAsync("DisableKey", new { KeyId = key }, West);

        await PutAsync(1);
        CheckSecret(Single("ReplicationFailed"), arn.Replace("us-east-1", West, StringComparison.Ordinal), region: West);
        await server.Root.KmsAsync("EnableKey", new { KeyId = key }, West);
        Assert.Equal(1, await server.Server.Replication.RunAsync(Ct));
        CheckSecret(Single("ReplicationSucceeded"), arn.Replace("us-east-1", West, StringComparison.Ordinal), region: West);
    }

    // Source: KMS Developer Guide, CloudTrail examples RotateKey and DeleteKey.
    [Fact]
    public async Task The_rotation_and_the_end_of_a_key_are_recorded_by_KMS()
    {
        var rotated = await server.Root.NewKeyAsync();
        await server.Root.KmsAsync("EnableKeyRotation", new { KeyId = rotated, RotationPeriodInDays = 90 });
        var deleted = await server.Root.NewKeyAsync();
        await server.Root.KmsAsync("ScheduleKeyDeletion", new { KeyId = deleted, PendingWindowInDays = 7 });

        await server.ReopenAtAsync(server.Time.GetUtcNow() + TimeSpan.FromDays(8));
        await UntilAsync("DeleteKey");
        CheckKey(Single("DeleteKey"), deleted);
        await server.ReopenAtAsync(server.Time.GetUtcNow() + TimeSpan.FromDays(83));
        await UntilAsync("RotateKey");
        CheckKey(Single("RotateKey"), rotated);
    }

    private static string Version(int n) => $"00000000-0000-4000-8000-{n:D12}";

    private async Task<string> CreateAsync(string? token = null) =>
        (string)(await server.CallAsync("CreateSecret", new { Name = "s", ClientRequestToken = token ?? Version(0), SecretString = "x" }))["ARN"]!;

    private Task<JsonObject> PutAsync(int n) => server.CallAsync("PutSecretValue", new { SecretId = "s", ClientRequestToken = Version(n), SecretString = "v" + n });

    private IEnumerable<JsonObject> Events(string name) => server.Records().Where(r => (string?)r["eventName"] == name);

    private JsonObject Single(string name) => Assert.Single(Events(name));

    // The job runs on the test's clock, but on a thread of its own.
    private Task UntilAsync(string name) => Eventually.ComesAsync($"a record of {name}", () => Events(name).Any(), () => server.Time.Advance(TimeSpan.FromSeconds(30)));

    private static void CheckSecret(JsonObject record, string arn, string? requestId = null, string region = "us-east-1")
    {
        Assert.Equal(arn, (string?)record["additionalEventData"]!["SecretId"]);
        Assert.Equal(requestId, (string?)record["requestID"]);
        Check(record, "secretsmanager.amazonaws.com", "secretsmanager.amazonaws.com", region);
    }

    private static void CheckKey(JsonObject record, string key)
    {
        var resource = Assert.Single(record["resources"]!.AsArray())!;
        Assert.Equal((KmsClient.KeyArn(key), "AWS::KMS::Key"), ((string?)resource["ARN"], (string?)resource["type"]));
        Assert.Equal(key, (string?)record["serviceEventDetails"]!["keyId"]);
        Check(record, "kms.amazonaws.com", "AWS Internal", "us-east-1");
    }

    private static void Check(JsonObject record, string source, string actor, string region)
    {
        Assert.Equal($$"""{"accountId":"111122223333","invokedBy":"{{actor}}"}""", record["userIdentity"]!.ToJsonString());
        Assert.Equal((source, region, actor, actor), ((string?)record["eventSource"], (string?)record["awsRegion"], (string?)record["sourceIPAddress"], (string?)record["userAgent"]));
        Assert.True(record.ContainsKey("requestParameters"));
        Assert.Null(record["requestParameters"]);
        Assert.Null(record["responseElements"]);
        Assert.Equal(("AwsServiceEvent", false, true, "111122223333", "Management"),
            ((string?)record["eventType"], (bool?)record["readOnly"], (bool?)record["managementEvent"], (string?)record["recipientAccountId"], (string?)record["eventCategory"]));
    }
}
