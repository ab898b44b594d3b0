using System.Text.Json;
using System.Text.Json.Nodes;

namespace Strongroom.Tests.Server.SecretsManager;

/// <summary>Secrets' own policies, and the condition keys that requests and secrets answer. Source: IAM fact sheet 3.2, 3.7, 4.</summary>
public sealed class AuthorizationTests : IAsyncLifetime
{
    private const string Token = "11111111-1111-4111-8111-111111111111";
    private const string App = "arn:aws:iam::111122223333:user/app";

    private RunningServer server = null!;
    private TestClient app = null!;
    private TestClient other = null!;

    /// <summary>A request, a condition that holds for it, and the same request without what the condition asks about.</summary>
    public static TheoryData<string, string, string, string> Conditions => new()
    {
        { "GetSecretValue", """{"StringEquals":{"secretsmanager:VersionStage":"AWSCURRENT"}}""", """{"VersionStage":"AWSCURRENT"}""", "{}" },
        { "GetSecretValue", $$$"""{"StringEquals":{"secretsmanager:VersionId":"{{{Token}}}"}}""", $$"""{"VersionId":"{{Token}}"}""", "{}" },
        { "GetSecretValue", """{"StringEquals":{"secretsmanager:SecretId":"db"}}""", """{"SecretId":"db"}""", """{"SecretId":"ARN"}""" },
        { "GetSecretValue", """{"StringEquals":{"aws:ResourceTag/Team":"a"}}""", "{}", """{"SecretId":"untagged"}""" },
        { "GetSecretValue", """{"StringEquals":{"secretsmanager:ResourceTag/team":"a"}}""", "{}", """{"SecretId":"untagged"}""" },
        { "GetSecretValue", """{"StringEquals":{"aws:RequestedRegion":"us-east-1"}}""", "{}", """{"region":"eu-west-1"}""" },
        { "DescribeSecret", """{"StringEquals":{"secretsmanager:SecretPrimaryRegion":"us-east-1"}}""", "{}", """{"SecretId":"untagged"}""" },
        { "DescribeSecret", """{"StringEquals":{"secretsmanager:resource/Type":"DatadogApiKey"}}""", "{}", """{"SecretId":"untagged"}""" },
        { "DeleteSecret", """{"NumericLessThan":{"secretsmanager:RecoveryWindowInDays":"14"}}""", """{"RecoveryWindowInDays":7}""", """{"RecoveryWindowInDays":20}""" },
        { "DeleteSecret", """{"Bool":{"secretsmanager:ForceDeleteWithoutRecovery":"true"}}""", """{"ForceDeleteWithoutRecovery":true}""", "{}" },
        { "PutResourcePolicy", """{"Bool":{"secretsmanager:BlockPublicPolicy":"false"}}""", """{"ResourcePolicy":"POLICY","BlockPublicPolicy":false}""", """{"ResourcePolicy":"POLICY"}""" },
        { "ReplicateSecretToRegions", """{"ForAnyValue:StringEquals":{"secretsmanager:AddReplicaRegions":"eu-west-2"}}""", """{"AddReplicaRegions":[{"Region":"eu-west-2"}]}""", """{"AddReplicaRegions":[{"Region":"eu-west-3"}]}""" },
        { "UpdateSecret", """{"StringLike":{"secretsmanager:Description":"no*"}}""", """{"Description":"nope"}""", """{"Description":"yes"}""" },
        { "UpdateSecret", """{"StringEquals":{"secretsmanager:KmsKeyId":"alias/aws/secretsmanager"}}""", """{"KmsKeyId":"alias/aws/secretsmanager"}""", "{}" },
        { "UpdateSecretVersionStage", """{"StringEquals":{"secretsmanager:VersionStage":"x"}}""", $$"""{"VersionStage":"x","MoveToVersionId":"{{Token}}"}""", $$"""{"VersionStage":"y","MoveToVersionId":"{{Token}}"}""" },
        { "TagResource", """{"ForAnyValue:StringEquals":{"aws:TagKeys":"env"}}""", """{"Tags":[{"Key":"env","Value":"p"}]}""", """{"Tags":[{"Key":"e","Value":"p"}]}""" },
        { "TagResource", """{"StringEquals":{"aws:RequestTag/env":"prod"}}""", """{"Tags":[{"Key":"env","Value":"prod"}]}""", """{"Tags":[{"Key":"env","Value":"dev"}]}""" },
        { "UntagResource", """{"ForAnyValue:StringEquals":{"aws:TagKeys":"env"}}""", """{"TagKeys":["env"]}""", """{"TagKeys":["e"]}""" },
    };

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        (app, other) = (await AddUserAsync("app"), await AddUserAsync("other"));
        await server.CallAsync("CreateSecret", new
        {
            Name = "db", ClientRequestToken = Token, SecretString = "x", Type = "DatadogApiKey", Tags = new[] { new { Key = "team", Value = "a" } },
            AddReplicaRegions = new[] { new { Region = "eu-west-1" } },
        });
        await server.CallAsync("CreateSecret", new { Name = "untagged", ClientRequestToken = Token, SecretString = "y" });
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Theory]
    [MemberData(nameof(Conditions))]
    public async Task A_deny_holds_for_what_its_condition_names_and_for_nothing_else(string operation, string condition, string denied, string allowed)
    {
        // Root needs no allow, so what the condition does shows alone.
        var policy = $$$"""{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"secretsmanager:{{{operation}}}","Resource":"*","Condition":{{{condition}}}}}""";
        foreach (var name in new[] { "db", "untagged" })
            await server.CallAsync("PutResourcePolicy", new { SecretId = name, ResourcePolicy = policy });

        var message = await FailAsync(operation, denied);

        Assert.EndsWith($"secretsmanager:{operation} on resource: db with an explicit deny in a resource-based policy", message, StringComparison.Ordinal);
        await CallAsync(operation, allowed);
    }

    [Fact]
    public async Task A_user_whom_the_secret_names_may_read_it_and_nobody_else()
    {
        await PutAsync("db", Allow(App, "secretsmanager:GetSecretValue"));

        Assert.Equal("x", (string?)(await app.JsonAsync("secretsmanager.GetSecretValue", new { SecretId = "db" }))["SecretString"]);
        await app.JsonFailsAsync("secretsmanager.DescribeSecret", new { SecretId = "db" }, "AccessDeniedException");
        await app.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = "untagged" }, "AccessDeniedException");
        await other.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = "db" }, "AccessDeniedException");
    }

    [Fact]
    public async Task A_policy_follows_its_secret_to_its_replicas_and_goes_when_it_is_deleted()
    {
        await PutAsync("db", Allow(App, "secretsmanager:GetSecretValue"));
        Assert.Equal("x", (string?)(await app.JsonAsync("secretsmanager.GetSecretValue", new { SecretId = "db" }, region: "eu-west-1"))["SecretString"]);

        await server.CallAsync("DeleteResourcePolicy", new { SecretId = "db" });

        await app.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = "db" }, "AccessDeniedException");
        await app.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = "db" }, "AccessDeniedException", region: "eu-west-1");
    }

    [Fact]
    public async Task The_account_in_a_policy_gives_its_users_nothing_by_itself()
    {
        await PutAsync("db", Allow("111122223333", "secretsmanager:*"));

        await app.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = "db" }, "AccessDeniedException");
    }

    [Fact]
    public async Task A_refused_secret_looks_like_one_that_does_not_exist()
    {
        var arn = (string)(await server.CallAsync("DescribeSecret", new { SecretId = "db" }))["ARN"]!;

        foreach (var operation in new[] { "GetSecretValue", "DescribeSecret", "DeleteSecret", "GetResourcePolicy", "RestoreSecret" })
        {
            var present = await app.JsonFailsAsync("secretsmanager." + operation, new { SecretId = "db" }, "AccessDeniedException");
            var absent = await app.JsonFailsAsync("secretsmanager." + operation, new { SecretId = "dx" }, "AccessDeniedException");
            Assert.Equal(present, absent.Replace(": dx ", ": db ", StringComparison.Ordinal));
            var presentArn = await app.JsonFailsAsync("secretsmanager." + operation, new { SecretId = arn }, "AccessDeniedException");
            var absentArn = await app.JsonFailsAsync("secretsmanager." + operation, new { SecretId = arn[..^1] + "_" }, "AccessDeniedException");
            Assert.Equal(presentArn, absentArn.Replace(arn[..^1] + "_", arn, StringComparison.Ordinal));
        }

        var taken = await app.JsonFailsAsync("secretsmanager.CreateSecret", new { Name = "db", ClientRequestToken = Token, SecretString = "x" }, "AccessDeniedException");
        var free = await app.JsonFailsAsync("secretsmanager.CreateSecret", new { Name = "dx", ClientRequestToken = Token, SecretString = "x" }, "AccessDeniedException");
        Assert.Equal(taken, free.Replace(": dx ", ": db ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_batch_reads_what_may_be_read_and_names_the_rest()
    {
        await PutAsync("db", Allow(App, "secretsmanager:GetSecretValue"));

        // The batch itself needs a permission that no resource can give.
        Assert.EndsWith(
            "is not authorized to perform: secretsmanager:BatchGetSecretValue because no identity-based policy allows the secretsmanager:BatchGetSecretValue action",
            await app.JsonFailsAsync("secretsmanager.BatchGetSecretValue", new { SecretIdList = new[] { "db" } }, "AccessDeniedException"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_policy_that_would_lock_its_author_out_is_refused()
    {
        var lockOut = """{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"secretsmanager:*","Resource":"*"}}""";

        await server.FailAsync("PutResourcePolicy", new { SecretId = "db", ResourcePolicy = lockOut }, "AccessDeniedException");

        Assert.Null((await server.CallAsync("GetResourcePolicy", new { SecretId = "db" }))["ResourcePolicy"]);
        var checks = (await server.CallAsync("ValidateResourcePolicy", new { SecretId = "db", ResourcePolicy = lockOut }))["ValidationErrors"]!.AsArray();
        Assert.Equal("CALLER_LOCKOUT", (string?)Assert.Single(checks)!["CheckName"]);
    }

    [Fact]
    public async Task A_change_of_tags_that_would_lock_its_caller_out_is_refused()
    {
        await PutAsync("db", """{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"secretsmanager:UntagResource","Resource":"*","Condition":{"Null":{"aws:ResourceTag/team":"true"}}}}""");

        await server.FailAsync("UntagResource", new { SecretId = "db", TagKeys = new[] { "team" } }, "AccessDeniedException");

        Assert.Single((await server.CallAsync("DescribeSecret", new { SecretId = "db" }))["Tags"]!.AsArray());
    }

    [Theory]
    [InlineData("arn:aws:iam::111122223333:user/nobody")]
    [InlineData("arn:aws:iam::111122223333:role/nothing")]
    public async Task A_policy_names_only_who_exists(string principal)
    {
        Assert.Equal(
            "This resource policy contains an unsupported principal",
            await server.FailAsync("PutResourcePolicy", new { SecretId = "db", ResourcePolicy = Allow(principal, "secretsmanager:*") }, "MalformedPolicyDocumentException"));
        Assert.False((bool)(await server.CallAsync("ValidateResourcePolicy", new { SecretId = "db", ResourcePolicy = Allow(principal, "secretsmanager:*") }))["PolicyValidationPassed"]!);
    }

    [Fact]
    public async Task A_policy_reads_as_it_was_put()
    {
        var policy = Allow(App, "secretsmanager:GetSecretValue").Replace(":", " : ", StringComparison.Ordinal).Replace(" : aws : iam :  : 111122223333 : ", ":aws:iam::111122223333:", StringComparison.Ordinal).Replace("secretsmanager : Get", "secretsmanager:Get", StringComparison.Ordinal);
        await PutAsync("db", policy);

        Assert.Equal(policy, (string?)(await server.CallAsync("GetResourcePolicy", new { SecretId = "db" }))["ResourcePolicy"]);
    }

    private async Task<TestClient> AddUserAsync(string name)
    {
        await server.Root.IamAsync("CreateUser", ("UserName", name));
        var key = (await server.Root.IamAsync("CreateAccessKey", ("UserName", name))).Element("AccessKey")!;
        return new TestClient(server, key.Element("AccessKeyId")!.Value, key.Element("SecretAccessKey")!.Value);
    }

    private Task<JsonObject> PutAsync(string secret, string policy) => server.CallAsync("PutResourcePolicy", new { SecretId = secret, ResourcePolicy = policy });

    private static string Allow(string principal, string action) => JsonSerializer.Serialize(new
    {
        Version = "2012-10-17",
        Statement = new { Effect = "Allow", Principal = new { AWS = principal }, Action = action, Resource = "*" },
    });

    private async Task<string> FailAsync(string operation, string parameters)
    {
        var (body, region) = await RequestAsync(parameters);
        return await server.FailAsync(operation, body, "AccessDeniedException", region);
    }

    private async Task CallAsync(string operation, string parameters)
    {
        var (body, region) = await RequestAsync(parameters);
        if (operation == "DeleteSecret")
            await server.CallAsync("RemoveRegionsFromReplication", new { SecretId = "db", RemoveReplicaRegions = new[] { "eu-west-1" } });
        await server.CallAsync(operation, body, region);
    }

    private async Task<(JsonObject Body, string Region)> RequestAsync(string parameters)
    {
        var arn = (string)(await server.CallAsync("ListSecrets", new { Filters = new[] { new { Key = "name", Values = new[] { "db" } } } }))["SecretList"]![0]!["ARN"]!;
        var body = JsonNode.Parse(parameters.Replace("ARN", arn, StringComparison.Ordinal))!.AsObject();
        var region = (string?)body["region"] ?? "us-east-1";
        body.Remove("region");
        if (!body.ContainsKey("SecretId"))
            body["SecretId"] = "db";
        if ((string?)body["ResourcePolicy"] == "POLICY")
            body["ResourcePolicy"] = Allow(App, "secretsmanager:GetSecretValue");
        return (body, region);
    }
}
