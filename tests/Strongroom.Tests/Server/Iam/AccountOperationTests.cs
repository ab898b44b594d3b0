namespace Strongroom.Tests.Server.Iam;

/// <summary>IAM's operations on the account as a whole.</summary>
public sealed class AccountOperationTests : IAsyncLifetime
{
    private RunningServer server = null!;

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task The_summary_counts()
    {
        await server.Root.IamAsync("CreateUser", ("UserName", "a"));
        await server.Root.IamAsync("CreateUser", ("UserName", "b"));
        await server.Root.IamAsync("CreateGroup", ("GroupName", "ops"));
        foreach (var policy in new[] { "one", "two" })
            await server.Root.IamAsync("CreatePolicy", ("PolicyName", policy), ("PolicyDocument", IamCalls.Read));
        await server.Root.IamAsync("CreatePolicyVersion", ("PolicyArn", "arn:aws:iam::111122223333:policy/two"), ("PolicyDocument", IamCalls.Read));

        var map = (await server.Root.IamAsync("GetAccountSummary")).Element("SummaryMap")!.Elements("entry").ToDictionary(e => e.Element("key")!.Value, e => e.Element("value")!.Value);

        Assert.Equal(("2", "1", "0", "1"), (map["Users"], map["Groups"], map["Roles"], map["AccountAccessKeysPresent"]));
        Assert.Equal(("5000", "2", "10"), (map["UsersQuota"], map["AccessKeysPerUserQuota"], map["GroupsPerUserQuota"]));
        Assert.Equal(("2", "3", "10000"), (map["Policies"], map["PolicyVersionsInUse"], map["PolicyVersionsInUseQuota"]));
    }

    [Fact]
    public async Task An_account_has_one_alias()
    {
        await server.Root.IamAsync("CreateAccountAlias", ("AccountAlias", "first"));
        await server.Root.IamAsync("CreateAccountAlias", ("AccountAlias", "second"));
        Assert.Equal(["second"], (await server.Root.IamAsync("ListAccountAliases")).Element("AccountAliases")!.Elements("member").Select(e => e.Value));

        Assert.Equal("The account alias first cannot be found.", await server.Root.IamFailsAsync("NoSuchEntity", 404, "DeleteAccountAlias", ("AccountAlias", "first")));
        await server.Root.IamAsync("DeleteAccountAlias", ("AccountAlias", "second"));
        Assert.Empty((await server.Root.IamAsync("ListAccountAliases")).Element("AccountAliases")!.Elements());
    }

    [Fact]
    public async Task Two_accounts_do_not_share_an_alias()
    {
        var made = await server.Root.JsonAsync("Strongroom.CreateAccount");
        var other = new TestClient(server, (string)made["AccessKey"]!["AccessKeyId"]!, (string)made["AccessKey"]!["SecretAccessKey"]!);
        await server.Root.IamAsync("CreateAccountAlias", ("AccountAlias", "acme"));

        Assert.Equal("The account alias acme already exists.", await other.IamFailsAsync("EntityAlreadyExists", 409, "CreateAccountAlias", ("AccountAlias", "acme")));
    }

    [Theory]
    [InlineData("ab")]
    [InlineData("-abc")]
    [InlineData("abc-")]
    [InlineData("a--b")]
    [InlineData("Abc")]
    [InlineData("a.b")]
    public async Task An_alias_is_as_the_model_has_it(string alias) =>
        await server.Root.IamFailsAsync("ValidationError", 400, "CreateAccountAlias", ("AccountAlias", alias));

    [Fact]
    public async Task There_is_no_password_policy() => Assert.Equal(
        "The Password Policy with domain name 111122223333 cannot be found.", await server.Root.IamFailsAsync("NoSuchEntity", 404, "GetAccountPasswordPolicy"));

    [Fact]
    public async Task The_authorization_details_show_everything_in_pages()
    {
        const string Administrator = "arn:aws:iam::aws:policy/AdministratorAccess";
        await server.Root.IamAsync("CreateUser", ("UserName", "app"), ("PermissionsBoundary", Administrator), ("Tags.member.1.Key", "a"), ("Tags.member.1.Value", "b"));
        await server.Root.IamAsync("CreateGroup", ("GroupName", "ops"));
        await server.Root.IamAsync("AddUserToGroup", ("GroupName", "ops"), ("UserName", "app"));

        var all = await server.Root.IamAsync("GetAccountAuthorizationDetails");
        Assert.Equal(["UserDetailList", "GroupDetailList", "RoleDetailList", "Policies", "IsTruncated"], all.Elements().Select(e => e.Name.LocalName));
        var user = all.Element("UserDetailList")!.Elements().Single();
        Assert.Equal(["ops"], user.Element("GroupList")!.Elements().Select(e => e.Value));
        Assert.Equal(Administrator, user.Element("PermissionsBoundary")!.Element("PermissionsBoundaryArn")!.Value);
        Assert.Equal("b", user.Element("Tags")!.Descendants("Value").Single().Value);
        Assert.Equal("1", all.Element("Policies")!.Elements().Single().Element("PermissionsBoundaryUsageCount")!.Value);

        var first = await server.Root.IamAsync("GetAccountAuthorizationDetails", ("MaxItems", "1"));
        var second = await server.Root.IamAsync("GetAccountAuthorizationDetails", ("MaxItems", "1"), ("Marker", first.Element("Marker")!.Value));
        Assert.Equal(["app"], first.Descendants("UserName").Select(e => e.Value));
        Assert.Empty(first.Element("GroupDetailList")!.Elements());
        Assert.Equal(["ops"], second.Descendants("GroupName").Select(e => e.Value));
        Assert.Empty((await server.Root.IamAsync("GetAccountAuthorizationDetails", ("Filter.member.1", "Role"))).Descendants("member"));
        await server.Root.IamFailsAsync("ValidationError", 400, "GetAccountAuthorizationDetails", ("Filter.member.1", "Everything"));
    }

    // Source: IAM User Guide, "AWS JSON policy elements: Principal": who is gone shows as a unique id.
    [Fact]
    public async Task The_authorization_details_show_trust_policies_as_GetRole_does()
    {
        var id = (await server.Root.IamAsync("CreateUser", ("UserName", "gone"))).Descendants("UserId").Single().Value;
        await server.Root.IamAsync("CreateRole", ("RoleName", "reader"), ("AssumeRolePolicyDocument", """
            {"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/gone"},"Action":"sts:AssumeRole"}}
            """));
        await server.Root.IamAsync("DeleteUser", ("UserName", "gone"));

        var detailed = (await server.Root.IamAsync("GetAccountAuthorizationDetails")).Descendants("AssumeRolePolicyDocument").Single().Value;

        Assert.Contains(id, detailed, StringComparison.Ordinal);
        Assert.Equal((await server.Root.IamAsync("GetRole", ("RoleName", "reader"))).Descendants("AssumeRolePolicyDocument").Single().Value, detailed);
    }
}
