namespace Strongroom.Conformance.Tests.Behaviour;

/// <summary>Roles, policies, attachments and OpenID Connect providers, as people and programs use them: made, read, changed, deleted.</summary>
public sealed class IamAccessTests(SharedServer server)
{
    private const string Read = """{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}]}""";

    private readonly string name = $"t{Guid.NewGuid():N}";

    [Theory]
    [InlineData(ClientNames.Cli)]
    [InlineData(ClientNames.Boto3)]
    public async Task A_role_with_its_policies(string client)
    {
        var account = (await server.Client(client).CallAsync("GetCallerIdentity", [], service: "sts")).Ok.Text("Account");
        var trust = $$"""{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::{{account}}:root"}, "Action": "sts:AssumeRole"}]}""";

        var made = (await IamAsync(client, "CreateRole", new()
        {
            ["RoleName"] = name,
            ["Path"] = "/t/",
            ["AssumeRolePolicyDocument"] = trust,
            ["Description"] = "reads, writes & more",
            ["MaxSessionDuration"] = 7200,
            ["Tags"] = new JsonArray(new JsonObject { ["Key"] = "team", ["Value"] = "a b" }),
        }))["Role"]!.AsObject();
        Assert.Equal($"arn:aws:iam::{account}:role/t/{name}", made.Text("Arn"));
        var policy = (await IamAsync(client, "CreatePolicy", new() { ["PolicyName"] = name, ["PolicyDocument"] = Read }))["Policy"]!.AsObject().Text("Arn");
        await IamAsync(client, "AttachRolePolicy", new() { ["RoleName"] = name, ["PolicyArn"] = policy });
        await IamAsync(client, "PutRolePolicy", new() { ["RoleName"] = name, ["PolicyName"] = "inline", ["PolicyDocument"] = Read });
        await IamAsync(client, "CreatePolicyVersion", new() { ["PolicyArn"] = policy, ["PolicyDocument"] = Read, ["SetAsDefault"] = true });

        var role = (await IamAsync(client, "GetRole", new() { ["RoleName"] = name }))["Role"]!.AsObject();
        Assert.Equal(("reads, writes & more", 7200), (role.Text("Description"), role["MaxSessionDuration"]!.GetValue<int>()));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(trust), role["AssumeRolePolicyDocument"]));
        Assert.Equal("a b", role["Tags"]![0]!.AsObject().Text("Value"));
        var inline = await IamAsync(client, "GetRolePolicy", new() { ["RoleName"] = name, ["PolicyName"] = "inline" });
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Read), inline["PolicyDocument"]));
        var version = await IamAsync(client, "GetPolicyVersion", new() { ["PolicyArn"] = policy, ["VersionId"] = "v2" });
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Read), version["PolicyVersion"]!["Document"]));
        Assert.Equal(name, (await IamAsync(client, "ListEntitiesForPolicy", new() { ["PolicyArn"] = policy }))["PolicyRoles"]![0]!.AsObject().Text("RoleName"));
        Assert.Equal(policy, (await IamAsync(client, "ListAttachedRolePolicies", new() { ["RoleName"] = name }))["AttachedPolicies"]![0]!.AsObject().Text("PolicyArn"));

        (await CallAsync(client, "DeleteRole", new() { ["RoleName"] = name })).Fails("DeleteConflict", "Cannot delete entity, must detach all policies first.");
        await IamAsync(client, "DetachRolePolicy", new() { ["RoleName"] = name, ["PolicyArn"] = policy });
        await IamAsync(client, "DeleteRolePolicy", new() { ["RoleName"] = name, ["PolicyName"] = "inline" });
        await IamAsync(client, "DeletePolicyVersion", new() { ["PolicyArn"] = policy, ["VersionId"] = "v1" });
        await IamAsync(client, "DeletePolicy", new() { ["PolicyArn"] = policy });
        await IamAsync(client, "DeleteRole", new() { ["RoleName"] = name });
        (await CallAsync(client, "GetRole", new() { ["RoleName"] = name })).Fails("NoSuchEntity", $"The role with name {name} cannot be found.");
    }

    [Theory]
    [InlineData(ClientNames.Cli)]
    [InlineData(ClientNames.Boto3)]
    public async Task A_provider_with_its_clients(string client)
    {
        var arn = (await IamAsync(client, "CreateOpenIDConnectProvider", new()
        {
            ["Url"] = $"https://{name}.example.com/id",
            ["ClientIDList"] = new JsonArray("sts.amazonaws.com"),
        })).Text("OpenIDConnectProviderArn");
        await IamAsync(client, "AddClientIDToOpenIDConnectProvider", new() { ["OpenIDConnectProviderArn"] = arn, ["ClientID"] = "app" });
        await IamAsync(client, "TagOpenIDConnectProvider", new() { ["OpenIDConnectProviderArn"] = arn, ["Tags"] = new JsonArray(new JsonObject { ["Key"] = "a", ["Value"] = "" }) });

        var provider = await IamAsync(client, "GetOpenIDConnectProvider", new() { ["OpenIDConnectProviderArn"] = arn });
        Assert.Equal($"{name}.example.com/id", provider.Text("Url"));
        Assert.Equal(["sts.amazonaws.com", "app"], provider["ClientIDList"]!.AsArray().Select(id => id!.GetValue<string>()));
        Assert.Equal("", provider["Tags"]![0]!.AsObject().Text("Value"));

        await IamAsync(client, "DeleteOpenIDConnectProvider", new() { ["OpenIDConnectProviderArn"] = arn });
        (await CallAsync(client, "GetOpenIDConnectProvider", new() { ["OpenIDConnectProviderArn"] = arn })).Fails("NoSuchEntity", $"OpenIDConnect Provider not found for arn {arn}");
    }

    private async Task<JsonObject> IamAsync(string client, string operation, JsonObject parameters) => (await CallAsync(client, operation, parameters)).Ok;

    private Task<Answer> CallAsync(string client, string operation, JsonObject parameters) => server.Client(client).CallAsync(operation, parameters, service: "iam");
}
