using System.Text.Json;
using System.Text.Json.Nodes;
using Strongroom.Tests.Server.Kms;
using static Strongroom.Tests.Server.Kms.KmsClient;
using static Strongroom.Tests.Server.Sts.Identities;

namespace Strongroom.Tests.Server.SecretsManager;

/// <summary>
/// Each operation supplies the condition keys that AWS lists for it, and no others. Source: Service Authorization Reference, AWS Secrets Manager;
/// IAM fact sheet 4.1, 4.2. A key that a Deny asks for with <c>"Null": "false"</c> is there when the call is denied.
/// </summary>
public sealed class ConditionKeyTests : IAsyncLifetime
{
    private const string Token = "11111111-1111-4111-8111-111111111111";
    private const string Function = "arn:aws:lambda:us-east-1:111122223333:function:rotate";

    private static readonly string[] OfEverySecret =
        ["SecretId", "SecretPrimaryRegion", "resource/AllowRotationLambdaArn", "resource/Type", "ResourceTag/team"];

    private static readonly string[] OfParameters =
    [
        "Name", "Description", "KmsKeyId", "KmsKeyArn", "AddReplicaRegions", "ForceOverwriteReplicaSecret", "Type", "VersionId", "VersionStage",
        "RecoveryWindowInDays", "ForceDeleteWithoutRecovery", "RotationLambdaARN", "RotateImmediately", "ModifyRotationRules",
        "ExternalSecretRotationRoleArn", "BlockPublicPolicy",
    ];

    private RunningServer server = null!;
    private TestClient user = null!;
    private string key = null!;

