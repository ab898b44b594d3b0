using System.Text.Json.Nodes;
using Strongroom.Tests.Server.Kms;
using static Strongroom.Tests.Server.Kms.KmsClient;
using static Strongroom.Tests.Server.Sts.Identities;

namespace Strongroom.Tests.Server.SecretsManager;

/// <summary>
/// Replicas whose KMS key can't be used. Source: Secrets Manager User Guide, "Troubleshoot replication": DescribeSecret and CloudTrail tell, versions that
/// were replicated remain, replication can be retried; service model, ReplicationStatusType.
/// </summary>
public sealed class LaggingReplicaTests : IAsyncLifetime
{
    private const string West = "us-west-2";
    private const string Unusable = "Replication failed: the KMS key can't be used. Check that it exists in the Region, is enabled, and not in an invalid state.";
    private const string Denied = "Replication failed: access to the KMS key is not allowed. It needs kms:GenerateDataKey and kms:Decrypt.";

    private RunningServer server = null!;
    private string key = null!;
    private string arn = null!;

    private TestClient Root => server.Root;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        key = await Root.NewKeyAsync(region: West);
        await Root.KmsAsync("CreateAlias", new { AliasName = "alias/west", TargetKeyId = key }, West);
        arn = (string)(await server.CallAsync("CreateSecret", new
        {
            Name = "s",
            SecretString = "one",
            ClientRequestToken = Token(1),
            AddReplicaRegions = new[] { new { Region = West, KmsKeyId = "alias/west" } },
        }))["ARN"]!;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_write_succeeds_the_replica_stays_behind_and_catches_up_by_itself_when_its_key_is_back()
    {
        await Root.KmsAsync("DisableKey", new { KeyId = key }, West);
        await PutAsync(Root, 2, "two");
        await PutAsync(Root, 3, "three");

        Assert.Equal("three", await ReadAsync("us-east-1"));
        Assert.Equal(("Failed", Unusable), await StatusAsync());

        // What waits outlives the server.
        await server.CloseAsync();
        await server.OpenAsync();
        Assert.Equal(0, await server.Server.Replication.RunAsync(CancellationToken.None));
        Assert.Equal(("Failed", Unusable), await StatusAsync());
        await Root.KmsAsync("EnableKey", new { KeyId = key }, West);
        Assert.Equal("one", await ReadAsync(West));
        var changed = (decimal)(await DescribeAsync("us-east-1"))["LastChangedDate"]!;
        Assert.Equal(1, await server.Server.Replication.RunAsync(CancellationToken.None));

        Assert.Equal("three", await ReadAsync(West));
        Assert.Equal("two", (string?)(await server.CallAsync("GetSecretValue", new { SecretId = "s", VersionStage = "AWSPREVIOUS" }, West))["SecretString"]);
        Assert.Equal(("InSync", "Replication succeeded"), await StatusAsync());
        Assert.Equal(changed, (decimal)(await DescribeAsync("us-east-1"))["LastChangedDate"]!);
        Assert.Equal(0, await server.Server.Replication.RunAsync(CancellationToken.None));
        Assert.Equal(["ReplicationFailed", "ReplicationSucceeded"], Events());
    }

    [Fact]
    public async Task The_next_write_brings_it_up_too()
    {
        await Root.KmsAsync("DisableKey", new { KeyId = key }, West);
        await PutAsync(Root, 2, "two");
        await Root.KmsAsync("EnableKey", new { KeyId = key }, West);

        await server.CallAsync("TagResource", new { SecretId = "s", Tags = new[] { new { Key = "team", Value = "a" } } });

        Assert.Equal(("InSync", "Replication succeeded"), await StatusAsync());
        Assert.Equal("two", await ReadAsync(West));
        Assert.Equal("one", (string?)(await server.CallAsync("GetSecretValue", new { SecretId = "s", VersionStage = "AWSPREVIOUS" }, West))["SecretString"]);
        Assert.Equal(["ReplicationFailed", "ReplicationSucceeded"], Events());
    }

    [Fact]
    public async Task Tags_and_policy_follow_although_the_values_can_not()
    {
        await Root.KmsAsync("DisableKey", new { KeyId = key }, West);
        await PutAsync(Root, 2, "two");
        var policy = """{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"secretsmanager:GetSecretValue","Resource":"*"}}""";
        await server.CallAsync("PutResourcePolicy", new { SecretId = "s", ResourcePolicy = policy });
        await server.CallAsync("TagResource", new { SecretId = "s", Tags = new[] { new { Key = "team", Value = "a" } } });

        var replica = await DescribeAsync(West);
        Assert.Equal("team", (string?)replica["Tags"]![0]!["Key"]);
        Assert.Equal([Token(1)], replica["VersionIdsToStages"]!.AsObject().Select(version => version.Key));
        await server.FailAsync("GetSecretValue", new { SecretId = "s" }, "AccessDeniedException", West);
        Assert.Equal(["ReplicationFailed"], Events());
    }

    [Fact]
    public async Task Who_may_not_use_the_replicas_key_writes_the_primary_alone_and_nothing_is_done_behind_their_back()
    {
        var writer = await server.NewUserAsync("writer", Allow("secretsmanager:*"));
        await PutAsync(writer, 2, "two");

        Assert.Equal(("Failed", Denied), await StatusAsync());
        Assert.Equal("one", await ReadAsync(West));
        Assert.Contains(server.Records(), r => (string?)r["eventName"] == "GenerateDataKey" && (string?)r["errorCode"] == "AccessDenied" && (string?)r["resources"]?[0]?["ARN"] == KeyArn(key, West));
        Assert.Equal(0, await server.Server.Replication.RunAsync(CancellationToken.None));
        await PutAsync(writer, 3, "three");
        Assert.Equal(("Failed", Denied), await StatusAsync());

        await PutAsync(Root, 4, "four");
        Assert.Equal(("InSync", "Replication succeeded"), await StatusAsync());
        Assert.Equal("four", await ReadAsync(West));
        Assert.Equal("three", (string?)(await server.CallAsync("GetSecretValue", new { SecretId = "s", VersionStage = "AWSPREVIOUS" }, West))["SecretString"]);
    }

