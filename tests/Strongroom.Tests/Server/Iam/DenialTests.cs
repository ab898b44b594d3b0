namespace Strongroom.Tests.Server.Iam;

/// <summary>What a user without policies is told by each operation, whether or not the thing exists. Source: IAM fact sheet 3.6; resources: Service Authorization Reference, IAM.</summary>
public sealed class DenialTests : IAsyncLifetime
{
    private const string User = "arn:aws:iam::111122223333:user/team/app";
    private const string Asked = "user app";
    private const string Group = "arn:aws:iam::111122223333:group/ops";

    private RunningServer server = null!;
    private TestClient app = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        await server.Root.IamAsync("CreateUser", ("UserName", "app"), ("Path", "/team/"));
        await server.Root.IamAsync("CreateGroup", ("GroupName", "ops"));
        var key = (await server.Root.IamAsync("CreateAccessKey", ("UserName", "app"))).Element("AccessKey")!;
        app = new TestClient(server, key.Element("AccessKeyId")!.Value, key.Element("SecretAccessKey")!.Value);
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Theory]
    [InlineData("CreateUser", "arn:aws:iam::111122223333:user/x/new", "UserName=new", "Path=/x/")]
    [InlineData("GetUser", Asked)]
    [InlineData("GetUser", "user APP", "UserName=APP")]
    [InlineData("ListUsers", "arn:aws:iam::111122223333:user/")]
    [InlineData("UpdateUser", Asked, "UserName=app", "NewUserName=b")]
    [InlineData("DeleteUser", Asked, "UserName=app")]
    [InlineData("DeleteUser", "user none", "UserName=none")]
    [InlineData("TagUser", Asked, "UserName=app", "Tags.member.1.Key=a", "Tags.member.1.Value=b")]
    [InlineData("UntagUser", Asked, "UserName=app", "TagKeys.member.1=a")]
    [InlineData("ListUserTags", Asked, "UserName=app")]
    [InlineData("PutUserPermissionsBoundary", Asked, "UserName=app", "PermissionsBoundary=arn:aws:iam::aws:policy/AdministratorAccess")]
    [InlineData("DeleteUserPermissionsBoundary", Asked, "UserName=app")]
    [InlineData("CreateAccessKey", Asked)]
    [InlineData("ListAccessKeys", Asked)]
    [InlineData("UpdateAccessKey", Asked, "AccessKeyId=AKIAIOSFODNN7EXAMPLE", "Status=Inactive")]
    [InlineData("DeleteAccessKey", Asked, "AccessKeyId=AKIAIOSFODNN7EXAMPLE")]
    [InlineData("GetAccessKeyLastUsed", "*", "AccessKeyId=AKIAIOSFODNN7EXAMPLE")]
    [InlineData("GetAccessKeyLastUsed", "*", "AccessKeyId=AKIANONENONENONENONE")]
    [InlineData("CreateGroup", "arn:aws:iam::111122223333:group/new", "GroupName=new")]
    [InlineData("GetGroup", Group, "GroupName=ops")]
    [InlineData("GetGroup", "arn:aws:iam::111122223333:group/none", "GroupName=none")]
    [InlineData("ListGroups", "arn:aws:iam::111122223333:group/")]
    [InlineData("UpdateGroup", Group, "GroupName=ops", "NewGroupName=b")]
    [InlineData("DeleteGroup", Group, "GroupName=ops")]
    [InlineData("AddUserToGroup", Group, "GroupName=ops", "UserName=app")]
    [InlineData("RemoveUserFromGroup", Group, "GroupName=ops", "UserName=app")]
    [InlineData("ListGroupsForUser", Asked, "UserName=app")]
    [InlineData("GetAccountSummary", "*")]
    [InlineData("CreateAccountAlias", "*", "AccountAlias=abc")]
    [InlineData("DeleteAccountAlias", "*", "AccountAlias=abc")]
    [InlineData("ListAccountAliases", "*")]
    [InlineData("GetAccountAuthorizationDetails", "*")]
    [InlineData("GetAccountPasswordPolicy", "*")]
    [InlineData("GetLoginProfile", Asked, "UserName=app")]
    [InlineData("DeleteLoginProfile", Asked, "UserName=app")]
    [InlineData("ListMFADevices", Asked, "UserName=app")]
    [InlineData("ListVirtualMFADevices", "*")]
    [InlineData("ListSSHPublicKeys", Asked, "UserName=app")]
    [InlineData("ListServiceSpecificCredentials", Asked, "UserName=app")]
    [InlineData("ListServiceSpecificCredentials", "*", "AllUsers=true")]
    [InlineData("ListSigningCertificates", Asked, "UserName=app")]
    [InlineData("SimulatePrincipalPolicy", User, "PolicySourceArn=" + User, "ActionNames.member.1=iam:GetUser")]
    [InlineData("SimulatePrincipalPolicy", "arn:aws:iam::111122223333:role/none", "PolicySourceArn=arn:aws:iam::111122223333:role/none", "ActionNames.member.1=iam:GetUser")]
    [InlineData("SimulateCustomPolicy", "*", "PolicyInputList.member.1={", "ActionNames.member.1=iam:GetUser")]
    [InlineData("GetContextKeysForPrincipalPolicy", User, "PolicySourceArn=" + User)]
    [InlineData("GetContextKeysForCustomPolicy", "*", "PolicyInputList.member.1={")]
    public async Task A_user_without_policies_is_denied(string operation, string resource, params string[] parameters) => Assert.Equal(
        $"User: {User} is not authorized to perform: iam:{operation} on resource: {resource} because no identity-based policy allows the iam:{operation} action",
        await app.IamFailsAsync("AccessDenied", 403, operation, [.. parameters.Select(p => (p.Split('=', 2)[0], p.Split('=', 2)[1]))]));

    [Fact]
    public async Task A_rename_needs_permission_on_both_names()
    {
        await AllowAsync("iam:Update*", "arn:aws:iam::111122223333:user/team/*", "arn:aws:iam::111122223333:group/ops");

        await app.IamAsync("UpdateUser", ("UserName", "app"), ("NewUserName", "app2"));
        Assert.StartsWith(
            "User: arn:aws:iam::111122223333:user/team/app2 is not authorized to perform: iam:UpdateUser on resource: arn:aws:iam::111122223333:user/admins/app2 ",
            await app.IamFailsAsync("AccessDenied", 403, "UpdateUser", ("UserName", "app2"), ("NewPath", "/admins/")), StringComparison.Ordinal);
        Assert.StartsWith(
            "User: arn:aws:iam::111122223333:user/team/app2 is not authorized to perform: iam:UpdateGroup on resource: arn:aws:iam::111122223333:group/admins ",
            await app.IamFailsAsync("AccessDenied", 403, "UpdateGroup", ("GroupName", "ops"), ("NewGroupName", "admins")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_may_look_after_its_own_keys_and_no_others()
    {
        await AllowAsync("iam:*AccessKey*", "arn:aws:iam::*:user/*/${aws:username}");
        await server.Root.IamAsync("CreateUser", ("UserName", "other"));

        var second = (await app.IamAsync("CreateAccessKey")).Element("AccessKey")!.Element("AccessKeyId")!.Value;
        await app.IamAsync("UpdateAccessKey", ("AccessKeyId", second), ("Status", "Inactive"));
        await app.IamAsync("GetAccessKeyLastUsed", ("AccessKeyId", second));
        await app.IamAsync("DeleteAccessKey", ("AccessKeyId", second));
        Assert.Single((await app.IamAsync("ListAccessKeys")).Element("AccessKeyMetadata")!.Elements());
        await app.IamFailsAsync("AccessDenied", 403, "ListAccessKeys", ("UserName", "other"));
        await app.IamFailsAsync("AccessDenied", 403, "CreateAccessKey", ("UserName", "other"));
        await app.IamFailsAsync("AccessDenied", 403, "GetAccessKeyLastUsed", ("AccessKeyId", RunningServer.AccessKeyId));
    }

    private Task AllowAsync(string action, params string[] resources) => server.Root.IamAsync(
        "PutUserPolicy", ("UserName", "app"), ("PolicyName", "p"), ("PolicyDocument", System.Text.Json.JsonSerializer.Serialize(new
        {
            Version = "2012-10-17",
            Statement = new[] { new { Effect = "Allow", Action = action, Resource = resources } },
        })));
}
