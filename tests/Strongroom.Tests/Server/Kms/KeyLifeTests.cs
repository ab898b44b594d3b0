using System.Text.Json.Nodes;
using static Strongroom.Tests.Server.Kms.KmsClient;
using static Strongroom.Tests.Server.Sts.Identities;

namespace Strongroom.Tests.Server.Kms;

public sealed class KeyLifeTests : IAsyncLifetime
{
    private RunningServer server = null!;

    private TestClient Root => server.Root;

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_rotation_brings_new_material_and_leaves_the_old_to_decrypt()
    {
        var key = await Root.NewKeyAsync();
        var first = await Root.KmsAsync("GenerateDataKey", new { KeyId = key, KeySpec = "AES_256" });

        Assert.Equal(key, (string?)(await Root.KmsAsync("RotateKeyOnDemand", new { KeyId = key }))["KeyId"]);
        var second = await Root.KmsAsync("GenerateDataKey", new { KeyId = key, KeySpec = "AES_256" });

        Assert.NotEqual((string?)first["KeyMaterialId"], (string?)second["KeyMaterialId"]);
        Assert.Equal((string?)second["KeyMaterialId"], (string?)(await Root.KmsAsync("DescribeKey", new { KeyId = key }))["KeyMetadata"]!["CurrentKeyMaterialId"]);
        await server.CloseAsync();
        await server.OpenAsync();
        foreach (var made in new[] { first, second })
        {
            var opened = await Root.KmsAsync("Decrypt", new { CiphertextBlob = (string?)made["CiphertextBlob"] });
            Assert.Equal((string?)made["Plaintext"], (string?)opened["Plaintext"]);
            Assert.Equal((string?)made["KeyMaterialId"], (string?)opened["KeyMaterialId"]);
        }

        var rotations = (await Root.KmsAsync("ListKeyRotations", new { KeyId = key }))["Rotations"]!.AsArray();
        Assert.Equal("ON_DEMAND", (string?)Assert.Single(rotations)!["RotationType"]);
        Assert.Equal(2, (await Root.KmsAsync("ListKeyRotations", new { KeyId = key, IncludeKeyMaterial = "ALL_KEY_MATERIAL" }))["Rotations"]!.AsArray().Count);
    }

