using static Strongroom.Tests.Server.Kms.KmsClient;
using static Strongroom.Tests.Server.Sts.Identities;

namespace Strongroom.Tests.Server.Kms;

/// <summary>What changing aliases, deadlines and grants asks for beyond the first permission. Source: IAM fact sheet 3.3, 7.1; KMS API Reference.</summary>
public sealed class KeyPermissionTests : IAsyncLifetime
{
    private RunningServer server = null!;
    private string key = null!;

    private TestClient Root => server.Root;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        key = await Root.NewKeyAsync();
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task An_alias_is_changed_by_who_may_on_the_alias_and_on_each_key()
    {
        var other = await Root.NewKeyAsync();
        await Root.KmsAsync("CreateAlias", new { AliasName = "alias/a", TargetKeyId = key });
        var alias = await server.NewUserAsync("alias", Allow("kms:*Alias", "arn:aws:kms:us-east-1:111122223333:alias/*"), Allow("kms:DescribeKey"));
        var half = await server.NewUserAsync("half", Allow("kms:*Alias", "arn:aws:kms:us-east-1:111122223333:alias/*"), Allow("kms:*Alias", KeyArn(other)));

        Assert.Contains($"kms:CreateAlias on resource: {KeyArn(key)} ", await alias.KmsFailsAsync("CreateAlias", new { AliasName = "alias/b", TargetKeyId = key }, "AccessDeniedException"), StringComparison.Ordinal);
        Assert.Contains($"kms:UpdateAlias on resource: {KeyArn(key)} ", await half.KmsFailsAsync("UpdateAlias", new { AliasName = "alias/a", TargetKeyId = other }, "AccessDeniedException"), StringComparison.Ordinal);
        Assert.Contains($"kms:DeleteAlias on resource: {KeyArn(key)} ", await half.KmsFailsAsync("DeleteAlias", new { AliasName = "alias/a" }, "AccessDeniedException"), StringComparison.Ordinal);
        await half.KmsAsync("CreateAlias", new { AliasName = "alias/b", TargetKeyId = other });
        await half.KmsAsync("DeleteAlias", new { AliasName = "alias/b" });
    }

    [Fact]
    public async Task A_deletion_waits_seven_to_thirty_days()
    {
        await Root.KmsFailsAsync("ScheduleKeyDeletion", new { KeyId = key, PendingWindowInDays = 6 }, "ValidationException");
        await Root.KmsFailsAsync("ScheduleKeyDeletion", new { KeyId = key, PendingWindowInDays = 31 }, "ValidationException");

        var scheduled = await Root.KmsAsync("ScheduleKeyDeletion", new { KeyId = key, PendingWindowInDays = 30 });

        Assert.Equal(server.Time.GetUtcNow().AddDays(30).ToUnixTimeMilliseconds() / 1000.0, (double)scheduled["DeletionDate"]!, 0.01);
    }

    [Fact]
    public async Task A_rotation_enabled_again_without_a_period_keeps_the_one_it_has()
    {
        await Root.KmsAsync("EnableKeyRotation", new { KeyId = key, RotationPeriodInDays = 90 });
        await Root.KmsAsync("EnableKeyRotation", new { KeyId = key });

        Assert.Equal(90, (int)(await Root.KmsAsync("GetKeyRotationStatus", new { KeyId = key }))["RotationPeriodInDays"]!);
    }

    [Fact]
    public async Task A_key_has_no_policy_but_the_default_one()
    {
        var policy = (string)(await Root.KmsAsync("GetKeyPolicy", new { KeyId = key }))["Policy"]!;

        await Root.KmsFailsAsync("PutKeyPolicy", new { KeyId = key, PolicyName = "other", Policy = policy }, "NotFoundException");
    }

