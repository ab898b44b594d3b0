using Strongroom.Conformance.Tests.Operations;

namespace Strongroom.Conformance.Tests.Behaviour;

/// <summary>AWS's own error texts, over the wire. Source: API fact sheet, the sections named at each test.</summary>
public sealed class ErrorTextTests(SharedServer server) : OperationTest(server)
{
    private const string NotFound = "Secrets Manager can't find the specified secret.";
    private const string Marked = "You can't perform this operation on the secret because it was marked for deletion.";
    private const string Replica = "Operation not permitted on a replica secret. Call must be made in primary secret's region.";
    private const string BadName = "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!";
    private const string NoToken = "You must provide a ClientRequestToken value. We recommend a UUID-type value.";

    /// <summary>Each operation on one secret, with parameters that are right but for the secret.</summary>
    private static readonly Dictionary<string, string> OnOneSecret = new(StringComparer.Ordinal)
    {
        ["CancelRotateSecret"] = "{}",
        ["DeleteResourcePolicy"] = "{}",
        ["DeleteSecret"] = "{}",
        ["DescribeSecret"] = "{}",
        ["GetResourcePolicy"] = "{}",
        ["GetSecretValue"] = "{}",
        ["ListSecretVersionIds"] = "{}",
        ["PutResourcePolicy"] = """{"ResourcePolicy":"{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"secretsmanager:DeleteSecret\",\"Resource\":\"*\"}}"}""",
        ["PutSecretValue"] = """{"SecretString":"s","ClientRequestToken":"00000000-0000-0000-0000-000000000001"}""",
        ["RemoveRegionsFromReplication"] = """{"RemoveReplicaRegions":["eu-west-1"]}""",
        ["ReplicateSecretToRegions"] = """{"AddReplicaRegions":[{"Region":"eu-west-1"}]}""",
        ["RestoreSecret"] = "{}",
        ["RotateSecret"] = """{"ClientRequestToken":"00000000-0000-0000-0000-000000000001"}""",
        ["StopReplicationToReplica"] = "{}",
        ["TagResource"] = """{"Tags":[{"Key":"a","Value":"b"}]}""",
        ["UntagResource"] = """{"TagKeys":["a"]}""",
        ["UpdateSecret"] = """{"Description":"d"}""",
        ["UpdateSecretVersionStage"] = """{"VersionStage":"L","MoveToVersionId":"00000000-0000-0000-0000-000000000001"}""",
        ["ValidateResourcePolicy"] = """{"ResourcePolicy":"{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"secretsmanager:DeleteSecret\",\"Resource\":\"*\"}}"}""",
    };

    public static TheoryData<string> OperationsOnOneSecret => [.. OnOneSecret.Keys];

    // 2.9: describing and listing versions stay possible, restoring is the way back.
    public static TheoryData<string> RefusedWhenMarked => [.. OnOneSecret.Keys.Except(["DescribeSecret", "ListSecretVersionIds", "RestoreSecret"])];

    // 8.3
    public static TheoryData<string> RefusedOnReplica =>
    [
        "UpdateSecret", "PutSecretValue", "UpdateSecretVersionStage", "RotateSecret", "CancelRotateSecret", "DeleteSecret", "RestoreSecret",
        "PutResourcePolicy", "DeleteResourcePolicy", "TagResource", "UntagResource", "ReplicateSecretToRegions", "RemoveRegionsFromReplication",
    ];

    private static JsonObject Parameters(string operation, string secretId)
    {
        var parameters = JsonNode.Parse(OnOneSecret[operation])!.AsObject();
        parameters["SecretId"] = secretId;
        return parameters;
    }

    [Theory, MemberData(nameof(OperationsOnOneSecret))]
    public async Task A_missing_secret_is_the_same_to_every_operation(string operation) =>
        (await RawAsync(operation, Parameters(operation, Name))).Fails("ResourceNotFoundException", NotFound);

    [Theory, MemberData(nameof(OperationsOnOneSecret))]
    public async Task A_name_with_a_space_is_invalid_and_not_missing(string operation) =>
        (await RawAsync(operation, Parameters(operation, "not a name"))).Fails("ValidationException", BadName);

