namespace Strongroom.Conformance.Tests.Operations;

/// <summary>IAM's users, groups, keys and simulations as the AWS CLI and boto3 drive them.</summary>
public sealed class IamTests(SharedServer server) : OperationTest(server)
{
    private readonly string user = $"u-{Guid.NewGuid():N}";
    private readonly string group = $"g-{Guid.NewGuid():N}";

    public static TheoryData<string> Clients => [ClientNames.Cli, ClientNames.Boto3];

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task A_user_lives_from_its_creation_to_its_deletion(string client)
    {
        var made = (await IamAsync(client, "CreateUser", new() { ["UserName"] = user, ["Path"] = "/team/", ["Tags"] = Json.Tags(("team", "a")) }))["User"]!.AsObject();
        Assert.EndsWith($":user/team/{user}", made.Text("Arn"), StringComparison.Ordinal);
        await IamAsync(client, "TagUser", new() { ["UserName"] = user, ["Tags"] = Json.Tags(("stage", "b")) });
        await IamAsync(client, "UntagUser", new() { ["UserName"] = user, ["TagKeys"] = Json.Array("team") });
        Assert.Equal("stage", (await IamAsync(client, "ListUserTags", new() { ["UserName"] = user }))["Tags"]!.AsArray().Single()!.AsObject().Text("Key"));

        await IamAsync(client, "CreateGroup", new() { ["GroupName"] = group });
        await IamAsync(client, "AddUserToGroup", new() { ["GroupName"] = group, ["UserName"] = user });
        Assert.Equal(user, (await IamAsync(client, "GetGroup", new() { ["GroupName"] = group }))["Users"]!.AsArray().Single()!.AsObject().Text("UserName"));
        await IamAsync(client, "UpdateGroup", new() { ["GroupName"] = group, ["NewGroupName"] = group + "x" });
        Assert.Equal(group + "x", (await IamAsync(client, "ListGroupsForUser", new() { ["UserName"] = user }))["Groups"]!.AsArray().Single()!.AsObject().Text("GroupName"));
        (await CallAsync(client, "DeleteGroup", new() { ["GroupName"] = group + "x" }, service: "iam")).Fails("DeleteConflict", "Cannot delete entity, must remove users from group first.");

        var key = (await IamAsync(client, "CreateAccessKey", new() { ["UserName"] = user }))["AccessKey"]!.AsObject().Text("AccessKeyId");
        await IamAsync(client, "UpdateAccessKey", new() { ["UserName"] = user, ["AccessKeyId"] = key, ["Status"] = "Inactive" });
        Assert.Equal("Inactive", (await IamAsync(client, "ListAccessKeys", new() { ["UserName"] = user }))["AccessKeyMetadata"]!.AsArray().Single()!.AsObject().Text("Status"));
        Assert.Equal("N/A", (await IamAsync(client, "GetAccessKeyLastUsed", new() { ["AccessKeyId"] = key }))["AccessKeyLastUsed"]!.AsObject().Text("ServiceName"));
        await IamAsync(client, "RemoveUserFromGroup", new() { ["GroupName"] = group + "x", ["UserName"] = user });
        (await CallAsync(client, "DeleteUser", new() { ["UserName"] = user }, service: "iam")).Fails("DeleteConflict", "Cannot delete entity, must delete access keys first.");
        await IamAsync(client, "DeleteAccessKey", new() { ["UserName"] = user, ["AccessKeyId"] = key });
        await IamAsync(client, "DeleteGroup", new() { ["GroupName"] = group + "x" });
        await IamAsync(client, "DeleteUser", new() { ["UserName"] = user });
        (await CallAsync(client, "GetUser", new() { ["UserName"] = user }, service: "iam")).Fails("NoSuchEntity", $"The user with name {user} cannot be found.");
    }

    [Theory]
    [MemberData(nameof(Clients))]
    public async Task A_simulation_says_what_is_allowed_and_what_it_lacked(string client)
    {
        var made = (await IamAsync(client, "CreateUser", new() { ["UserName"] = user }))["User"]!.AsObject();
        const string Policy = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"secretsmanager:Get*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}]}""";
        JsonObject Question(JsonArray context) => new()
        {
            ["PolicySourceArn"] = made.Text("Arn"),
            ["ActionNames"] = Json.Array("secretsmanager:GetSecretValue"),
            ["PolicyInputList"] = Json.Array(Policy),
            ["ContextEntries"] = context,
        };

        var without = (await IamAsync(client, "SimulatePrincipalPolicy", Question([])))["EvaluationResults"]!.AsArray().Single()!.AsObject();
        Assert.Equal(("implicitDeny", "aws:SourceIp"), (without.Text("EvalDecision"), without["MissingContextValues"].Sorted()));
        var with = (await IamAsync(client, "SimulatePrincipalPolicy", Question(
            [new JsonObject { ["ContextKeyName"] = "aws:SourceIp", ["ContextKeyType"] = "ip", ["ContextKeyValues"] = Json.Array("10.1.2.3") }])))["EvaluationResults"]!.AsArray().Single()!.AsObject();
        Assert.Equal("allowed", with.Text("EvalDecision"));
        Assert.Equal("PolicyInputList.1", with["MatchedStatements"]!.AsArray().Single()!.AsObject().Text("SourcePolicyId"));
        Assert.Equal("aws:SourceIp", (await IamAsync(client, "GetContextKeysForCustomPolicy", new() { ["PolicyInputList"] = Json.Array(Policy) }))["ContextKeyNames"].Sorted());
    }

    private async Task<JsonObject> IamAsync(string client, string operation, JsonObject parameters) => (await CallAsync(client, operation, parameters, service: "iam")).Ok;
}