    /// <summary>An operation, a request with everything that its keys stand for, and the keys that it has beside those of every secret.</summary>
    public static TheoryData<string, string, string> Operations => new()
    {
        { "BatchGetSecretValue", """{"SecretIdList":["absent"]}""", "none" },
        { "CancelRotateSecret", Named(), "" },
        { "CreateSecret", $$"""{"Name":"new","ClientRequestToken":"{{Token}}","SecretString":"x","Description":"d","KmsKeyId":"alias/team","AddReplicaRegions":[{"Region":"eu-west-2"}],"ForceOverwriteReplicaSecret":true,"Type":"DatadogApiKey","Tags":[{"Key":"team","Value":"a"}]}""", "none Name Description KmsKeyId KmsKeyArn AddReplicaRegions ForceOverwriteReplicaSecret Type ResourceTag/team" },
        { "DeleteResourcePolicy", Named(), "" },
        { "DeleteSecret", Named(""","RecoveryWindowInDays":7,"ForceDeleteWithoutRecovery":true"""), "RecoveryWindowInDays ForceDeleteWithoutRecovery" },
        { "DescribeSecret", Named(), "" },
        { "GetRandomPassword", "{}", "none" },
        { "GetResourcePolicy", Named(), "" },
        { "GetSecretValue", Named($$""","VersionId":"{{Token}}","VersionStage":"AWSCURRENT" """), "VersionId VersionStage" },
        { "ListSecretVersionIds", Named(), "" },
        { "ListSecrets", "{}", "none" },
        { "PutResourcePolicy", Named(""","ResourcePolicy":"{}","BlockPublicPolicy":true"""), "BlockPublicPolicy" },
        { "PutSecretValue", Named($$""","ClientRequestToken":"{{Token}}","SecretString":"x","VersionStages":["AWSCURRENT"]"""), "" },
        { "RemoveRegionsFromReplication", Named(""","RemoveReplicaRegions":["eu-west-1"]"""), "" },
        { "ReplicateSecretToRegions", Named(""","AddReplicaRegions":[{"Region":"eu-west-2","KmsKeyId":"alias/team"}],"ForceOverwriteReplicaSecret":true"""), "AddReplicaRegions ForceOverwriteReplicaSecret" },
        { "RestoreSecret", Named(), "" },
        { "RotateSecret", Named($$""","ClientRequestToken":"22222222-2222-4222-8222-222222222222","RotationLambdaARN":"{{Function}}","RotationRules":{"AutomaticallyAfterDays":7},"RotateImmediately":false,"ExternalSecretRotationRoleArn":"arn:aws:iam::111122223333:role/rotate" """), "RotationLambdaARN RotateImmediately ModifyRotationRules ExternalSecretRotationRoleArn" },
        { "StopReplicationToReplica", Named(), "" },
        { "TagResource", Named(""","Tags":[{"Key":"env","Value":"x"}]"""), "" },
        { "UntagResource", Named(""","TagKeys":["env"]"""), "" },
        { "UpdateSecret", Named(""","Description":"d","KmsKeyId":"alias/team","Type":"DatadogApiKey" """), "Description KmsKeyId KmsKeyArn Type" },
        { "UpdateSecretVersionStage", Named($$""","VersionStage":"x","MoveToVersionId":"{{Token}}" """), "VersionStage" },
        { "ValidateResourcePolicy", Named(""","ResourcePolicy":"{}" """), "" },
    };

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        server.Functions.Reachable.Add(Function);
        key = await server.Root.NewKeyAsync();
        await server.Root.KmsAsync("CreateAlias", new { AliasName = "alias/team", TargetKeyId = key });
        await server.CallAsync("CreateSecret", new
        {
            Name = "db", ClientRequestToken = Token, SecretString = "x", Type = "DatadogApiKey", Tags = new[] { new { Key = "team", Value = "a" } },
            AddReplicaRegions = new[] { new { Region = "eu-west-1" } },
        });
        await server.CallAsync("RotateSecret", new { SecretId = "db", ClientRequestToken = Token, RotationLambdaARN = Function, RotateImmediately = false });
        user = await server.NewUserAsync("app", Allow("*"));
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Theory]
    [MemberData(nameof(Operations))]
    public async Task An_operation_has_the_keys_that_AWS_lists_for_it_and_no_others(string operation, string parameters, string listed)
    {
        var words = listed.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string[] present = words.Contains("none") ? words[1..] : [.. OfEverySecret, .. words];
        foreach (var name in present)
        {
            await ForbidAsync(Denials(operation, [name]));
            var message = await user.JsonFailsAsync("secretsmanager." + operation, JsonNode.Parse(parameters), "AccessDeniedException");
            Assert.True(message.EndsWith("with an explicit deny in an identity-based policy", StringComparison.Ordinal), $"{name}: {message}");
        }

        // Denied by none of the others: it may fail for another reason, as deleting a secret with replicas does.
        await ForbidAsync(Denials(operation, OfEverySecret.Concat(OfParameters).Except(present)));
        var (_, body) = await user.SendJsonAsync("secretsmanager." + operation, JsonNode.Parse(parameters));
        Assert.DoesNotContain("explicit deny", body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("alias/team")]
    [InlineData("arn:aws:kms:us-east-1:111122223333:alias/team")]
    [InlineData("KEY")]
    [InlineData("arn:aws:kms:us-east-1:111122223333:key/KEY")]
    [InlineData("UPPER")]
    [InlineData("arn:aws:kms:us-east-1:111122223333:key/UPPER")]
    public async Task The_key_is_known_by_its_ARN_however_the_request_names_it(string written)
    {
        var named = written.Replace("KEY", key, StringComparison.Ordinal).Replace("UPPER", key.ToUpperInvariant(), StringComparison.Ordinal);
        var condition = $$$"""{"ArnEquals":{"secretsmanager:KmsKeyArn":"{{{KeyArn(key)}}}"}}""";
        await ForbidAsync(Deny("secretsmanager:UpdateSecret", condition));
        await user.JsonFailsAsync("secretsmanager.UpdateSecret", new { SecretId = "db", KmsKeyId = named }, "AccessDeniedException");

        await ForbidAsync(Deny("secretsmanager:UpdateSecret", condition.Replace("ArnEquals", "ArnNotEquals", StringComparison.Ordinal)));
        await user.JsonAsync("secretsmanager.UpdateSecret", new { SecretId = "db", KmsKeyId = named });
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("alias/aws/secretsmanager")]
    [InlineData("alias/absent")]
    [InlineData("11111111-1111-4111-8111-111111111111")]
    public async Task A_deny_of_all_keys_but_one_holds_for_every_other_and_for_none(string? named)
    {
        await ForbidAsync(Deny("secretsmanager:CreateSecret", $$$"""{"ArnNotEquals":{"secretsmanager:KmsKeyArn":"{{{KeyArn(key)}}}"}}"""));

        await user.JsonFailsAsync("secretsmanager.CreateSecret", new { Name = "t", ClientRequestToken = Token, SecretString = "x", KmsKeyId = named }, "AccessDeniedException");
        await user.JsonAsync("secretsmanager.CreateSecret", new { Name = "t", ClientRequestToken = Token, SecretString = "x", KmsKeyId = "alias/team" });
    }

    private Task ForbidAsync(string policy) => server.PutAsync(User("app", Allow("*"), policy));

    private static string Denials(string operation, IEnumerable<string> keys)
    {
        var statements = keys.Select(k => new Dictionary<string, object>
        {
            ["Effect"] = "Deny", ["Action"] = "secretsmanager:" + operation, ["Resource"] = "*",
            ["Condition"] = new { Null = new Dictionary<string, string> { ["secretsmanager:" + k] = "false" } },
        });
        return JsonSerializer.Serialize(new { Version = "2012-10-17", Statement = statements });
    }

    private static string Named(string more = "") => $$"""{"SecretId":"db"{{more}}}""";
}