    [Theory, MemberData(nameof(OperationsOnOneSecret))]
    public async Task An_empty_SecretId_is_too_short(string operation) =>
        (await RawAsync(operation, Parameters(operation, ""))).Fails(
            "ValidationException",
            "1 validation error detected: Value '' at 'secretId' failed to satisfy constraint: Member must have length greater than or equal to 1");

    [Theory, MemberData(nameof(RefusedWhenMarked))]
    public async Task A_marked_secret_is_refused(string operation)
    {
        await CreateAsync();
        _ = (await RawAsync("DeleteSecret", new() { ["SecretId"] = Name })).Ok;

        (await RawAsync(operation, Parameters(operation, Name))).Fails("InvalidRequestException", Marked);
    }

    [Theory, MemberData(nameof(RefusedOnReplica))]
    public async Task A_replica_is_changed_through_its_primary_only(string operation)
    {
        await CreateAsync();
        _ = (await RawAsync("ReplicateSecretToRegions", Parameters("ReplicateSecretToRegions", Name))).Ok;

        (await RawAsync(operation, Parameters(operation, Name), "eu-west-1")).Fails("InvalidParameterException", Replica);
    }

    [Fact] // 2.6
    public async Task A_missing_token_is_noticed_before_a_missing_secret()
    {
        (await RawAsync("CreateSecret", new() { ["Name"] = Name, ["SecretString"] = "s" })).Fails("InvalidRequestException", NoToken);
        (await RawAsync("PutSecretValue", new() { ["SecretId"] = Name, ["SecretString"] = "s" })).Fails("InvalidRequestException", NoToken);
        (await RawAsync("UpdateSecret", new() { ["SecretId"] = Name, ["SecretString"] = "s" })).Fails("InvalidRequestException", NoToken);
        (await RawAsync("RotateSecret", new() { ["SecretId"] = Name })).Fails("InvalidParameterException", NoToken);
    }

    [Fact] // 2.6
    public async Task A_token_belongs_to_one_value()
    {
        var (arn, token) = await CreateAsync(value: "s1");
        var clash = $"You can't use ClientRequestToken {token} because that value is already in use for a version of secret {arn}.";
        JsonObject With(string id, string kind, string value) => new() { [id] = Name, [kind] = value, ["ClientRequestToken"] = token };

        Assert.Equal(
            $$"""{"ARN":"{{arn}}","Name":"{{Name}}","VersionId":"{{token}}"}""",
            (await RawAsync("CreateSecret", With("Name", "SecretString", "s1"))).Ok.ToJsonString());
        (await RawAsync("CreateSecret", With("Name", "SecretString", "s2"))).Fails("ResourceExistsException", clash);
        Assert.Equal("AWSCURRENT", (await RawAsync("PutSecretValue", With("SecretId", "SecretString", "s1"))).Ok["VersionStages"].Sorted());
        (await RawAsync("PutSecretValue", With("SecretId", "SecretString", "s2"))).Fails("ResourceExistsException", clash);
        (await RawAsync("PutSecretValue", With("SecretId", "SecretBinary", "czE="))).Fails("ResourceExistsException", clash);
        Assert.Equal(token, (await RawAsync("UpdateSecret", With("SecretId", "SecretString", "s1"))).Ok.Text("VersionId"));
        (await RawAsync("UpdateSecret", With("SecretId", "SecretString", "s2"))).Fails("ResourceExistsException", clash);
        var versions = (await RawAsync("ListSecretVersionIds", new() { ["SecretId"] = Name, ["IncludeDeprecated"] = true })).Ok;
        Assert.Single(versions["Versions"]!.AsArray());
    }

    [Fact] // 2.6, without values
    public async Task Creating_a_name_again_without_a_value_is_refused()
    {
        var parameters = new JsonObject { ["Name"] = Name, ["ClientRequestToken"] = NewToken() };
        _ = (await RawAsync("CreateSecret", parameters)).Ok;

        (await RawAsync("CreateSecret", parameters)).Fails("ResourceExistsException", $"The operation failed because the secret {Name} already exists.");
    }

