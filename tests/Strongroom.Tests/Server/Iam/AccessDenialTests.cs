using static Strongroom.Tests.Server.Iam.IamCalls;

namespace Strongroom.Tests.Server.Iam;

/// <summary>
/// What a user without policies is told by each operation that gives access, whether or not the thing exists; and what policies with conditions
/// let through. Source: IAM fact sheet 3.6; Service Authorization Reference, IAM.
/// </summary>
public sealed class AccessDenialTests : IAsyncLifetime
{
    private const string User = "arn:aws:iam::111122223333:user/app";
    private const string Admin = "arn:aws:iam::aws:policy/AdministratorAccess";
    private const string ReadOnlyAccess = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    private const string Policy = "arn:aws:iam::111122223333:policy/team/reader";
    private const string Provider = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com";
    private const string None = "arn:aws:iam::111122223333:policy/none";

    private RunningServer server = null!;
    private TestClient app = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        await server.Root.DoAsync("CreateUser", "UserName=app");
        await server.Root.DoAsync("CreateRole", "RoleName=reader", "Path=/team/", $"AssumeRolePolicyDocument={Trust}");
        await server.Root.DoAsync("CreatePolicy", "PolicyName=reader", "Path=/team/", $"PolicyDocument={Read}");
        await server.Root.DoAsync("CreateOpenIDConnectProvider", "Url=https://oidc.example.com");
        var key = (await server.Root.DoAsync("CreateAccessKey", "UserName=app")).Element("AccessKey")!;
        app = new TestClient(server, key.Element("AccessKeyId")!.Value, key.Element("SecretAccessKey")!.Value);
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Theory]
    [InlineData("CreateRole", "arn:aws:iam::111122223333:role/x/new", "RoleName=new", "Path=/x/", "AssumeRolePolicyDocument=" + Trust)]
    [InlineData("CreateRole", "arn:aws:iam::111122223333:role/reader", "RoleName=reader", "AssumeRolePolicyDocument=" + Trust)]
    [InlineData("GetRole", "role reader", "RoleName=reader")]
    [InlineData("GetRole", "role none", "RoleName=none")]
    [InlineData("ListRoles", "arn:aws:iam::111122223333:role/")]
    [InlineData("UpdateRole", "role reader", "RoleName=reader")]
    [InlineData("UpdateRoleDescription", "role none", "RoleName=none", "Description=x")]
    [InlineData("UpdateAssumeRolePolicy", "role none", "RoleName=none", "PolicyDocument=" + Trust)]
    [InlineData("DeleteRole", "role none", "RoleName=none")]
    [InlineData("TagRole", "role none", "RoleName=none", "Tags.member.1.Key=a", "Tags.member.1.Value=b")]
    [InlineData("UntagRole", "role none", "RoleName=none", "TagKeys.member.1=a")]
    [InlineData("ListRoleTags", "role none", "RoleName=none")]
    [InlineData("ListInstanceProfilesForRole", "role none", "RoleName=none")]
    [InlineData("PutRolePermissionsBoundary", "role none", "RoleName=none", "PermissionsBoundary=" + Admin)]
    [InlineData("DeleteRolePermissionsBoundary", "role none", "RoleName=none")]
    [InlineData("PutRolePolicy", "role none", "RoleName=none", "PolicyName=p", "PolicyDocument=" + Read)]
    [InlineData("GetRolePolicy", "role none", "RoleName=none", "PolicyName=p")]
    [InlineData("ListRolePolicies", "role reader", "RoleName=reader")]
    [InlineData("DeleteRolePolicy", "role none", "RoleName=none", "PolicyName=p")]
    [InlineData("AttachRolePolicy", "role reader", "RoleName=reader", "PolicyArn=" + Admin)]
    [InlineData("DetachRolePolicy", "role reader", "RoleName=reader", "PolicyArn=" + None)]
    [InlineData("ListAttachedRolePolicies", "role none", "RoleName=none")]
    [InlineData("PutUserPolicy", "user app", "UserName=app", "PolicyName=p", "PolicyDocument=" + Read)]
    [InlineData("GetUserPolicy", "user none", "UserName=none", "PolicyName=p")]
    [InlineData("ListUserPolicies", "user none", "UserName=none")]
    [InlineData("DeleteUserPolicy", "user none", "UserName=none", "PolicyName=p")]
    [InlineData("AttachUserPolicy", "user app", "UserName=app", "PolicyArn=" + Admin)]
    [InlineData("DetachUserPolicy", "user app", "UserName=app", "PolicyArn=" + Admin)]
    [InlineData("ListAttachedUserPolicies", "user app", "UserName=app")]
    [InlineData("PutGroupPolicy", "group none", "GroupName=none", "PolicyName=p", "PolicyDocument=" + Read)]
    [InlineData("GetGroupPolicy", "group none", "GroupName=none", "PolicyName=p")]
    [InlineData("ListGroupPolicies", "group none", "GroupName=none")]
    [InlineData("DeleteGroupPolicy", "group none", "GroupName=none", "PolicyName=p")]
    [InlineData("AttachGroupPolicy", "group none", "GroupName=none", "PolicyArn=" + Admin)]
    [InlineData("DetachGroupPolicy", "group none", "GroupName=none", "PolicyArn=" + Admin)]
    [InlineData("ListAttachedGroupPolicies", "group none", "GroupName=none")]
    [InlineData("CreatePolicy", "policy reader", "PolicyName=reader", "PolicyDocument=" + Read)]
    [InlineData("GetPolicy", "policy " + Policy, "PolicyArn=" + Policy)]
    [InlineData("GetPolicy", "policy " + None, "PolicyArn=" + None)]
    [InlineData("GetPolicy", "policy " + Admin, "PolicyArn=" + Admin)]
    [InlineData("ListPolicies", "policy path /")]
    [InlineData("DeletePolicy", "policy " + None, "PolicyArn=" + None)]
    [InlineData("CreatePolicyVersion", "policy " + None, "PolicyArn=" + None, "PolicyDocument=" + Read)]
    [InlineData("GetPolicyVersion", "policy " + None, "PolicyArn=" + None, "VersionId=v1")]
    [InlineData("ListPolicyVersions", "policy " + None, "PolicyArn=" + None)]
    [InlineData("DeletePolicyVersion", "policy " + None, "PolicyArn=" + None, "VersionId=v1")]
    [InlineData("SetDefaultPolicyVersion", "policy " + None, "PolicyArn=" + None, "VersionId=v1")]
    [InlineData("ListEntitiesForPolicy", "policy " + None, "PolicyArn=" + None)]
    [InlineData("TagPolicy", "policy " + None, "PolicyArn=" + None, "Tags.member.1.Key=a", "Tags.member.1.Value=b")]
    [InlineData("UntagPolicy", "policy " + None, "PolicyArn=" + None, "TagKeys.member.1=a")]
    [InlineData("ListPolicyTags", "policy " + None, "PolicyArn=" + None)]
    [InlineData("CreateOpenIDConnectProvider", Provider, "Url=https://oidc.example.com")]
    [InlineData("GetOpenIDConnectProvider", Provider, "OpenIDConnectProviderArn=" + Provider)]
    [InlineData("GetOpenIDConnectProvider", Provider + "/none", "OpenIDConnectProviderArn=" + Provider + "/none")]
    [InlineData("ListOpenIDConnectProviders", "arn:aws:iam::111122223333:oidc-provider/*")]
    [InlineData("DeleteOpenIDConnectProvider", Provider + "/none", "OpenIDConnectProviderArn=" + Provider + "/none")]
    [InlineData("UpdateOpenIDConnectProviderThumbprint", Provider + "/none", "OpenIDConnectProviderArn=" + Provider + "/none", "ThumbprintList.member.1=0000000000000000000000000000000000000000")]
    [InlineData("AddClientIDToOpenIDConnectProvider", Provider + "/none", "OpenIDConnectProviderArn=" + Provider + "/none", "ClientID=a")]
    [InlineData("RemoveClientIDFromOpenIDConnectProvider", Provider + "/none", "OpenIDConnectProviderArn=" + Provider + "/none", "ClientID=a")]
    [InlineData("TagOpenIDConnectProvider", Provider + "/none", "OpenIDConnectProviderArn=" + Provider + "/none", "Tags.member.1.Key=a", "Tags.member.1.Value=b")]
    [InlineData("UntagOpenIDConnectProvider", Provider + "/none", "OpenIDConnectProviderArn=" + Provider + "/none", "TagKeys.member.1=a")]
    [InlineData("ListOpenIDConnectProviderTags", Provider + "/none", "OpenIDConnectProviderArn=" + Provider + "/none")]
    public async Task A_user_without_policies_is_denied(string operation, string resource, params string[] parameters) => Assert.Equal(
        $"User: {User} is not authorized to perform: iam:{operation} on resource: {resource} because no identity-based policy allows the iam:{operation} action",
        await app.IamFailsAsync("AccessDenied", 403, operation, Pairs(parameters)));

    [Fact]
    public async Task A_delegate_attaches_only_what_the_policy_names()
    {
        await GrantAsync("iam:AttachRolePolicy", $$"""{"ArnEquals":{"iam:PolicyARN":"{{ReadOnlyAccess}}"} }""");

        await app.DoAsync("AttachRolePolicy", "RoleName=reader", $"PolicyArn={ReadOnlyAccess}");
        await DeniedAsync("AttachRolePolicy", "RoleName=reader", $"PolicyArn={Admin}");
    }

    [Fact]
    public async Task A_delegate_makes_only_bounded_roles_and_keeps_them_bounded()
    {
        await GrantAsync("iam:*", $$"""{"StringEquals":{"iam:PermissionsBoundary":"{{ReadOnlyAccess}}"} }""");

        await app.DoAsync("CreateRole", "RoleName=mine", $"AssumeRolePolicyDocument={Trust}", $"PermissionsBoundary={ReadOnlyAccess}");
        await app.DoAsync("PutRolePolicy", "RoleName=mine", "PolicyName=p", $"PolicyDocument={Read}");
        await app.DoAsync("AttachRolePolicy", "RoleName=mine", $"PolicyArn={Admin}");
        await DeniedAsync("CreateRole", "RoleName=free", $"AssumeRolePolicyDocument={Trust}");
        await DeniedAsync("PutRolePermissionsBoundary", "RoleName=mine", $"PermissionsBoundary={Admin}");
        await DeniedAsync("PutRolePolicy", "RoleName=reader", "PolicyName=p", $"PolicyDocument={Read}");
        await DeniedAsync("AttachRolePolicy", "RoleName=reader", $"PolicyArn={Admin}");
    }

    [Fact]
    public async Task Tags_of_the_request_and_of_the_entity_decide()
    {
        await GrantAsync("iam:CreatePolicy", """{"StringEquals":{"aws:RequestTag/team":"a"},"ForAllValues:StringEquals":{"aws:TagKeys":["team"]}}""");
        await GrantAsync("iam:DeletePolicy", """{"StringEquals":{"iam:ResourceTag/team":"a"}}""");
        await GrantAsync("iam:UntagRole", """{"ForAllValues:StringEquals":{"aws:TagKeys":["team"]}}""");

        await app.DoAsync("CreatePolicy", "PolicyName=mine", $"PolicyDocument={Read}", "Tags.member.1.Key=team", "Tags.member.1.Value=a");
        await DeniedAsync("CreatePolicy", "PolicyName=other", $"PolicyDocument={Read}", "Tags.member.1.Key=team", "Tags.member.1.Value=b");
        await DeniedAsync(
            "CreatePolicy", "PolicyName=other", $"PolicyDocument={Read}", "Tags.member.1.Key=team", "Tags.member.1.Value=a", "Tags.member.2.Key=x", "Tags.member.2.Value=y");
        await DeniedAsync("DeletePolicy", $"PolicyArn={Policy}");
        await app.DoAsync("DeletePolicy", "PolicyArn=arn:aws:iam::111122223333:policy/mine");
        await app.DoAsync("UntagRole", "RoleName=reader", "TagKeys.member.1=team");
        await DeniedAsync("UntagRole", "RoleName=reader", "TagKeys.member.1=cost");
    }

    [Fact]
    public async Task A_policy_names_the_entity_by_its_ARN_with_its_path()
    {
        await GrantAsync("iam:GetRole", "{}", "arn:aws:iam::111122223333:role/team/*");

        await app.DoAsync("GetRole", "RoleName=reader");
        await DeniedAsync("GetRole", "RoleName=none");
    }

    private async Task GrantAsync(string action, string condition, string resource = "*") => await server.Root.DoAsync(
        "PutUserPolicy", "UserName=app", $"PolicyName={action.Split(':')[1].Replace("*", "all", StringComparison.Ordinal)}",
        $$"""PolicyDocument={"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"{{action}}","Resource":"{{resource}}","Condition":{{condition}}}]}""");

    private Task<string> DeniedAsync(string operation, params string[] parameters) => app.IamFailsAsync("AccessDenied", 403, operation, Pairs(parameters));
}
