using static Strongroom.Tests.Server.Kms.KmsClient;

namespace Strongroom.Tests.Server.Kms;

/// <summary>The table of key states. Source: KMS Developer Guide, "Key states of AWS KMS keys"; IAM fact sheet 7.4.</summary>
public sealed class KeyStateTests : IAsyncLifetime
{
    private const string Ok = "";
    private const string Disabled = "DisabledException";
    private const string Invalid = "KMSInvalidStateException";

    private RunningServer server = null!;

    public static TheoryData<string, string, string, string> Table => new()
    {
        { "Encrypt", Ok, Disabled, Invalid },
        { "Decrypt", Ok, Disabled, Invalid },
        { "ReEncrypt", Ok, Disabled, Invalid },
        { "GenerateDataKey", Ok, Disabled, Invalid },
        { "GenerateDataKeyWithoutPlaintext", Ok, Disabled, Invalid },
        { "CreateGrant", Ok, Disabled, Invalid },
        { "CreateAlias", Ok, Ok, Invalid },
        { "DisableKey", Ok, Ok, Invalid },
        { "EnableKey", Ok, Ok, Invalid },
        { "TagResource", Ok, Ok, Invalid },
        { "UntagResource", Ok, Ok, Invalid },
        { "UpdateKeyDescription", Ok, Ok, Invalid },
        { "ScheduleKeyDeletion", Ok, Ok, Invalid },
        { "EnableKeyRotation", Ok, Disabled, Invalid },
        { "DisableKeyRotation", Ok, Disabled, Invalid },
        { "RotateKeyOnDemand", Ok, Disabled, Invalid },
        { "CancelKeyDeletion", Invalid, Invalid, Ok },
        { "DescribeKey", Ok, Ok, Ok },
        { "GetKeyPolicy", Ok, Ok, Ok },
        { "PutKeyPolicy", Ok, Ok, Ok },
        { "ListKeyPolicies", Ok, Ok, Ok },
        { "ListAliases", Ok, Ok, Ok },
        { "ListGrants", Ok, Ok, Ok },
        { "ListResourceTags", Ok, Ok, Ok },
        { "GetKeyRotationStatus", Ok, Ok, Ok },
        { "ListKeyRotations", Ok, Ok, Ok },
        { "RevokeGrant", Ok, Ok, Ok },
        { "RetireGrant", Ok, Ok, Ok },
        { "DeleteAlias", Ok, Ok, Ok },
        { "UpdateAlias", Ok, Ok, Invalid }, // to this key
    };

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Theory]
    [MemberData(nameof(Table))]
    public async Task Each_operation_is_allowed_in_the_states_that_AWS_allows(string operation, string enabled, string disabled, string pending)
    {
        foreach (var (state, expected) in new[] { ("Enabled", enabled), ("Disabled", disabled), ("PendingDeletion", pending) })
        {
            var (key, parameters) = await PrepareAsync(operation, state);
            if (expected == Ok)
                await server.Root.KmsAsync(operation, parameters);
            else
                Assert.Equal(
                    expected == Disabled ? $"{KeyArn(key)} is disabled."
                        : operation == "CancelKeyDeletion" ? $"{KeyArn(key)} is not pending deletion." : $"{KeyArn(key)} is pending deletion.",
                    await server.Root.KmsFailsAsync(operation, parameters, expected));
        }
    }

    private async Task<(string Key, object Parameters)> PrepareAsync(string operation, string state)
    {
        var root = server.Root;
        var key = await root.NewKeyAsync(new { Tags = new[] { new { TagKey = "a", TagValue = "1" } } });
        var other = await root.NewKeyAsync();
        var blob = (string)(await root.KmsAsync("Encrypt", new { KeyId = key, Plaintext = Base64("x") }))["CiphertextBlob"]!;
        var grant = (string)(await root.KmsAsync("CreateGrant", Grant(key)))["GrantId"]!;
        await root.KmsAsync("CreateAlias", new { AliasName = "alias/of-" + key, TargetKeyId = key });
        await root.KmsAsync("CreateAlias", new { AliasName = "alias/of-" + other, TargetKeyId = other });
        if (state == "Disabled")
            await root.KmsAsync("DisableKey", new { KeyId = key });
        if (state == "PendingDeletion")
            await root.KmsAsync("ScheduleKeyDeletion", new { KeyId = key });
        Assert.Equal(state, (string?)(await root.KmsAsync("DescribeKey", new { KeyId = key }))["KeyMetadata"]!["KeyState"]);
        return (key, operation switch
        {
            "Encrypt" => new { KeyId = key, Plaintext = Base64("x") },
            "Decrypt" => new { CiphertextBlob = blob },
            "ReEncrypt" => new { CiphertextBlob = blob, DestinationKeyId = other },
            "GenerateDataKey" or "GenerateDataKeyWithoutPlaintext" => new { KeyId = key, KeySpec = "AES_256" },
            "CreateGrant" => Grant(key),
            "CreateAlias" => new { AliasName = "alias/new-" + key, TargetKeyId = key },
            "UpdateAlias" => new { AliasName = "alias/of-" + other, TargetKeyId = key },
            "DeleteAlias" => new { AliasName = "alias/of-" + key },
            "TagResource" => new { KeyId = key, Tags = new[] { new { TagKey = "b", TagValue = "" } } },
            "UntagResource" => new { KeyId = key, TagKeys = new[] { "a" } },
            "UpdateKeyDescription" => new { KeyId = key, Description = "new" },
            "PutKeyPolicy" => new { KeyId = key, Policy = OpenPolicy },
            "RevokeGrant" or "RetireGrant" => new { KeyId = key, GrantId = grant },
            _ => new { KeyId = key },
        });
    }

    private static object Grant(string key) =>
        new { KeyId = key, GranteePrincipal = $"arn:aws:iam::{RunningServer.Account}:root", Operations = new[] { "Decrypt" } };

    private const string OpenPolicy =
        """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}]}""";
}