    [Fact]
    public async Task On_demand_rotations_are_limited()
    {
        var key = await Root.NewKeyAsync();
        for (var i = 0; i < 25; i++)
            await Root.KmsAsync("RotateKeyOnDemand", new { KeyId = key });

        Assert.EndsWith(
            $"No more on-demand rotations can be performed for this key: {KeyArn(key)}",
            await Root.KmsFailsAsync("RotateKeyOnDemand", new { KeyId = key }, "LimitExceededException"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_rotates_by_itself_when_its_period_has_passed_and_the_log_says_so()
    {
        var key = await Root.NewKeyAsync();
        Assert.False((bool)(await Root.KmsAsync("GetKeyRotationStatus", new { KeyId = key }))["KeyRotationEnabled"]!);
        await Root.KmsAsync("EnableKeyRotation", new { KeyId = key, RotationPeriodInDays = 90 });
        var status = await Root.KmsAsync("GetKeyRotationStatus", new { KeyId = key });
        Assert.Equal((90, true), ((int)status["RotationPeriodInDays"]!, (bool)status["KeyRotationEnabled"]!));
        Assert.Equal(server.Time.GetUtcNow().AddDays(90).ToUnixTimeSeconds(), (long)(decimal)status["NextRotationDate"]!);
        var blob = (string?)(await Root.KmsAsync("Encrypt", new { KeyId = key, Plaintext = Base64("x") }))["CiphertextBlob"];
        var before = await MaterialAsync(key);

        await PassAsync(TimeSpan.FromDays(90), "RotateKey");

        Assert.NotEqual(before, await MaterialAsync(key));
        Assert.Equal(Base64("x"), (string?)(await Root.KmsAsync("Decrypt", new { CiphertextBlob = blob }))["Plaintext"]);
        var record = server.Records().Single(r => (string?)r["eventName"] == "RotateKey");
        Assert.Equal(("AwsServiceEvent", KeyArn(key)), ((string)record["eventType"]!, (string)record["resources"]![0]!["ARN"]!));
        await Root.KmsAsync("DisableKeyRotation", new { KeyId = key });
        Assert.Null((await Root.KmsAsync("GetKeyRotationStatus", new { KeyId = key }))["NextRotationDate"]);
    }

    [Fact]
    public async Task A_key_is_destroyed_when_its_waiting_period_ends()
    {
        var key = await Root.NewKeyAsync();
        await Root.KmsAsync("CreateAlias", new { AliasName = "alias/a", TargetKeyId = key });
        var blob = (string?)(await Root.KmsAsync("Encrypt", new { KeyId = key, Plaintext = Base64("x") }))["CiphertextBlob"];
        var scheduled = await Root.KmsAsync("ScheduleKeyDeletion", new { KeyId = key, PendingWindowInDays = 7 });
        Assert.Equal((KeyArn(key), "PendingDeletion", 7), ((string)scheduled["KeyId"]!, (string)scheduled["KeyState"]!, (int)scheduled["PendingWindowInDays"]!));
        await Root.KmsFailsAsync("ScheduleKeyDeletion", new { KeyId = await Root.NewKeyAsync(), PendingWindowInDays = 6 }, "ValidationException");

        await PassAsync(TimeSpan.FromDays(7), "DeleteKey");

        Assert.Equal($"Key '{KeyArn(key)}' does not exist", await Root.KmsFailsAsync("DescribeKey", new { KeyId = key }, "NotFoundException"));
        await Root.KmsFailsAsync("DescribeKey", new { KeyId = "alias/a" }, "NotFoundException");
        await Root.KmsFailsAsync("Decrypt", new { CiphertextBlob = blob }, "AccessDeniedException");
        Assert.Equal("kms.amazonaws.com", (string?)server.Records().Single(r => (string?)r["eventName"] == "DeleteKey")["eventSource"]);
    }

    [Fact]
    public async Task A_cancelled_deletion_leaves_the_key_disabled()
    {
        var key = await Root.NewKeyAsync();
        await Root.KmsAsync("ScheduleKeyDeletion", new { KeyId = key, PendingWindowInDays = 7 });

        Assert.Equal(KeyArn(key), (string?)(await Root.KmsAsync("CancelKeyDeletion", new { KeyId = key }))["KeyId"]);

        var metadata = (await Root.KmsAsync("DescribeKey", new { KeyId = key }))["KeyMetadata"]!;
        Assert.Equal("Disabled", (string?)metadata["KeyState"]);
        Assert.Null(metadata["DeletionDate"]);
        await Root.KmsAsync("EnableKey", new { KeyId = key });
        await Root.KmsAsync("Encrypt", new { KeyId = key, Plaintext = Base64("x") });
    }

    [Fact]
    public async Task Lists_are_cut_into_pages_whose_markers_are_ours_alone()
    {
        var made = new List<string>();
        for (var i = 0; i < 5; i++)
            made.Add(await Root.NewKeyAsync());
        var listed = new List<string>();
        string? marker = null;
        do
        {
            var page = await Root.KmsAsync("ListKeys", marker is null ? new { Limit = 2 } : new { Limit = 2, Marker = marker });
            listed.AddRange(page["Keys"]!.AsArray().Select(k => (string)k!["KeyId"]!));
            marker = (string?)page["NextMarker"];
            Assert.Equal(marker is not null, (bool)page["Truncated"]!);
        }
        while (marker is not null);

        Assert.Equal(made.Order(StringComparer.Ordinal), listed);
        await Root.KmsFailsAsync("ListKeys", new { Marker = "bogus" }, "InvalidMarkerException");
        Assert.Empty((await Root.KmsAsync("ListKeys", new { }, "eu-west-1"))["Keys"]!.AsArray());
    }

    [Fact]
    public async Task Aliases_are_listed_moved_and_removed()
    {
        var (one, two) = (await Root.NewKeyAsync(), await Root.NewKeyAsync());
        await Root.KmsAsync("CreateAlias", new { AliasName = "alias/b", TargetKeyId = one });
        var all = (await Root.KmsAsync("ListAliases"))["Aliases"]!.AsArray();
        Assert.Equal(["alias/aws/secretsmanager", "alias/b"], all.Select(a => (string)a!["AliasName"]!));
        Assert.Null(all[0]!["TargetKeyId"]); // not used yet
        Assert.Equal(one, (string?)all[1]!["TargetKeyId"]);

        await Root.KmsAsync("UpdateAlias", new { AliasName = "alias/b", TargetKeyId = two });

        Assert.Empty((await Root.KmsAsync("ListAliases", new { KeyId = one }))["Aliases"]!.AsArray());
        Assert.Single((await Root.KmsAsync("ListAliases", new { KeyId = two }))["Aliases"]!.AsArray());
        await Root.KmsAsync("DeleteAlias", new { AliasName = "alias/b" });
        Assert.Equal(
            "Alias arn:aws:kms:us-east-1:111122223333:alias/b is not found.", await Root.KmsFailsAsync("DeleteAlias", new { AliasName = "alias/b" }, "NotFoundException"));
        await Root.KmsFailsAsync("UpdateAlias", new { AliasName = "alias/b", TargetKeyId = two }, "NotFoundException");
    }

    [Fact]
    public async Task Tags_and_description_are_kept_and_checked()
    {
        var key = await Root.NewKeyAsync(new { Description = "first", Tags = new[] { new { TagKey = "b", TagValue = "1" } } });
        await Root.KmsAsync("TagResource", new { KeyId = key, Tags = new[] { new { TagKey = "a", TagValue = "2" }, new { TagKey = "b", TagValue = "3" } } });
        await Root.KmsAsync("UpdateKeyDescription", new { KeyId = key, Description = "second" });

        Assert.Equal(
            [("a", "2"), ("b", "3")],
            (await Root.KmsAsync("ListResourceTags", new { KeyId = key }))["Tags"]!.AsArray().Select(t => ((string)t!["TagKey"]!, (string)t["TagValue"]!)));
        Assert.Equal("second", (string?)(await Root.KmsAsync("DescribeKey", new { KeyId = key }))["KeyMetadata"]!["Description"]);
        await Root.KmsAsync("UntagResource", new { KeyId = key, TagKeys = new[] { "a" } });
        Assert.Single((await Root.KmsAsync("ListResourceTags", new { KeyId = key }))["Tags"]!.AsArray());
        Assert.Equal("Duplicate tag keys", await TagFailsAsync("x", "x"));
        Assert.Equal("Tags beginning with aws: are reserved", await TagFailsAsync("aws:x"));
        Assert.Equal("Too many tags", await TagFailsAsync([.. Enumerable.Range(0, 50).Select(i => $"t{i}")]));

        Task<string> TagFailsAsync(params string[] keys) =>
            Root.KmsFailsAsync("TagResource", new { KeyId = key, Tags = keys.Select(k => new { TagKey = k, TagValue = "" }) }, "TagException");
    }

    [Fact]
    public async Task A_policy_reads_as_it_was_put()
    {
        var key = await Root.NewKeyAsync();
        var first = await Root.KmsAsync("GetKeyPolicy", new { KeyId = key, PolicyName = "default" });
        Assert.Equal("key-default-1", (string?)JsonNode.Parse((string)first["Policy"]!)!["Id"]);
        Assert.Equal(["default"], (await Root.KmsAsync("ListKeyPolicies", new { KeyId = key }))["PolicyNames"]!.AsArray().Select(n => (string)n!));
        const string Policy =
            """{ "Version": "2012-10-17", "Statement": [ {"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":["kms:Put*","kms:Get*"],"Resource":"*"} ] }""";

        await Root.KmsAsync("PutKeyPolicy", new { KeyId = key, PolicyName = "default", Policy });

        Assert.Equal(Policy, (string?)(await Root.KmsAsync("GetKeyPolicy", new { KeyId = key }))["Policy"]);
        await Root.KmsFailsAsync("GetKeyPolicy", new { KeyId = key, PolicyName = "other" }, "NotFoundException");
        await Root.KmsFailsAsync("PutKeyPolicy", new { KeyId = key, Policy = Policy.Replace("kms:Put*", "kms:List*", StringComparison.Ordinal) }, "MalformedPolicyDocumentException");
        await Root.KmsFailsAsync("DescribeKey", new { KeyId = key }, "AccessDeniedException"); // not in the policy
    }

    [Fact]
    public async Task Ciphertexts_move_to_another_key_and_context()
    {
        var (one, two) = (await Root.NewKeyAsync(), await Root.NewKeyAsync());
        var blob = (string?)(await Root.KmsAsync("Encrypt", new { KeyId = one, Plaintext = Base64("x"), EncryptionContext = new { a = "1" } }))["CiphertextBlob"];

        var moved = await Root.KmsAsync("ReEncrypt", new
        {
            CiphertextBlob = blob,
            SourceEncryptionContext = new { a = "1" },
            DestinationKeyId = two,
            DestinationEncryptionContext = new { b = "2" },
        });

        Assert.Equal((KeyArn(one), KeyArn(two)), ((string)moved["SourceKeyId"]!, (string)moved["KeyId"]!));
        Assert.Equal(Base64("x"), (string?)(await Root.KmsAsync("Decrypt", new { CiphertextBlob = (string?)moved["CiphertextBlob"], EncryptionContext = new { b = "2" } }))["Plaintext"]);
        await Root.KmsFailsAsync("ReEncrypt", new { CiphertextBlob = blob, DestinationKeyId = two }, "InvalidCiphertextException");
        var half = await server.NewUserAsync("half", Allow("kms:ReEncryptFrom"));
        Assert.Contains(
            $"kms:ReEncryptTo on resource: {KeyArn(two)}",
            await half.KmsFailsAsync("ReEncrypt", new { CiphertextBlob = blob, SourceEncryptionContext = new { a = "1" }, DestinationKeyId = two }, "AccessDeniedException"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Random_bytes_come_in_the_number_asked_for()
    {
        Assert.Equal(33, Convert.FromBase64String((string)(await Root.KmsAsync("GenerateRandom", new { NumberOfBytes = 33 }))["Plaintext"]!).Length);
        Assert.Equal("NumberOfBytes is required.", await Root.KmsFailsAsync("GenerateRandom", new { }, "ValidationException"));
    }

    [Fact]
    public async Task A_user_without_permissions_may_do_none_of_it()
    {
        var key = await Root.NewKeyAsync();
        await Root.KmsAsync("CreateAlias", new { AliasName = "alias/a", TargetKeyId = key });
        var grant = (string)(await Root.KmsAsync(
            "CreateGrant", new { KeyId = key, GranteePrincipal = $"arn:aws:iam::{RunningServer.Account}:root", Operations = new[] { "Decrypt" } }))["GrantId"]!;
        var user = await server.NewUserAsync("nobody");
        foreach (var operation in new[]
            {
                "CancelKeyDeletion", "DisableKey", "DisableKeyRotation", "EnableKey", "EnableKeyRotation", "GetKeyPolicy", "GetKeyRotationStatus", "ListGrants",
                "ListKeyPolicies", "ListKeyRotations", "ListResourceTags", "RotateKeyOnDemand", "ScheduleKeyDeletion",
            })
            await DeniedAsync(operation, new { KeyId = key }, KeyArn(key));

        await DeniedAsync("RevokeGrant", new { KeyId = key, GrantId = grant }, KeyArn(key));
        await DeniedAsync("RetireGrant", new { KeyId = key, GrantId = grant }, KeyArn(key));
        await DeniedAsync("CreateGrant", new { KeyId = key, GranteePrincipal = "arn:aws:iam::111122223333:user/nobody", Operations = new[] { "Decrypt" } }, KeyArn(key));
        await DeniedAsync("PutKeyPolicy", new { KeyId = key, Policy = "{}" }, KeyArn(key));
        await DeniedAsync("TagResource", new { KeyId = key, Tags = Array.Empty<object>() }, KeyArn(key));
        await DeniedAsync("UntagResource", new { KeyId = key, TagKeys = new[] { "a" } }, KeyArn(key));
        await DeniedAsync("UpdateKeyDescription", new { KeyId = key, Description = "" }, KeyArn(key));
        await DeniedAsync("UpdateAlias", new { AliasName = "alias/a", TargetKeyId = key }, "arn:aws:kms:us-east-1:111122223333:alias/a");
        await DeniedAsync("DeleteAlias", new { AliasName = "alias/a" }, "arn:aws:kms:us-east-1:111122223333:alias/a");
        foreach (var operation in new[] { "ListKeys", "ListAliases", "GenerateRandom" })
            await DeniedAsync(operation, new { NumberOfBytes = 1 }, "*");
        await DeniedAsync("ListRetirableGrants", new { RetiringPrincipal = "arn:aws:iam::111122223333:root" }, "*");

        async Task DeniedAsync(string operation, object parameters, string resource) => Assert.Equal(
            $"User: arn:aws:iam::111122223333:user/nobody is not authorized to perform: kms:{operation} on resource: {resource} because no identity-based policy allows the kms:{operation} action",
            await user.KmsFailsAsync(operation, parameters, "AccessDeniedException"));
    }

    [Fact]
    public async Task An_alias_needs_permission_on_alias_and_key()
    {
        var key = await Root.NewKeyAsync();
        var onAlias = await server.NewUserAsync("on-alias", Allow("kms:CreateAlias", "arn:aws:kms:us-east-1:111122223333:alias/*"));
        var onKey = await server.NewUserAsync("on-key", Allow("kms:CreateAlias", KeyArn(key)));

        Assert.Contains(KeyArn(key), await onAlias.KmsFailsAsync("CreateAlias", new { AliasName = "alias/a", TargetKeyId = key }, "AccessDeniedException"), StringComparison.Ordinal);
        Assert.Contains("alias/a", await onKey.KmsFailsAsync("CreateAlias", new { AliasName = "alias/a", TargetKeyId = key }, "AccessDeniedException"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_key_that_AWS_manages_is_nobodys_to_change()
    {
        var key = (string)(await Root.KmsAsync("DescribeKey", new { KeyId = "alias/aws/secretsmanager" }))["KeyMetadata"]!["KeyId"]!;

        Assert.Equal("auto-secretsmanager-2", (string?)JsonNode.Parse((string)(await Root.KmsAsync("GetKeyPolicy", new { KeyId = key }))["Policy"]!)!["Id"]);
        foreach (var operation in new[] { "DisableKey", "ScheduleKeyDeletion", "RotateKeyOnDemand", "DisableKeyRotation" })
            await Root.KmsFailsAsync(operation, new { KeyId = key }, "AccessDeniedException");
        await Root.KmsFailsAsync("Encrypt", new { KeyId = key, Plaintext = Base64("x") }, "AccessDeniedException");
        Assert.True((bool)(await Root.KmsAsync("GetKeyRotationStatus", new { KeyId = key }))["KeyRotationEnabled"]!);
    }

    private async Task<string> MaterialAsync(string key) => (string)(await Root.KmsAsync("DescribeKey", new { KeyId = key }))["KeyMetadata"]!["CurrentKeyMaterialId"]!;

    /// <summary>Lets time pass and waits for what the background job then does.</summary>
    private Task PassAsync(TimeSpan time, string eventName)
    {
        server.Time.Advance(time);
        return Eventually.ComesAsync(
            $"a record of {eventName}", () => server.Records().Any(r => (string?)r["eventName"] == eventName), () => server.Time.Advance(TimeSpan.FromSeconds(30)));
    }
}
