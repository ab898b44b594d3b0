using System.Text.Json.Nodes;

namespace Strongroom.Tests.Server.SecretsManager;

/// <summary>Source: API fact sheet, section 8.</summary>
public sealed class ReplicationTests : IAsyncLifetime
{
    private const string T1 = "11111111-1111-4111-8111-111111111111";
    private const string T2 = "22222222-2222-4222-8222-222222222222";
    private const string West = "eu-west-1";

    private RunningServer server = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        await server.CallAsync("CreateSecret", new
        {
            Name = "s",
            ClientRequestToken = T1,
            SecretString = "one",
            Tags = new[] { new { Key = "team", Value = "a" } },
            AddReplicaRegions = new[] { new { Region = West } },
        });
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_replica_has_the_primarys_ARN_in_its_own_region()
    {
        var primary = await DescribeAsync("us-east-1");
        var replica = await DescribeAsync(West);

        Assert.Equal(((string)primary["ARN"]!).Replace("us-east-1", West, StringComparison.Ordinal), (string?)replica["ARN"]);
        Assert.Equal("us-east-1", (string?)primary["PrimaryRegion"]);
        Assert.Equal("us-east-1", (string?)replica["PrimaryRegion"]);
        var status = Assert.Single(primary["ReplicationStatus"]!.AsArray())!;
        Assert.Equal((West, "InSync", "alias/aws/secretsmanager"), ((string)status["Region"]!, (string)status["Status"]!, (string)status["KmsKeyId"]!));
        Assert.Null(replica["ReplicationStatus"]);
    }

    [Fact]
    public async Task A_replica_follows_value_labels_tags_description_and_policy()
    {
        await server.CallAsync("PutSecretValue", new { SecretId = "s", ClientRequestToken = T2, SecretString = "two" });
        await server.CallAsync("UpdateSecret", new { SecretId = "s", Description = "what it is for" });
        await server.CallAsync("TagResource", new { SecretId = "s", Tags = new[] { new { Key = "env", Value = "prod" } } });
        await server.CallAsync("PutResourcePolicy", new { SecretId = "s", ResourcePolicy = Policy });

        Assert.Equal("two", (string?)(await server.CallAsync("GetSecretValue", new { SecretId = "s" }, West))["SecretString"]);
        Assert.Equal("one", (string?)(await server.CallAsync("GetSecretValue", new { SecretId = "s", VersionStage = "AWSPREVIOUS" }, West))["SecretString"]);
        var (primary, replica) = (await DescribeAsync("us-east-1"), await DescribeAsync(West));
        foreach (var member in new[] { "Description", "Tags", "VersionIdsToStages" })
            Assert.Equal(primary[member]!.ToJsonString(), replica[member]!.ToJsonString());
        Assert.Equal(Policy, (string?)(await server.CallAsync("GetResourcePolicy", new { SecretId = "s" }, West))["ResourcePolicy"]);
    }

    [Theory]
    [InlineData("UpdateSecret", """{"SecretId":"s","Description":"x"}""")]
    [InlineData("PutSecretValue", """{"SecretId":"s","SecretString":"x","ClientRequestToken":"22222222-2222-4222-8222-222222222222"}""")]
    [InlineData("UpdateSecretVersionStage", """{"SecretId":"s","VersionStage":"X","MoveToVersionId":"11111111-1111-4111-8111-111111111111"}""")]
    [InlineData("RotateSecret", """{"SecretId":"s","ClientRequestToken":"22222222-2222-4222-8222-222222222222"}""")]
    [InlineData("CancelRotateSecret", """{"SecretId":"s"}""")]
    [InlineData("DeleteSecret", """{"SecretId":"s"}""")]
    [InlineData("RestoreSecret", """{"SecretId":"s"}""")]
    [InlineData("PutResourcePolicy", """{"SecretId":"s","ResourcePolicy":"{}"}""")]
    [InlineData("DeleteResourcePolicy", """{"SecretId":"s"}""")]
    [InlineData("TagResource", """{"SecretId":"s","Tags":[]}""")]
    [InlineData("UntagResource", """{"SecretId":"s","TagKeys":[]}""")]
    [InlineData("ReplicateSecretToRegions", """{"SecretId":"s","AddReplicaRegions":[{"Region":"eu-north-1"}]}""")]
    [InlineData("RemoveRegionsFromReplication", """{"SecretId":"s","RemoveReplicaRegions":["eu-west-1"]}""")]
    public async Task A_replica_refuses_what_changes_it(string operation, string body)
    {
        var message = await server.FailAsync(operation, JsonNode.Parse(body), "InvalidParameterException", West);

        Assert.Equal("Operation not permitted on a replica secret. Call must be made in primary secret's region.", message);
    }

