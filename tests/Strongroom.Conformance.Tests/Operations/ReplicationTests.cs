namespace Strongroom.Conformance.Tests.Operations;

public sealed class ReplicationTests(SharedServer server) : OperationTest(server)
{
    private const string Other = "eu-west-1";

    private static JsonArray Regions(params string[] regions) => [.. regions.Select(r => new JsonObject { ["Region"] = r })];

    private async Task ReplicateAsync() =>
        _ = (await RawAsync("ReplicateSecretToRegions", new() { ["SecretId"] = Name, ["AddReplicaRegions"] = Regions(Other) })).Ok;

    [Theory, EveryClient("ReplicateSecretToRegions")]
    public async Task ReplicateSecretToRegions_makes_a_copy_under_the_same_suffix(string client)
    {
        var (arn, version) = await CreateAsync();

        var result = (await CallAsync(client, "ReplicateSecretToRegions", new() { ["SecretId"] = Name, ["AddReplicaRegions"] = Regions(Other) })).Ok;

        Assert.Equal(arn, result.Text("ARN"));
        var status = Assert.Single(result["ReplicationStatus"]!.AsArray())!.AsObject();
        Assert.Equal((Other, "InProgress", "alias/aws/secretsmanager"), (status.Text("Region"), status.Text("Status"), status.Text("KmsKeyId")));
        var replica = await GetAsync(region: Other);
        Assert.Equal((arn.Replace("us-east-1", Other, StringComparison.Ordinal), "s1", version), (replica.Text("ARN"), replica.Text("SecretString"), replica.Text("VersionId")));
    }

    [Theory, EveryClient("RemoveRegionsFromReplication")]
    public async Task RemoveRegionsFromReplication_deletes_the_copy(string client)
    {
        var (arn, _) = await CreateAsync();
        await ReplicateAsync();

        var result = (await CallAsync(client, "RemoveRegionsFromReplication", new() { ["SecretId"] = Name, ["RemoveReplicaRegions"] = Json.Array(Other) })).Ok;

        Assert.Equal(arn, result.Text("ARN"));
        Assert.Empty(result["ReplicationStatus"]?.AsArray() ?? []);
        (await RawAsync("DescribeSecret", new() { ["SecretId"] = Name }, Other)).Fails("ResourceNotFoundException");
        Assert.Equal("ARN CreatedDate LastChangedDate Name VersionIdsToStages", (await DescribeAsync()).Names());
    }

    [Theory, EveryClient("StopReplicationToReplica")]
    public async Task StopReplicationToReplica_promotes_the_copy(string client)
    {
        var (arn, _) = await CreateAsync();
        await ReplicateAsync();

        var result = (await CallAsync(client, "StopReplicationToReplica", new() { ["SecretId"] = Name }, Other)).Ok;

        Assert.Equal((arn.Replace("us-east-1", Other, StringComparison.Ordinal), "ARN"), (result.Text("ARN"), result.Names()));
        Assert.False((await DescribeAsync(region: Other)).ContainsKey("PrimaryRegion"));
        Assert.False((await DescribeAsync()).ContainsKey("ReplicationStatus"));
        _ = (await RawAsync("UpdateSecret", new() { ["SecretId"] = Name, ["Description"] = "own" }, Other)).Ok;
    }
}