    [Fact] // 3.3, 3.13
    public async Task One_value_and_one_only()
    {
        await CreateAsync();
        var both = new JsonObject { ["SecretId"] = Name, ["SecretString"] = "a", ["SecretBinary"] = "YQ==", ["ClientRequestToken"] = NewToken() };
        const string Text = "You can't specify both a binary secret value and a string secret value in the same secret.";

        (await RawAsync("PutSecretValue", both)).Fails("InvalidParameterException", Text);
        (await RawAsync("UpdateSecret", both)).Fails("InvalidParameterException", Text);
        both["Name"] = Name + "-new";
        (await RawAsync("CreateSecret", both)).Fails("InvalidParameterException", Text);
        (await RawAsync("PutSecretValue", new() { ["SecretId"] = Name, ["ClientRequestToken"] = NewToken() }))
            .Fails("InvalidRequestException", "You must provide either SecretString or SecretBinary.");
    }

    [Fact] // 3.3
    public async Task A_marked_name_is_taken()
    {
        await CreateAsync();
        _ = (await RawAsync("DeleteSecret", new() { ["SecretId"] = Name })).Ok;

        (await RawAsync("CreateSecret", new() { ["Name"] = Name })).Fails(
            "InvalidRequestException", "You can't create this secret because a secret with this name is already scheduled for deletion.");
    }

    [Fact] // 3.9
    public async Task What_GetSecretValue_cannot_find_is_named()
    {
        var (_, v1) = await CreateAsync();
        await PutAsync("s2");
        var unknown = NewToken();

        (await RawAsync("GetSecretValue", new() { ["SecretId"] = Name, ["VersionStage"] = "NOPE" }))
            .Fails("ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: NOPE");
        (await RawAsync("GetSecretValue", new() { ["SecretId"] = Name, ["VersionId"] = unknown }))
            .Fails("ResourceNotFoundException", $"Secrets Manager can't find the specified secret value for VersionId: {unknown}");
        (await RawAsync("GetSecretValue", new() { ["SecretId"] = Name, ["VersionId"] = v1, ["VersionStage"] = "AWSCURRENT" }))
            .Fails("InvalidRequestException", "You provided a VersionStage that is not associated to the provided VersionId.");
        _ = (await RawAsync("CreateSecret", new() { ["Name"] = Name + "/empty" })).Ok;
        (await RawAsync("GetSecretValue", new() { ["SecretId"] = Name + "/empty" }))
            .Fails("ResourceNotFoundException", "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT");
    }

    [Fact] // 3.22
    public async Task Moving_a_label_has_its_rules()
    {
        var (_, v1) = await CreateAsync();
        var v2 = await PutAsync("s2");
        var unknown = NewToken();
        Task<Answer> Move(string label, string? from, string? to)
        {
            var parameters = new JsonObject { ["SecretId"] = Name, ["VersionStage"] = label };
            if (from is not null)
                parameters["RemoveFromVersionId"] = from;
            if (to is not null)
                parameters["MoveToVersionId"] = to;
            return RawAsync("UpdateSecretVersionStage", parameters);
        }

        (await Move("AWSCURRENT", null, v1)).Fails(
            "InvalidParameterException",
            $"The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently attached to version {v2}, so you must explicitly reference that version in RemoveFromVersionId.");
        (await Move("AWSCURRENT", v1, v1)).Fails(
            "InvalidParameterException",
            "When you move staging label AWSCURRENT, if you specify RemoveFromVersionId, it must be set to the version that currently has the staging label AWSCURRENT.");
        (await Move("AWSCURRENT", v2, null)).Fails(
            "InvalidParameterException", "You can only move staging label AWSCURRENT to a different secret version. It can’t be completely removed.");
        (await Move("L", null, unknown)).Fails("ResourceNotFoundException", $"Secrets Manager can't find the specified secret value for VersionId: {unknown}");
        (await Move("L", null, null)).Fails("InvalidParameterException");
        Assert.Equal("v1: AWSPREVIOUS; v2: AWSCURRENT", await LabelsAsync(v1, v2));
        _ = (await Move("AWSPREVIOUS", v1, null)).Ok;
        _ = (await Move("L", null, v1)).Ok;
        _ = (await Move("L", v1, v2)).Ok;
        Assert.Equal("AWSCURRENT L", (await GetAsync())["VersionStages"].Sorted());
    }

