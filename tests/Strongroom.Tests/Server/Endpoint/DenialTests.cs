using System.Text.Json.Nodes;

namespace Strongroom.Tests.Server.Endpoint;

/// <summary>Every operation refuses who may not call it, says it in AWS's words, records it, and tells nothing of what exists.</summary>
public sealed class DenialTests : IAsyncLifetime
{
    private const string Foreign = "arn:aws:secretsmanager:us-east-1:999988887777:secret:theirs-AbCdEf";
    private const string Token = "11111111-1111-4111-8111-111111111111";

    /// <summary>A valid request of every operation that names a secret.</summary>
    public static TheoryData<string, string> Calls => new()
    {
        { "CancelRotateSecret", "{}" },
        { "DeleteResourcePolicy", "{}" },
        { "DeleteSecret", """{"ForceDeleteWithoutRecovery":true}""" },
        { "DescribeSecret", "{}" },
        { "GetResourcePolicy", "{}" },
        { "GetSecretValue", "{}" },
        { "ListSecretVersionIds", "{}" },
        { "PutResourcePolicy", """{"ResourcePolicy":"{}"}""" },
        { "PutSecretValue", $$"""{"SecretString":"x","ClientRequestToken":"{{Token}}"}""" },
        { "RemoveRegionsFromReplication", """{"RemoveReplicaRegions":["eu-west-1"]}""" },
        { "ReplicateSecretToRegions", """{"AddReplicaRegions":[{"Region":"eu-west-1"}]}""" },
        { "RestoreSecret", "{}" },
        { "RotateSecret", $$"""{"ClientRequestToken":"{{Token}}"}""" },
        { "StopReplicationToReplica", "{}" },
        { "TagResource", """{"Tags":[]}""" },
        { "UntagResource", """{"TagKeys":[]}""" },
        { "UpdateSecret", """{"Description":"x"}""" },
        { "UpdateSecretVersionStage", $$"""{"VersionStage":"x","MoveToVersionId":"{{Token}}"}""" },
        { "ValidateResourcePolicy", """{"ResourcePolicy":"{}"}""" },
    };

    private RunningServer server = null!;

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Another_accounts_secret_is_refused_whether_or_not_it_exists(string operation, string parameters)
    {
        var body = JsonNode.Parse(parameters)!.AsObject();
        body["SecretId"] = Foreign;

        var message = await server.FailAsync(operation, body, "AccessDeniedException");

        Assert.Equal(
            $"User: arn:aws:iam::111122223333:root is not authorized to perform: secretsmanager:{operation} on resource: {Foreign} "
            + $"because no resource-based policy allows the secretsmanager:{operation} action",
            message);
        var record = server.Records()[^1];
        Assert.Equal((operation, "AccessDenied", message), ((string)record["eventName"]!, (string)record["errorCode"]!, (string)record["errorMessage"]!));
    }

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task A_wrong_secret_key_gets_nowhere(string operation, string parameters)
    {
        var body = JsonNode.Parse(parameters)!.AsObject();
        body["SecretId"] = "any";

        var (status, text) = await server.SendAsync(operation, body.ToJsonString(), secretKey: "not the key");

        Assert.Equal(400, status);
        Assert.Equal("InvalidSignatureException", (string?)JsonNode.Parse(text)!["__type"]);
    }

    [Fact]
    public async Task A_batch_reports_a_refused_secret_beside_the_others()
    {
        await server.CallAsync("CreateSecret", new { Name = "mine", ClientRequestToken = Token, SecretString = "x" });

        var answer = await server.CallAsync("BatchGetSecretValue", new { SecretIdList = new[] { Foreign, "mine", "absent" } });

        Assert.Equal(["AccessDeniedException", "ResourceNotFoundException"], answer["Errors"]!.AsArray().Select(e => (string?)e!["ErrorCode"]));
        Assert.Equal("x", (string?)Assert.Single(answer["SecretValues"]!.AsArray())!["SecretString"]);
    }
}