    [Fact]
    public async Task The_wait_is_for_the_key_that_was_allowed_and_not_for_another_under_its_alias()
    {
        var other = await Root.NewKeyAsync(region: West);
        await Root.KmsAsync("DisableKey", new { KeyId = key }, West);
        await PutAsync(Root, 2, "two");
        await Root.KmsAsync("UpdateAlias", new { AliasName = "alias/west", TargetKeyId = other }, West);

        Assert.Equal(0, await server.Server.Replication.RunAsync(CancellationToken.None));
        Assert.Equal("Failed", (await StatusAsync()).Status);

        // Who may use the other key brings the replica under it.
        await ReplicateAsync("alias/west");
        Assert.Equal("InSync", (await StatusAsync()).Status);
        Assert.Equal("two", await ReadAsync(West));
    }

    [Fact]
    public async Task The_primarys_key_has_to_work_as_well()
    {
        var eastern = await Root.NewKeyAsync();
        await server.CallAsync("UpdateSecret", new { SecretId = "s", KmsKeyId = eastern });
        await Root.KmsAsync("DisableKey", new { KeyId = key }, West);
        await PutAsync(Root, 2, "two");
        await Root.KmsAsync("EnableKey", new { KeyId = key }, West);
        await Root.KmsAsync("DisableKey", new { KeyId = eastern });

        Assert.Equal(0, await server.Server.Replication.RunAsync(CancellationToken.None));
        Assert.Equal("one", await ReadAsync(West));

        await Root.KmsAsync("EnableKey", new { KeyId = eastern });
        Assert.Equal(1, await server.Server.Replication.RunAsync(CancellationToken.None));
        Assert.Equal("two", await ReadAsync(West));
    }

    [Fact]
    public async Task A_replica_that_never_came_to_be_comes_with_its_key_unless_its_name_was_taken()
    {
        const string North = "eu-north-1";
        var northern = await Root.NewKeyAsync(region: North);
        await Root.KmsAsync("DisableKey", new { KeyId = northern }, North);
        await ReplicateAsync(northern, North);
        Assert.Equal(("Failed", Unusable), await StatusAsync(North));
        await server.FailAsync("DescribeSecret", new { SecretId = "s" }, "ResourceNotFoundException", North);
        Assert.Equal(["ReplicationFailed"], Events(North));

        await server.CallAsync("CreateSecret", new { Name = "s", SecretString = "other", ClientRequestToken = Token(9) }, North);
        await Root.KmsAsync("EnableKey", new { KeyId = northern }, North);
        Assert.Equal(1, await server.Server.Replication.RunAsync(CancellationToken.None));
        Assert.Equal(("Failed", $"Replication failed: Secret name s already exists in region {North}."), await StatusAsync(North));
        Assert.Equal("other", await ReadAsync(North));

        await server.CallAsync("DeleteSecret", new { SecretId = "s", ForceDeleteWithoutRecovery = true }, North);
        await Root.KmsAsync("DisableKey", new { KeyId = northern }, North);
        await ReplicateAsync(northern, North);
        await Root.KmsAsync("EnableKey", new { KeyId = northern }, North);
        Assert.Equal(1, await server.Server.Replication.RunAsync(CancellationToken.None));
        Assert.Equal(("InSync", "Replication succeeded"), await StatusAsync(North));
        Assert.Equal("one", await ReadAsync(North));
    }

    [Fact]
    public async Task The_server_looks_by_itself()
    {
        await Root.KmsAsync("DisableKey", new { KeyId = key }, West);
        await PutAsync(Root, 2, "two");
        await Root.KmsAsync("EnableKey", new { KeyId = key }, West);

        await Eventually.ComesAsync("a replica that follows", () => Events().Contains("ReplicationSucceeded"), () => server.Time.Advance(TimeSpan.FromSeconds(30)));

        Assert.Equal("two", await ReadAsync(West));
    }

    private Task<JsonObject> DescribeAsync(string region) => server.CallAsync("DescribeSecret", new { SecretId = "s" }, region);

    private async Task<(string? Status, string? Message)> StatusAsync(string region = West)
    {
        var status = (await DescribeAsync("us-east-1"))["ReplicationStatus"]!.AsArray().Single(s => (string?)s!["Region"] == region)!;
        return ((string?)status["Status"], (string?)status["StatusMessage"]);
    }

    private async Task<string?> ReadAsync(string region) => (string?)(await server.CallAsync("GetSecretValue", new { SecretId = "s" }, region))["SecretString"];

    private Task PutAsync(TestClient client, int token, string value) =>
        client.JsonAsync("secretsmanager.PutSecretValue", new { SecretId = "s", SecretString = value, ClientRequestToken = Token(token) });

    private Task ReplicateAsync(string keyId, string region = West) =>
        server.CallAsync("ReplicateSecretToRegions", new { SecretId = "s", AddReplicaRegions = new[] { new { Region = region, KmsKeyId = keyId } } });

    private IEnumerable<string> Events(string region = West) => server.Records()
        .Where(r => (string?)r["additionalEventData"]?["SecretId"] == arn.Replace("us-east-1", region, StringComparison.Ordinal) && (string?)r["awsRegion"] == region)
        .Select(r => (string)r["eventName"]!);

    private static string Token(int number) => $"{number:00000000}-0000-4000-8000-000000000000";
}