    [Fact] // 3.5, 2.10
    public async Task Deleting_has_its_rules()
    {
        var (arn, _) = await CreateAsync();
        const string Window = "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).";

        foreach (var days in (int[])[0, 6, 31])
            (await RawAsync("DeleteSecret", new() { ["SecretId"] = Name, ["RecoveryWindowInDays"] = days })).Fails("InvalidParameterException", Window);
        (await RawAsync("DeleteSecret", new() { ["SecretId"] = Name, ["RecoveryWindowInDays"] = 7, ["ForceDeleteWithoutRecovery"] = true }))
            .Fails("InvalidParameterException", "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.");
        _ = (await RawAsync("ReplicateSecretToRegions", Parameters("ReplicateSecretToRegions", Name))).Ok;
        (await RawAsync("DeleteSecret", new() { ["SecretId"] = Name }))
            .Fails("InvalidParameterException", $"You can't delete secret {arn} that still has replica regions [eu-west-1]");
    }

    [Fact] // 8.4
    public async Task Replicating_has_its_rules()
    {
        await CreateAsync();
        await CreateAsync(region: "eu-west-1", value: "of its own");
        JsonObject To(string region, bool force = false) => new()
        {
            ["SecretId"] = Name, ["AddReplicaRegions"] = new JsonArray(new JsonObject { ["Region"] = region }), ["ForceOverwriteReplicaSecret"] = force,
        };

        (await RawAsync("ReplicateSecretToRegions", To("us-east-1"))).Fails("InvalidParameterException", "Invalid replica region.");
        _ = (await RawAsync("ReplicateSecretToRegions", To("eu-west-1"))).Ok;
        var failed = Assert.Single((await DescribeAsync())["ReplicationStatus"]!.AsArray())!.AsObject();
        Assert.Equal(
            ("Failed", $"Replication failed: Secret name {Name} already exists in region eu-west-1."), (failed.Text("Status"), failed.Text("StatusMessage")));
        Assert.Equal("of its own", (await GetAsync(region: "eu-west-1")).Text("SecretString"));
        _ = (await RawAsync("ReplicateSecretToRegions", To("eu-west-1", force: true))).Ok;
        var done = Assert.Single((await DescribeAsync())["ReplicationStatus"]!.AsArray())!.AsObject();
        Assert.Equal(("InSync", "Replication succeeded"), (done.Text("Status"), done.Text("StatusMessage")));
        Assert.Equal("s1", (await GetAsync(region: "eu-west-1")).Text("SecretString"));
    }

    [Fact] // 5
    public async Task Impossible_passwords_are_refused_in_AWSs_words()
    {
        (await RawAsync("GetRandomPassword", new() { ["ExcludeCharacters"] = "0123456789" }))
            .Fails("InvalidParameterException", "All characters of the desired type have been excluded");
        (await RawAsync("GetRandomPassword", new()
        {
            ["ExcludeLowercase"] = true, ["ExcludeUppercase"] = true, ["ExcludeNumbers"] = true, ["ExcludePunctuation"] = true,
        })).Fails("InvalidParameterException", "All characters have been excluded from selection");
        (await RawAsync("GetRandomPassword", new() { ["PasswordLength"] = 4097 })).Fails(
            "ValidationException",
            "1 validation error detected: Value '4097' at 'passwordLength' failed to satisfy constraint: Member must have value less than or equal to 4096");
        (await RawAsync("GetRandomPassword", new() { ["PasswordLength"] = 0 })).Fails(
            "ValidationException",
            "1 validation error detected: Value '0' at 'passwordLength' failed to satisfy constraint: Member must have value greater than or equal to 1");
        Assert.Equal(3, (await RawAsync("GetRandomPassword", new() { ["PasswordLength"] = 3, ["RequireEachIncludedType"] = false })).Ok.Text("RandomPassword").Length);
    }

    [Fact] // 7
    public async Task Policies_are_checked()
    {
        await CreateAsync();
        Task<Answer> Put(string policy) => RawAsync("PutResourcePolicy", new() { ["SecretId"] = Name, ["ResourcePolicy"] = policy });

        (await Put("""{"Version":"2012-10-18","Statement":{"Effect":"Deny","Principal":"*","Action":"secretsmanager:*","Resource":"*"}}"""))
            .Fails("MalformedPolicyDocumentException", "This policy has invalid syntax.");
        (await Put("not json")).Fails("MalformedPolicyDocumentException", "This policy has invalid syntax.");
        var longest = """{"Version":"2012-10-17","Statement":{"Sid":"PAD","Effect":"Deny","Principal":"*","Action":"secretsmanager:DeleteSecret","Resource":"*"}}""";
        longest = longest.Replace("PAD", new string('a', 20_480 - longest.Length + 3), StringComparison.Ordinal);
        _ = (await Put(longest)).Ok;
        Assert.EndsWith("Member must have length less than or equal to 20480", (await Put(longest + " ")).Message, StringComparison.Ordinal);
    }