    [Fact]
    public async Task Who_grants_by_a_grant_passes_on_no_operation_that_it_lacks()
    {
        var app = await server.NewUserAsync("app");
        const string App = "arn:aws:iam::111122223333:user/app";
        await Root.KmsAsync("CreateGrant", new { KeyId = key, GranteePrincipal = App, Operations = new[] { "CreateGrant", "Encrypt" } });

        await app.KmsAsync("CreateGrant", new { KeyId = key, GranteePrincipal = App, Operations = new[] { "Encrypt" } });
        await app.KmsFailsAsync("CreateGrant", new { KeyId = key, GranteePrincipal = App, Operations = new[] { "Encrypt", "Decrypt" } }, "AccessDeniedException");
    }

    // Source: KMS API Reference, UpdateAlias and DeleteAlias: aliases that begin with alias/aws/ are AWS's.
    [Theory]
    [InlineData("alias/aws/secretsmanager")]
    [InlineData("alias/aws/absent")]
    public async Task The_aliases_of_AWSs_own_keys_stay_where_they_are(string alias)
    {
        await Root.KmsAsync("DescribeKey", new { KeyId = "alias/aws/secretsmanager" });

        await Root.KmsFailsAsync("UpdateAlias", new { AliasName = alias, TargetKeyId = key }, "NotAuthorizedException");
        await Root.KmsFailsAsync("DeleteAlias", new { AliasName = alias }, "NotAuthorizedException");
    }

    // Source: KMS Developer Guide, "AWS KMS condition keys", kms:ReEncryptOnSameKey.
    [Theory]
    [InlineData("true")]
    [InlineData("false")]
    public async Task A_policy_tells_whether_data_stay_under_their_key(string same)
    {
        var other = await Root.NewKeyAsync();
        var app = await server.NewUserAsync("app", $$$"""
            {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:ReEncryptTo","Resource":"*"},
            {"Effect":"Allow","Action":"kms:ReEncryptFrom","Resource":"*","Condition":{"Bool":{"kms:ReEncryptOnSameKey":"{{{same}}}"} } }]}
            """);
        var reverse = await server.NewUserAsync("reverse", $$$"""
            {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"kms:ReEncryptFrom","Resource":"*"},
            {"Effect":"Allow","Action":"kms:ReEncryptTo","Resource":"*","Condition":{"Bool":{"kms:ReEncryptOnSameKey":"{{{same}}}"} } }]}
            """);
        var blob = (string?)(await Root.KmsAsync("Encrypt", new { KeyId = key, Plaintext = Base64("x") }))["CiphertextBlob"];
        var (allowed, denied) = same == "true" ? (key, other) : (other, key);

        foreach (var (client, action) in new[] { (app, "kms:ReEncryptFrom"), (reverse, "kms:ReEncryptTo") })
        {
            await client.KmsAsync("ReEncrypt", new { CiphertextBlob = blob, DestinationKeyId = allowed });
            Assert.Contains(action, await client.KmsFailsAsync("ReEncrypt", new { CiphertextBlob = blob, DestinationKeyId = denied }, "AccessDeniedException"), StringComparison.Ordinal);
        }
    }

    // Source: Service Authorization Reference, KMS, TagResource: aws:RequestTag/${TagKey}, aws:TagKeys.
    [Fact]
    public async Task A_policy_names_the_keys_of_the_tags_that_may_be_put_on_a_key()
    {
        var app = await server.NewUserAsync("app", """
            {"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:TagResource","Resource":"*","Condition":{"ForAllValues:StringEquals":{"aws:TagKeys":["team","stage"]},"Null":{"aws:TagKeys":"false"} } } }
            """);

        await app.KmsAsync("TagResource", new { KeyId = key, Tags = new[] { new { TagKey = "team", TagValue = "a" } } });
        await app.KmsFailsAsync(
            "TagResource", new { KeyId = key, Tags = new[] { new { TagKey = "team", TagValue = "a" }, new { TagKey = "owner", TagValue = "b" } } }, "AccessDeniedException");
        await app.KmsFailsAsync("TagResource", new { KeyId = key, Tags = new[] { new { TagKey = "owner", TagValue = "b" } } }, "AccessDeniedException");
    }
}
