using static Strongroom.Tests.Server.Kms.KmsClient;
using static Strongroom.Tests.Server.Sts.Identities;

namespace Strongroom.Tests.Server.Kms;

public sealed class EncryptionTests : IAsyncLifetime
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
    public async Task What_was_encrypted_is_decrypted_without_naming_the_key_and_after_a_restart()
    {
        await Root.KmsAsync("CreateAlias", new { AliasName = "alias/team-a", TargetKeyId = key });
        var context = new Dictionary<string, string> { ["b"] = "2", ["a"] = "1" };
        var encrypted = await Root.KmsAsync("Encrypt", new { KeyId = "alias/team-a", Plaintext = Base64("hello"), EncryptionContext = context });
        Assert.Equal(KeyArn(key), (string?)encrypted["KeyId"]);
        Assert.Equal("SYMMETRIC_DEFAULT", (string?)encrypted["EncryptionAlgorithm"]);
        await server.CloseAsync();
        await server.OpenAsync();

        var decrypted = await Root.KmsAsync(
            "Decrypt", new { CiphertextBlob = (string?)encrypted["CiphertextBlob"], EncryptionContext = new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" } });

        Assert.Equal(Base64("hello"), (string?)decrypted["Plaintext"]);
        Assert.Equal(KeyArn(key), (string?)decrypted["KeyId"]);
        Assert.Matches("^[0-9a-f]{64}$", (string)decrypted["KeyMaterialId"]!);
        Assert.DoesNotContain(server.Records(), record => record.ToJsonString().Contains(Base64("hello"), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"a":"2"}""")]
    [InlineData("""{"A":"1"}""")]
    [InlineData("""{"a":"1","b":""}""")]
    public async Task Another_context_decrypts_nothing(string context)
    {
        var blob = (string?)(await Root.KmsAsync("Encrypt", new { KeyId = key, Plaintext = Base64("x"), EncryptionContext = new { a = "1" } }))["CiphertextBlob"];

        Assert.Equal("", await Root.KmsFailsAsync(
            "Decrypt", new { CiphertextBlob = blob, EncryptionContext = System.Text.Json.Nodes.JsonNode.Parse(context) }, "InvalidCiphertextException"));
    }

    [Fact]
    public async Task A_ciphertext_with_any_byte_changed_or_cut_decrypts_nothing()
    {
        var blob = Convert.FromBase64String((string)(await Root.KmsAsync("Encrypt", new { KeyId = key, Plaintext = Base64("x") }))["CiphertextBlob"]!);
        for (var i = 0; i < blob.Length; i++)
        {
            var changed = blob.ToArray();
            changed[i] ^= 1;
            // A changed key id names a key that is not there. Source: IAM fact sheet 7.5.
            var code = i is >= 5 and < 21 ? "AccessDeniedException" : "InvalidCiphertextException";
            await Root.KmsFailsAsync("Decrypt", new { CiphertextBlob = Convert.ToBase64String(changed) }, code);
        }

        await Root.KmsFailsAsync("Decrypt", new { CiphertextBlob = Convert.ToBase64String(blob[..^1]) }, "InvalidCiphertextException");
        await Root.KmsFailsAsync("Decrypt", new { CiphertextBlob = Convert.ToBase64String([.. blob, 0]) }, "InvalidCiphertextException");
        await Root.KmsFailsAsync("Decrypt", new { CiphertextBlob = Base64("x") }, "InvalidCiphertextException");
    }

    [Fact]
    public async Task Another_key_than_the_ciphertexts_is_incorrect()
    {
        var other = await Root.NewKeyAsync();
        var blob = (string?)(await Root.KmsAsync("Encrypt", new { KeyId = key, Plaintext = Base64("x") }))["CiphertextBlob"];

        Assert.Equal(
            "The key ID in the request does not identify a CMK that can perform this operation.",
            await Root.KmsFailsAsync("Decrypt", new { CiphertextBlob = blob, KeyId = other }, "IncorrectKeyException"));
        Assert.Equal(Base64("x"), (string?)(await Root.KmsAsync("Decrypt", new { CiphertextBlob = blob, KeyId = KeyArn(key) }))["Plaintext"]);
    }

    [Theory]
    [InlineData("AES_256", 32)]
    [InlineData("AES_128", 16)]
    public async Task A_data_key_comes_plain_and_encrypted(string spec, int length)
    {
        var made = await Root.KmsAsync("GenerateDataKey", new { KeyId = key, KeySpec = spec, EncryptionContext = new { a = "1" } });
        var plain = Convert.FromBase64String((string)made["Plaintext"]!);
        Assert.Equal(length, plain.Length);
        Assert.Equal((string?)made["Plaintext"], (string?)(await Root.KmsAsync("Decrypt", new { CiphertextBlob = (string?)made["CiphertextBlob"], EncryptionContext = new { a = "1" } }))["Plaintext"]);

        var hidden = await Root.KmsAsync("GenerateDataKeyWithoutPlaintext", new { KeyId = key, NumberOfBytes = 1024 });
        Assert.Null(hidden["Plaintext"]);
        Assert.Equal(1024, Convert.FromBase64String((string)(await Root.KmsAsync("Decrypt", new { CiphertextBlob = (string?)hidden["CiphertextBlob"] }))["Plaintext"]!).Length);
        await Root.KmsFailsAsync("GenerateDataKey", new { KeyId = key, KeySpec = spec, NumberOfBytes = 7 }, "ValidationException");
        await Root.KmsFailsAsync("GenerateDataKey", new { KeyId = key }, "ValidationException");
    }

    [Fact]
    public async Task Keys_are_described_by_every_name()
    {
        await Root.KmsAsync("CreateAlias", new { AliasName = "alias/team-a", TargetKeyId = KeyArn(key) });

        foreach (var name in new[] { key, KeyArn(key), "alias/team-a", $"arn:aws:kms:us-east-1:{RunningServer.Account}:alias/team-a" })
        {
            var metadata = (await Root.KmsAsync("DescribeKey", new { KeyId = name }))["KeyMetadata"]!;
            Assert.Equal((key, "CUSTOMER", "Enabled", true), ((string)metadata["KeyId"]!, (string)metadata["KeyManager"]!, (string)metadata["KeyState"]!, (bool)metadata["Enabled"]!));
        }

        Assert.Equal(
            "Default key that protects my Secrets Manager data when no other key is defined",
            (string?)(await Root.KmsAsync("DescribeKey", new { KeyId = "alias/aws/secretsmanager" }))["KeyMetadata"]!["Description"]);
    }

    // Source: IAM fact sheet 7.3.
    [Theory]
    [InlineData("00000000-0000-4000-8000-000000000000", "Key 'arn:aws:kms:us-east-1:111122223333:key/00000000-0000-4000-8000-000000000000' does not exist")]
    [InlineData("nonsense", "Invalid keyId 'nonsense'")]
    [InlineData("arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-4000-8000-000000000000", "Invalid arn eu-west-1")]
    [InlineData("alias/none", "Alias arn:aws:kms:us-east-1:111122223333:alias/none is not found.")]
    public async Task Unknown_keys_are_not_found(string name, string message) =>
        Assert.Equal(message, await Root.KmsFailsAsync("Encrypt", new { KeyId = name, Plaintext = Base64("x") }, "NotFoundException"));

    [Fact]
    public async Task Aliases_are_checked()
    {
        await Root.KmsAsync("CreateAlias", new { AliasName = "alias/a", TargetKeyId = key });
        Assert.Equal(
            "An alias with the name arn:aws:kms:us-east-1:111122223333:alias/a already exists",
            await Root.KmsFailsAsync("CreateAlias", new { AliasName = "alias/a", TargetKeyId = key }, "AlreadyExistsException"));
        Assert.StartsWith("Alias must start with the prefix", await Root.KmsFailsAsync("CreateAlias", new { AliasName = "a", TargetKeyId = key }, "ValidationException"), StringComparison.Ordinal);
        await Root.KmsFailsAsync("CreateAlias", new { AliasName = "alias/aws/mine", TargetKeyId = key }, "NotAuthorizedException");
    }

    [Fact]
    public async Task Dry_runs_do_nothing_but_say_so() => Assert.Equal(
        "The request would have succeeded, but the DryRun option is set.",
        await Root.KmsFailsAsync("Encrypt", new { KeyId = key, Plaintext = Base64("x"), DryRun = true }, "DryRunOperationException"));

    [Fact]
    public async Task A_plaintext_that_is_too_long_is_refused_without_showing_it() => Assert.Equal(
        "1 validation error detected: Value at 'plaintext' failed to satisfy constraint: Member must have length less than or equal to 4096",
        await Root.KmsFailsAsync("Encrypt", new { KeyId = key, Plaintext = Base64(new string('x', 4097)) }, "ValidationException"));

    [Fact]
    public async Task A_user_needs_a_permission_that_the_key_policy_delegates()
    {
        var user = await server.NewUserAsync("app", Allow("kms:Encrypt", KeyArn(key)));
        var blob = (string?)(await user.KmsAsync("Encrypt", new { KeyId = key, Plaintext = Base64("x") }))["CiphertextBlob"];

        Assert.Equal(
            $"User: arn:aws:iam::111122223333:user/app is not authorized to perform: kms:Decrypt on resource: {KeyArn(key)} because no identity-based policy allows the kms:Decrypt action",
            await user.KmsFailsAsync("Decrypt", new { CiphertextBlob = blob }, "AccessDeniedException"));
        foreach (var (operation, parameters) in new (string, object)[]
            {
                ("GenerateDataKey", new { KeyId = key, KeySpec = "AES_256" }),
                ("GenerateDataKeyWithoutPlaintext", new { KeyId = key, KeySpec = "AES_256" }),
                ("DescribeKey", new { KeyId = key }),
                ("CreateKey", new { }),
                ("CreateAlias", new { AliasName = "alias/x", TargetKeyId = key }),
            })
            Assert.Contains($"is not authorized to perform: kms:{operation} on resource: ", await user.KmsFailsAsync(operation, parameters, "AccessDeniedException"), StringComparison.Ordinal);

        // Nobody learns which keys there are.
        Assert.EndsWith(
            "because no identity-based policy allows the kms:DescribeKey action",
            await user.KmsFailsAsync("DescribeKey", new { KeyId = "00000000-0000-4000-8000-000000000000" }, "AccessDeniedException"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Identity_policies_alone_do_not_open_a_key_whose_policy_delegates_nothing()
    {
        var closed = await Root.NewKeyAsync(new
        {
            Policy = $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:PutKeyPolicy","Resource":"*"}]}""",
        });
        var user = await server.NewUserAsync("app", Allow("kms:*"));

        Assert.EndsWith(
            "because no resource-based policy allows the kms:Encrypt action",
            await user.KmsFailsAsync("Encrypt", new { KeyId = closed, Plaintext = Base64("x") }, "AccessDeniedException"), StringComparison.Ordinal);
        Assert.EndsWith(
            "because no resource-based policy allows the kms:Encrypt action",
            await Root.KmsFailsAsync("Encrypt", new { KeyId = closed, Plaintext = Base64("x") }, "AccessDeniedException"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_policy_that_locks_its_author_out_or_names_nobody_is_refused()
    {
        Assert.Equal(
            "The new key policy will not allow you to update the key policy in the future.",
            await Root.KmsFailsAsync("CreateKey", new { Policy = KeyPolicy("arn:aws:iam::111122223333:root", "kms:Encrypt") }, "MalformedPolicyDocumentException"));
        Assert.Equal(
            "Policy contains a statement with one or more invalid principals.",
            await Root.KmsFailsAsync("CreateKey", new { Policy = KeyPolicy("arn:aws:iam::111122223333:user/nobody", "kms:*") }, "MalformedPolicyDocumentException"));
        await Root.KmsFailsAsync("CreateKey", new { Policy = "{" }, "MalformedPolicyDocumentException");
        await Root.NewKeyAsync(new { Policy = KeyPolicy("arn:aws:iam::111122223333:root", "kms:Encrypt"), BypassPolicyLockoutSafetyCheck = true });
    }

    [Fact]
    public async Task Other_kinds_of_keys_are_not_supported()
    {
        await Root.KmsFailsAsync("CreateKey", new { KeySpec = "RSA_2048", KeyUsage = "ENCRYPT_DECRYPT" }, "UnsupportedOperationException");
        await Root.KmsFailsAsync("CreateKey", new { MultiRegion = true }, "UnsupportedOperationException");
        await Root.KmsFailsAsync("CreateKey", new { Origin = "EXTERNAL" }, "UnsupportedOperationException");
    }

    private static string KeyPolicy(string principal, string action) =>
        $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"{{principal}}"},"Action":"{{action}}","Resource":"*"}]}""";
}