    [Fact]
    public async Task A_promoted_replica_stands_on_its_own()
    {
        await server.CallAsync("StopReplicationToReplica", new { SecretId = "s" }, West);
        await server.CallAsync("PutSecretValue", new { SecretId = "s", ClientRequestToken = T2, SecretString = "west" }, West);

        Assert.Equal("one", (string?)(await server.CallAsync("GetSecretValue", new { SecretId = "s" }))["SecretString"]);
        Assert.Equal("west", (string?)(await server.CallAsync("GetSecretValue", new { SecretId = "s" }, West))["SecretString"]);
        foreach (var region in new[] { "us-east-1", West })
        {
            var described = await DescribeAsync(region);
            Assert.Null(described["PrimaryRegion"]);
            Assert.Null(described["ReplicationStatus"]);
        }
    }

    [Fact]
    public async Task A_primary_goes_only_after_its_replicas()
    {
        var arn = (string)(await DescribeAsync("us-east-1"))["ARN"]!;
        Assert.Equal(
            $"You can't delete secret {arn} that still has replica regions [{West}]",
            await server.FailAsync("DeleteSecret", new { SecretId = "s" }, "InvalidParameterException"));

        await server.CallAsync("RemoveRegionsFromReplication", new { SecretId = "s", RemoveReplicaRegions = new[] { West } });
        await server.FailAsync("GetSecretValue", new { SecretId = "s" }, "ResourceNotFoundException", West);
        await server.CallAsync("DeleteSecret", new { SecretId = "s" });
    }

    [Fact]
    public async Task A_taken_name_fails_the_replication_until_it_is_overwritten()
    {
        const string North = "eu-north-1";
        await server.CallAsync("CreateSecret", new { Name = "s", ClientRequestToken = T1, SecretString = "other" }, North);

        await ReplicateAsync(North, force: false);
        var failed = await StatusAsync(North);
        Assert.Equal(("Failed", $"Replication failed: Secret name s already exists in region {North}."), ((string)failed["Status"]!, (string)failed["StatusMessage"]!));
        Assert.Equal("other", (string?)(await server.CallAsync("GetSecretValue", new { SecretId = "s" }, North))["SecretString"]);

        await ReplicateAsync(North, force: true);
        Assert.Equal("InSync", (string?)(await StatusAsync(North))["Status"]);
        Assert.Equal("one", (string?)(await server.CallAsync("GetSecretValue", new { SecretId = "s" }, North))["SecretString"]);
    }

    [Theory]
    [InlineData("us-east-1")]
    [InlineData("cn-north-1")]
    [InlineData("us-gov-west-1")]
    public async Task Its_own_region_and_another_partition_are_no_replica_regions(string region) =>
        Assert.Equal("Invalid replica region.", await server.FailAsync(
            "ReplicateSecretToRegions", new { SecretId = "s", AddReplicaRegions = new[] { new { Region = region } } }, "InvalidParameterException"));

    private const string Policy =
        """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}]}""";

    private Task<JsonObject> DescribeAsync(string region) => server.CallAsync("DescribeSecret", new { SecretId = "s" }, region);

    private Task<JsonObject> ReplicateAsync(string region, bool force) => server.CallAsync(
        "ReplicateSecretToRegions", new { SecretId = "s", AddReplicaRegions = new[] { new { Region = region } }, ForceOverwriteReplicaSecret = force });

    private async Task<JsonNode> StatusAsync(string region) =>
        (await DescribeAsync("us-east-1"))["ReplicationStatus"]!.AsArray().Single(s => (string?)s!["Region"] == region)!;
}
