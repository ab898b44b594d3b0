using System.Text;

namespace Strongroom.Conformance.Tests.Operations;

/// <summary>KMS keys from their making to their end, as the SDKs drive them.</summary>
public sealed class KmsTests(SharedServer server) : ScenarioTest(server)
{
    [Theory, Scenario("kms", "CreateKey DescribeKey ListKeys UpdateKeyDescription DisableKey EnableKey TagResource UntagResource ListResourceTags ScheduleKeyDeletion CancelKeyDeletion")]
    public async Task A_key_is_made_changed_and_scheduled_for_deletion(string client)
    {
        var (kms, account) = (Client(client, "kms"), await AccountAsync(client));
        var made = (await kms.OkAsync("CreateKey", new { Description = "first", Tags = new[] { new { TagKey = "a", TagValue = "1" } } }))["KeyMetadata"]!.AsObject();
        var (key, arn) = (made.Text("KeyId"), made.Text("Arn"));
        Assert.Matches("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", key);
        Assert.Equal(($"arn:aws:kms:us-east-1:{account}:key/{key}", account), (arn, made.Text("AWSAccountId")));
        Assert.Equal(
            ("Enabled", "CUSTOMER", "SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "AWS_KMS", "SYMMETRIC_DEFAULT"),
            (made.Text("KeyState"), made.Text("KeyManager"), made.Text("KeySpec"), made.Text("KeyUsage"), made.Text("Origin"), made["EncryptionAlgorithms"].Sorted()));

        await kms.OkAsync("UpdateKeyDescription", new { KeyId = arn, Description = "second" });
        await kms.OkAsync("DisableKey", new { KeyId = key });
        var off = (await kms.OkAsync("DescribeKey", new { KeyId = key }))["KeyMetadata"]!.AsObject();
        Assert.Equal(("second", "Disabled", false), (off.Text("Description"), off.Text("KeyState"), off["Enabled"]!.GetValue<bool>()));
        await kms.FailsAsync("Encrypt", new { KeyId = key, Plaintext = Json.Blob([1]) }, "DisabledException", $"{arn} is disabled.");
        await kms.OkAsync("EnableKey", new { KeyId = key });
        await kms.OkAsync("TagResource", new { KeyId = key, Tags = new[] { new { TagKey = "b", TagValue = "2" }, new { TagKey = "c", TagValue = "" } } });
        await kms.OkAsync("UntagResource", new { KeyId = key, TagKeys = new[] { "a" } });
        Assert.Equal(["b=2", "c="], (await kms.PagesAsync("ListResourceTags", "Tags", 1, new { KeyId = key })).Select(t => $"{t.AsObject().Text("TagKey")}={t.AsObject().Text("TagValue")}").Order(StringComparer.Ordinal));
        Assert.Contains((await kms.PagesAsync("ListKeys", "Keys", 10)), k => k.AsObject().Text("KeyId") == key && k.AsObject().Text("KeyArn") == arn);

        var scheduled = await kms.OkAsync("ScheduleKeyDeletion", new { KeyId = key, PendingWindowInDays = 7 });
        Assert.Equal((arn, "PendingDeletion", 7), (scheduled.Text("KeyId"), scheduled.Text("KeyState"), scheduled["PendingWindowInDays"]!.GetValue<int>()));
        Assert.Equal(DateTimeOffset.UtcNow.AddDays(7), Time(scheduled, "DeletionDate"), TimeSpan.FromMinutes(1));
        await kms.FailsAsync("EnableKey", new { KeyId = key }, "KMSInvalidStateException", $"{arn} is pending deletion.");
        Assert.Equal(arn, (await kms.OkAsync("CancelKeyDeletion", new { KeyId = key })).Text("KeyId"));
        Assert.Equal("Disabled", (await kms.OkAsync("DescribeKey", new { KeyId = key }))["KeyMetadata"]!.AsObject().Text("KeyState"));
        await kms.FailsAsync("CancelKeyDeletion", new { KeyId = key }, "KMSInvalidStateException", $"{arn} is not pending deletion.");
        await kms.FailsAsync(
            "DescribeKey", new { KeyId = Guid.Empty.ToString() }, "NotFoundException", $"Key 'arn:aws:kms:us-east-1:{account}:key/{Guid.Empty}' does not exist");
    }

    [Theory, Scenario("kms", "Encrypt Decrypt ReEncrypt GenerateDataKey GenerateDataKeyWithoutPlaintext GenerateRandom")]
    public async Task What_a_key_encrypts_it_decrypts_under_the_same_context_alone(string client)
    {
        var kms = Client(client, "kms");
        var (key, other) = (await KeyAsync(client), await KeyAsync(client));
        var (context, plain) = (new { purpose = "test", team = "é" }, Json.Blob("plain text"u8.ToArray()));

        var sealed1 = await kms.OkAsync("Encrypt", new { KeyId = key, Plaintext = plain, EncryptionContext = context });
        Assert.EndsWith(":key/" + key, sealed1.Text("KeyId"), StringComparison.Ordinal);
        var opened = await kms.OkAsync("Decrypt", new { CiphertextBlob = Blob(sealed1, "CiphertextBlob"), EncryptionContext = context });
        Assert.Equal((sealed1.Text("KeyId"), "plain text", "SYMMETRIC_DEFAULT"), (opened.Text("KeyId"), Encoding.UTF8.GetString(Convert.FromBase64String(opened.Text("Plaintext"))), opened.Text("EncryptionAlgorithm")));
        Assert.Equal("InvalidCiphertextException", (await kms.CallAsync("Decrypt", new { CiphertextBlob = Blob(sealed1, "CiphertextBlob") })).Code);
        await kms.FailsAsync(
            "Decrypt", new { CiphertextBlob = Blob(sealed1, "CiphertextBlob"), EncryptionContext = context, KeyId = other },
            "IncorrectKeyException", "The key ID in the request does not identify a CMK that can perform this operation.");

        var sealed2 = await kms.OkAsync("ReEncrypt", new { CiphertextBlob = Blob(sealed1, "CiphertextBlob"), SourceEncryptionContext = context, DestinationKeyId = other });
        Assert.Equal((sealed1.Text("KeyId"), true), (sealed2.Text("SourceKeyId"), sealed2.Text("KeyId").EndsWith(":key/" + other, StringComparison.Ordinal)));
        Assert.Equal(opened.Text("Plaintext"), (await kms.OkAsync("Decrypt", new { CiphertextBlob = Blob(sealed2, "CiphertextBlob"), KeyId = other })).Text("Plaintext"));

        var data = await kms.OkAsync("GenerateDataKey", new { KeyId = key, KeySpec = "AES_256", EncryptionContext = context });
        Assert.Equal(32, Convert.FromBase64String(data.Text("Plaintext")).Length);
        Assert.Equal(data.Text("Plaintext"), (await kms.OkAsync("Decrypt", new { CiphertextBlob = Blob(data, "CiphertextBlob"), EncryptionContext = context })).Text("Plaintext"));
        var blind = await kms.OkAsync("GenerateDataKeyWithoutPlaintext", new { KeyId = key, NumberOfBytes = 48 });
        Assert.Null(blind["Plaintext"]);
        Assert.Equal(48, Convert.FromBase64String((await kms.OkAsync("Decrypt", new { CiphertextBlob = Blob(blind, "CiphertextBlob") })).Text("Plaintext")).Length);
        var random = (await kms.OkAsync("GenerateRandom", new { NumberOfBytes = 17 })).Text("Plaintext");
        Assert.Equal(17, Convert.FromBase64String(random).Length);
        Assert.NotEqual(random, (await kms.OkAsync("GenerateRandom", new { NumberOfBytes = 17 })).Text("Plaintext"));
        await kms.FailsAsync("Encrypt", new { KeyId = key, Plaintext = plain, DryRun = true }, "DryRunOperationException", "The request would have succeeded, but the DryRun option is set.");
    }

    [Theory, Scenario("kms", "CreateAlias ListAliases UpdateAlias DeleteAlias")]
    public async Task An_alias_stands_for_a_key(string client)
    {
        var (kms, account, alias) = (Client(client, "kms"), await AccountAsync(client), "alias/" + Unique);
        var (key, other) = (await KeyAsync(client), await KeyAsync(client));
        await kms.OkAsync("CreateAlias", new { AliasName = alias, TargetKeyId = key });
        await kms.OkAsync("CreateAlias", new { AliasName = alias + "/2", TargetKeyId = key });
        await kms.FailsAsync(
            "CreateAlias", new { AliasName = alias, TargetKeyId = other }, "AlreadyExistsException", $"An alias with the name arn:aws:kms:us-east-1:{account}:{alias} already exists");
        var listed = await kms.PagesAsync("ListAliases", "Aliases", 1, new { KeyId = key });
        Assert.Equal([alias, alias + "/2"], listed.Select(a => a.AsObject().Text("AliasName")));
        Assert.Equal(($"arn:aws:kms:us-east-1:{account}:{alias}", key), (listed[0].AsObject().Text("AliasArn"), listed[0].AsObject().Text("TargetKeyId")));
        Assert.Contains(await kms.PagesAsync("ListAliases", "Aliases", 100), a => a.AsObject().Text("AliasName") == alias);

        await kms.OkAsync("UpdateAlias", new { AliasName = alias, TargetKeyId = other });
        Assert.Equal(other, (await kms.OkAsync("DescribeKey", new { KeyId = alias }))["KeyMetadata"]!.AsObject().Text("KeyId"));
        await kms.OkAsync("DeleteAlias", new { AliasName = alias });
        await kms.FailsAsync("DescribeKey", new { KeyId = alias }, "NotFoundException", $"Alias arn:aws:kms:us-east-1:{account}:{alias} is not found.");
    }

    [Theory, Scenario("kms", "GetKeyPolicy PutKeyPolicy ListKeyPolicies")]
    public async Task A_key_has_a_policy(string client)
    {
        var (kms, account, key) = (Client(client, "kms"), await AccountAsync(client), await KeyAsync(client));
        Assert.Equal("default", (await kms.OkAsync("ListKeyPolicies", new { KeyId = key }))["PolicyNames"].Sorted());
        var usual = JsonNode.Parse((await kms.OkAsync("GetKeyPolicy", new { KeyId = key, PolicyName = "default" })).Text("Policy"))!;
        Assert.Equal($"arn:aws:iam::{account}:root", usual["Statement"]![0]!["Principal"]!["AWS"]!.GetValue<string>());

        var policy = $$"""{"Version":"2012-10-17","Statement":[{"Sid":"all of it","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::{{account}}:root"},"Action":"kms:*","Resource":"*"}]}""";
        await kms.OkAsync("PutKeyPolicy", new { KeyId = key, PolicyName = "default", Policy = policy });
        var read = await kms.OkAsync("GetKeyPolicy", new { KeyId = key });
        Assert.Equal((policy, "default"), (read.Text("Policy"), read.Text("PolicyName")));
        await kms.FailsAsync(
            "PutKeyPolicy", new { KeyId = key, Policy = policy.Replace("kms:*", "kms:Decrypt", StringComparison.Ordinal) },
            "MalformedPolicyDocumentException", "The new key policy will not allow you to update the key policy in the future.");
    }

    [Theory, Scenario("kms", "CreateGrant ListGrants ListRetirableGrants RevokeGrant RetireGrant")]
    public async Task A_grant_opens_a_key_until_it_is_revoked_or_retired(string client)
    {
        var (kms, iam, key) = (Client(client, "kms"), Client(client, "iam"), await KeyAsync(client));
        var user = (await iam.OkAsync("CreateUser", new { UserName = Unique }))["User"]!.AsObject().Text("Arn");
        var app = Client(client, "kms", (await iam.OkAsync("CreateAccessKey", new { UserName = Unique }))["AccessKey"]!.AsObject());
        var blob = Blob(await kms.OkAsync("Encrypt", new { KeyId = key, Plaintext = Json.Blob([7]), EncryptionContext = new { a = "b" } }), "CiphertextBlob");
        object Decrypting() => new { CiphertextBlob = blob, EncryptionContext = new { a = "b" } };
        Assert.Equal("AccessDeniedException", (await app.CallAsync("Decrypt", Decrypting())).Code);

        var made = await kms.OkAsync("CreateGrant", new
        {
            KeyId = key, GranteePrincipal = user, RetiringPrincipal = user, Name = "mine", Operations = new[] { "Decrypt", "DescribeKey" }, Constraints = new { EncryptionContextSubset = new { a = "b" } },
        });
        await app.OkAsync("Decrypt", Decrypting());
        var revoked = (await kms.OkAsync("CreateGrant", new { KeyId = key, GranteePrincipal = user, RetiringPrincipal = user, Operations = new[] { "Encrypt" } })).Text("GrantId");
        var grants = await kms.PagesAsync("ListGrants", "Grants", 1, new { KeyId = key });
        var grant = grants.Single(g => g.AsObject().Text("GrantId") == made.Text("GrantId")).AsObject();
        Assert.Equal(("mine", user, "Decrypt DescribeKey", "b"), (grant.Text("Name"), grant.Text("GranteePrincipal"), grant["Operations"].Sorted(), grant["Constraints"]!["EncryptionContextSubset"]!["a"]!.GetValue<string>()));
        Assert.Equal(2, (await kms.PagesAsync("ListRetirableGrants", "Grants", 1, new { RetiringPrincipal = user })).Count);

        await kms.OkAsync("RevokeGrant", new { KeyId = key, GrantId = revoked });
        await app.OkAsync("RetireGrant", new { GrantToken = made.Text("GrantToken") });
        Assert.Empty((await kms.OkAsync("ListGrants", new { KeyId = key }))["Grants"]!.AsArray());
        Assert.Equal("AccessDeniedException", (await app.CallAsync("Decrypt", Decrypting())).Code);
    }

    [Theory, Scenario("kms", "EnableKeyRotation GetKeyRotationStatus DisableKeyRotation RotateKeyOnDemand ListKeyRotations")]
    public async Task A_rotated_key_opens_what_it_sealed_before(string client)
    {
        var (kms, key) = (Client(client, "kms"), await KeyAsync(client));
        Assert.False((await kms.OkAsync("GetKeyRotationStatus", new { KeyId = key }))["KeyRotationEnabled"]!.GetValue<bool>());
        await kms.OkAsync("EnableKeyRotation", new { KeyId = key, RotationPeriodInDays = 90 });
        var on = await kms.OkAsync("GetKeyRotationStatus", new { KeyId = key });
        Assert.Equal((true, 90), (on["KeyRotationEnabled"]!.GetValue<bool>(), on["RotationPeriodInDays"]!.GetValue<int>()));
        Assert.Equal(DateTimeOffset.UtcNow.AddDays(90), Time(on, "NextRotationDate"), TimeSpan.FromMinutes(1));
        await kms.OkAsync("DisableKeyRotation", new { KeyId = key });
        Assert.False((await kms.OkAsync("GetKeyRotationStatus", new { KeyId = key }))["KeyRotationEnabled"]!.GetValue<bool>());

        var blob = Blob(await kms.OkAsync("Encrypt", new { KeyId = key, Plaintext = Json.Blob([9]) }), "CiphertextBlob");
        await kms.OkAsync("RotateKeyOnDemand", new { KeyId = key });
        await kms.OkAsync("RotateKeyOnDemand", new { KeyId = key });
        Assert.Equal([9], Convert.FromBase64String((await kms.OkAsync("Decrypt", new { CiphertextBlob = blob })).Text("Plaintext")));
        var rotations = await kms.PagesAsync("ListKeyRotations", "Rotations", 1, new { KeyId = key });
        Assert.Equal(["ON_DEMAND", "ON_DEMAND"], rotations.Select(r => r.AsObject().Text("RotationType")));
    }

    private async Task<string> KeyAsync(string client) => (await Client(client, "kms").OkAsync("CreateKey"))["KeyMetadata"]!.AsObject().Text("KeyId");

    private static JsonObject Blob(JsonObject answer, string member) => new() { ["base64"] = answer.Text(member) };
}