    [Fact] // 6, 3.1
    public async Task Filters_and_lists_are_checked()
    {
        var unknown = await RawAsync("ListSecrets", new() { ["Filters"] = new JsonArray(new JsonObject { ["Key"] = "invalid", ["Values"] = Json.Array("a") }) });
        Assert.Equal("ValidationException", unknown.Code);
        Assert.StartsWith(
            "1 validation error detected: Value 'invalid' at 'filters.1.member.key' failed to satisfy constraint: Member must satisfy enum value set: [",
            unknown.Message, StringComparison.Ordinal);
        (await RawAsync("BatchGetSecretValue", [])).Fails("InvalidParameterException", "Either 'SecretIdList' or 'Filters' must be provided, but not both.");
        (await RawAsync("BatchGetSecretValue", new() { ["SecretIdList"] = Json.Array("a"), ["MaxResults"] = 1 }))
            .Fails("InvalidParameterException", "'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is provided.");
        (await RawAsync("GetSecretValue", [])).Fails(
            "ValidationException", "1 validation error detected: Value null at 'secretId' failed to satisfy constraint: Member must not be null");
    }

    [Fact] // 1.5
    public async Task Wrong_types_are_named()
    {
        (await RawAsync("GetSecretValue", new() { ["SecretId"] = 1 })).Fails("SerializationException", "NUMBER_VALUE can not be converted to a String");
        (await RawAsync("GetSecretValue", new() { ["SecretId"] = true })).Fails("SerializationException", "TRUE_VALUE can not be converted to a String");
        (await RawAsync("GetSecretValue", new() { ["SecretId"] = new JsonObject() }))
            .Fails("SerializationException", "Start of structure or map found where not expected.");
        (await RawAsync("PutSecretValue", new() { ["SecretId"] = Name, ["SecretBinary"] = "no base64!", ["ClientRequestToken"] = NewToken() })).Fails("SerializationException");
    }

    [Fact] // 2.8
    public async Task Quotas_hold_at_their_exact_bounds()
    {
        await CreateAsync();
        JsonObject Value(int bytes) => new() { ["SecretId"] = Name, ["SecretString"] = new string('x', bytes), ["ClientRequestToken"] = NewToken() };
        JsonObject Tags(int count) => new() { ["SecretId"] = Name, ["Tags"] = Json.Tags(Enumerable.Range(0, count).Select(i => ($"k{i}", "v"))) };

        _ = (await RawAsync("PutSecretValue", Value(65_536))).Ok;
        Assert.Equal(65_536, (await GetAsync()).Text("SecretString").Length);
        (await RawAsync("PutSecretValue", Value(65_537))).Fails(
            "ValidationException",
            "1 validation error detected: Value at 'secretString' failed to satisfy constraint: Member must have length less than or equal to 65536");
        var characters = Value(1);
        characters["SecretString"] = new string('ü', 32_769);
        (await RawAsync("PutSecretValue", characters)).Fails("ValidationException");
        _ = (await RawAsync("TagResource", Tags(50))).Ok;
        (await RawAsync("TagResource", Tags(51))).Fails("InvalidParameterException");
        (await RawAsync("TagResource", new() { ["SecretId"] = Name, ["Tags"] = Json.Tags(("aws:x", "v")) })).Fails("InvalidParameterException");
        await PutAsync("s3", [.. Enumerable.Range(0, 18).Select(i => $"L{i}")]);
        (await RawAsync("PutSecretValue", new()
        {
            ["SecretId"] = Name, ["SecretString"] = "s4", ["ClientRequestToken"] = NewToken(), ["VersionStages"] = Json.Array("M1", "M2"),
        })).Fails("LimitExceededException");
    }
}
