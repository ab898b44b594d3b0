using Strongroom.Tests.Server.Sts;
using static Strongroom.Tests.Server.Kms.KmsClient;
using static Strongroom.Tests.Server.Sts.Identities;

namespace Strongroom.Tests.Server.Kms;

/// <summary>Secrets whose values are sealed under a customer's key. Source: IAM fact sheet 7.8.</summary>
public sealed class SecretsUnderKeysTests : IAsyncLifetime
{
    private RunningServer server = null!;
    private string key = null!;
    private string arn = null!;

    private TestClient Root => server.Root;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        key = await Root.NewKeyAsync();
        await Root.KmsAsync("CreateAlias", new { AliasName = "alias/team-a", TargetKeyId = key });
        arn = (string)(await Root.JsonAsync("secretsmanager.CreateSecret", new { Name = "s", SecretString = "v1", KmsKeyId = "alias/team-a", ClientRequestToken = Token(1) }))["ARN"]!;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_disabled_key_fails_reads_and_writes_at_once_and_enabling_heals()
    {
        Assert.Equal("v1", await ReadAsync(Root));
        await Root.KmsAsync("DisableKey", new { KeyId = key });

        Assert.Equal(
            "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
            await Root.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = "s" }, "DecryptionFailure"));
        await Root.JsonFailsAsync("secretsmanager.PutSecretValue", new { SecretId = "s", SecretString = "v2", ClientRequestToken = Token(2) }, "EncryptionFailure");
        await Root.JsonFailsAsync("secretsmanager.CreateSecret", new { Name = "t", KmsKeyId = key }, "EncryptionFailure");
        await Root.JsonAsync("secretsmanager.DescribeSecret", new { SecretId = "s" });

        await Root.KmsAsync("EnableKey", new { KeyId = key });
        Assert.Equal("v1", await ReadAsync(Root));
    }

    [Fact]
    public async Task A_key_that_waits_for_deletion_fails_reads_until_that_is_cancelled_and_after_it_they_fail_for_good()
    {
        await Root.KmsAsync("ScheduleKeyDeletion", new { KeyId = key, PendingWindowInDays = 7 });
        await Root.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = "s" }, "DecryptionFailure");
        await Root.KmsAsync("CancelKeyDeletion", new { KeyId = key });
        await Root.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = "s" }, "DecryptionFailure");
        await Root.KmsAsync("EnableKey", new { KeyId = key });
        Assert.Equal("v1", await ReadAsync(Root));

        await Root.KmsAsync("ScheduleKeyDeletion", new { KeyId = key, PendingWindowInDays = 7 });
        server.Time.Advance(TimeSpan.FromDays(7));
        await Eventually.ComesAsync(
            "a key that is gone", () => server.Records().Any(r => (string?)r["eventName"] == "DeleteKey"), () => server.Time.Advance(TimeSpan.FromSeconds(30)));

        await Root.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = "s" }, "DecryptionFailure");
        await Root.JsonFailsAsync("secretsmanager.PutSecretValue", new { SecretId = "s", SecretString = "v2", ClientRequestToken = Token(2) }, "EncryptionFailure");
    }

    [Fact]
    public async Task A_rotated_key_seals_with_new_material_and_opens_the_old()
    {
        await Root.KmsAsync("RotateKeyOnDemand", new { KeyId = key });
        await Root.JsonAsync("secretsmanager.PutSecretValue", new { SecretId = "s", SecretString = "v2", ClientRequestToken = Token(2) });
        await server.CloseAsync();
        await server.OpenAsync();

        Assert.Equal("v2", await ReadAsync(Root));
        Assert.Equal("v1", (string?)(await Root.JsonAsync("secretsmanager.GetSecretValue", new { SecretId = "s", VersionStage = "AWSPREVIOUS" }))["SecretString"]);
    }

    [Fact]
    public async Task Reading_and_writing_need_the_callers_permission_on_the_key()
    {
        var all = await server.NewUserAsync("all", Allow("secretsmanager:*"));
        Assert.Equal("Access to KMS is not allowed", await all.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = arn }, "AccessDeniedException"));
        Assert.Equal(
            "Access to KMS is not allowed",
            await all.JsonFailsAsync("secretsmanager.PutSecretValue", new { SecretId = arn, SecretString = "v2", ClientRequestToken = Token(2) }, "AccessDeniedException"));
        Assert.Equal(
            "Access to KMS is not allowed",
            await all.JsonFailsAsync("secretsmanager.PutSecretValue", new { SecretId = arn, SecretString = "v1", ClientRequestToken = Token(1) }, "AccessDeniedException"));
        await all.JsonFailsAsync("secretsmanager.CreateSecret", new { Name = "t", KmsKeyId = key }, "AccessDeniedException");
        await all.JsonAsync("secretsmanager.CreateSecret", new { Name = "under-the-default-key", SecretString = "x", ClientRequestToken = Token(3) });
        Assert.Equal("x", (string?)(await all.JsonAsync("secretsmanager.GetSecretValue", new { SecretId = "under-the-default-key" }))["SecretString"]);

        var reader = await server.NewUserAsync(
            "reader", Allow("secretsmanager:*"),
            Allow("kms:Decrypt", KeyArn(key)).Replace("\"Effect\"", $$$"""
                "Condition":{"StringEquals":{"kms:ViaService":"secretsmanager.us-east-1.amazonaws.com",
                "kms:EncryptionContext:SecretARN":"{{{arn}}}","kms:EncryptionContext:SecretVersionId":"{{{Token(1)}}}"} },"Effect"
                """, StringComparison.Ordinal));
        Assert.Equal("v1", await ReadAsync(reader));
        await reader.JsonFailsAsync("secretsmanager.PutSecretValue", new { SecretId = arn, SecretString = "v2", ClientRequestToken = Token(2) }, "AccessDeniedException");
    }

    // Source: recorded answers of AWS, see docs/compatibility/kms.md; KMS's own texts are those of IAM fact sheet 7.5.
    [Theory]
    [InlineData("arn:aws:kms:us-west-2:111122223333:key/11111111-1111-4111-8111-111111111111", "Invalid arn us-west-2")]
    [InlineData("arn:aws:s3:us-east-1:111122223333:bucket", "Invalid arn arn:aws:s3:us-east-1:111122223333:bucket")]
    [InlineData("nonsense", "Invalid keyId 'nonsense'")]
    [InlineData("alias/absent", "Alias arn:aws:kms:us-east-1:111122223333:alias/absent is not found.")]
    [InlineData("11111111-1111-4111-8111-111111111111", "Key 'arn:aws:kms:us-east-1:111122223333:key/11111111-1111-4111-8111-111111111111' does not exist")]
    public async Task A_key_that_does_not_exist_is_refused_in_KMSs_words(string name, string words)
    {
        foreach (var (operation, body) in new (string, object)[] { ("CreateSecret", new { Name = "t", KmsKeyId = name }), ("UpdateSecret", new { SecretId = "s", KmsKeyId = name }) })
        {
            Assert.Equal(
                "The operation failed because of an invalid KMS key: " + words,
                await Root.JsonFailsAsync("secretsmanager." + operation, body, "InvalidParameterException"));
        }

        await Root.JsonFailsAsync("secretsmanager.DescribeSecret", new { SecretId = "t" }, "ResourceNotFoundException");
        Assert.Equal("alias/team-a", (string?)(await Root.JsonAsync("secretsmanager.DescribeSecret", new { SecretId = "s" }))["KmsKeyId"]);
    }

    [Fact]
    public async Task Whether_a_key_exists_is_told_only_to_who_might_use_it()
    {
        const string Absent = "11111111-1111-4111-8111-111111111111";
        var all = await server.NewUserAsync("all", Allow("secretsmanager:*"));
        foreach (var name in new[] { Absent, KeyArn(Absent), key, "arn:aws:kms:us-east-1:444455556666:key/" + Absent, "alias/aws/s3" })
        {
            Assert.Equal(
                "Access to KMS is not allowed",
                await all.JsonFailsAsync("secretsmanager.CreateSecret", new { Name = "t", KmsKeyId = name }, "AccessDeniedException"));
        }

        var user = await server.NewUserAsync("user", Allow("secretsmanager:*"), Allow("kms:GenerateDataKey", KeyArn(Absent)));
        await user.JsonFailsAsync("secretsmanager.CreateSecret", new { Name = "t", KmsKeyId = Absent }, "InvalidParameterException");
    }

    [Fact]
    public async Task A_key_that_is_given_is_probed_and_the_versions_in_use_are_sealed_anew()
    {
        var other = await Root.NewKeyAsync();
        await Root.JsonAsync("secretsmanager.PutSecretValue", new { SecretId = "s", SecretString = "v2", ClientRequestToken = Token(2) });
        var before = server.Records().Count;

        await Root.JsonAsync("secretsmanager.UpdateSecret", new { SecretId = "s", KmsKeyId = other });

        var uses = server.Records().Skip(before).Where(r => (string?)r["eventSource"] == "kms.amazonaws.com")
            .Select(r => ((string)r["eventName"]!, (string)r["resources"]![0]!["ARN"]!, (string)r["requestParameters"]!["encryptionContext"]!["SecretVersionId"]!)).ToList();
        Assert.Contains(("GenerateDataKey", KeyArn(other), "RequestToValidateKeyAccess"), uses);
        Assert.Contains(("Decrypt", KeyArn(other), "RequestToValidateKeyAccess"), uses);
        foreach (var version in new[] { Token(1), Token(2) })
        {
            Assert.Contains(("Decrypt", KeyArn(key), version), uses);
            Assert.Contains(("GenerateDataKey", KeyArn(other), version), uses);
        }

        await Root.KmsAsync("DisableKey", new { KeyId = key });
        Assert.Equal("v2", await ReadAsync(Root));
        Assert.Equal("v1", (string?)(await Root.JsonAsync("secretsmanager.GetSecretValue", new { SecretId = "s", VersionStage = "AWSPREVIOUS" }))["SecretString"]);
    }

    [Fact]
    public async Task Each_use_of_a_customers_key_has_its_record_and_the_default_key_has_none()
    {
        await ReadAsync(Root);

        var record = server.Records()[^1];
        Assert.Equal(("Decrypt", "kms.amazonaws.com"), ((string)record["eventName"]!, (string)record["eventSource"]!));
        Assert.Equal(
            ("Root", "secretsmanager.amazonaws.com", "secretsmanager.amazonaws.com"),
            ((string)record["userIdentity"]!["type"]!, (string)record["userIdentity"]!["invokedBy"]!, (string)record["sourceIPAddress"]!));
        Assert.Equal(arn, (string?)record["requestParameters"]!["encryptionContext"]!["SecretARN"]);
        Assert.Equal(("AWS::KMS::Key", KeyArn(key)), ((string)record["resources"]![0]!["type"]!, (string)record["resources"]![0]!["ARN"]!));
        Assert.Equal("GetSecretValue", (string?)server.Records()[^2]["eventName"]);

        await Root.JsonAsync("secretsmanager.CreateSecret", new { Name = "plain", SecretString = "x", ClientRequestToken = Token(3) });
        await Root.JsonAsync("secretsmanager.GetSecretValue", new { SecretId = "plain" });
        Assert.Equal("GetSecretValue", (string?)server.Records()[^1]["eventName"]);

        await Root.KmsAsync("DisableKey", new { KeyId = key });
        await Root.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = "s" }, "DecryptionFailure");
        Assert.Equal(("Decrypt", "DisabledException"), ((string)server.Records()[^1]["eventName"]!, (string)server.Records()[^1]["errorCode"]!));
    }

    [Fact]
    public async Task A_replica_uses_the_key_of_its_region()
    {
        const string West = "us-west-2";
        var western = await Root.NewKeyAsync(region: West);
        var refused = await Root.JsonAsync("secretsmanager.ReplicateSecretToRegions", new { SecretId = "s", AddReplicaRegions = new[] { new { Region = "eu-west-1", KmsKeyId = western } } });
        await Root.JsonAsync("secretsmanager.ReplicateSecretToRegions", new { SecretId = "s", AddReplicaRegions = new[] { new { Region = West, KmsKeyId = western } } });
        Assert.NotNull(refused["ReplicationStatus"]);
        Assert.Equal("v1", (string?)(await Root.JsonAsync("secretsmanager.GetSecretValue", new { SecretId = "s" }, West))["SecretString"]);

        await Root.KmsAsync("DisableKey", new { KeyId = western }, West);

        await Root.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = "s" }, "DecryptionFailure", West);
        Assert.Equal("v1", await ReadAsync(Root));
        await Root.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = "s" }, "ResourceNotFoundException", "eu-west-1");
    }

    [Fact]
    public async Task Another_account_reads_only_under_a_key_that_admits_it()
    {
        await server.ChangeAsync(Other, [Role("guest", Trust(RunningServer.Account), Allow("*"))], []);
        var assumer = await server.NewUserAsync("assumer", Allow("sts:AssumeRole"));
        var guest = server.ClientOf(await assumer.StsAsync("AssumeRole", ("RoleArn", RoleArn("guest", Other)), ("RoleSessionName", "session")));
        var plain = (string)(await Root.JsonAsync("secretsmanager.CreateSecret", new { Name = "plain", SecretString = "x", ClientRequestToken = Token(3) }))["ARN"]!;
        foreach (var secret in new[] { arn, plain })
            await Root.JsonAsync("secretsmanager.PutResourcePolicy", new { SecretId = secret, ResourcePolicy = Admit("secretsmanager:GetSecretValue", "444455556666") });

        foreach (var secret in new[] { arn, plain })
            Assert.Equal("Access to KMS is not allowed", await guest.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = secret }, "AccessDeniedException"));
        await Root.KmsAsync("PutKeyPolicy", new { KeyId = key, Policy = Admit("kms:*", "111122223333", "444455556666") });

        Assert.Equal("v1", await ReadAsync(guest));
    }

    private async Task<string?> ReadAsync(TestClient client) => (string?)(await client.JsonAsync("secretsmanager.GetSecretValue", new { SecretId = arn }))["SecretString"];

    private static string Admit(string action, params string[] accounts) =>
        $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":[{{string.Join(',', accounts.Select(a => $"\"arn:aws:iam::{a}:root\""))}}]},"Action":"{{action}}","Resource":"*"}]}""";

    private static string Token(int number) => $"{number:00000000}-0000-4000-8000-000000000000";
}
