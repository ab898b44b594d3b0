using System.Xml.Linq;
using Strongroom.Tests.Server.Sts;

namespace Strongroom.Tests.Server.Iam;

/// <summary>What becomes of a user after it was made: renamed, tagged, bounded, deleted.</summary>
public sealed class UserLifeTests : IAsyncLifetime
{
    private const string Administrator = "arn:aws:iam::aws:policy/AdministratorAccess";

    private RunningServer server = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        await server.Root.IamAsync("CreateUser", ("UserName", "App"));
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    // Source: IAM fact sheet 6.2.
    [Theory]
    [InlineData("GetUser")]
    [InlineData("CreateAccessKey")]
    [InlineData("ListAccessKeys")]
    public async Task A_session_of_a_role_has_no_user_to_leave_unnamed(string operation)
    {
        await server.PutAsync(Identities.Role("admin", Identities.Trust("arn:aws:iam::111122223333:user/App"), Identities.Allow("*")), Identities.User("other"));
        var session = await server.AssumeAsync(await server.ClientOfAsync("App"), "admin");

        Assert.Equal("Must specify userName when calling with non-User credentials", await session.IamFailsAsync("ValidationError", 400, operation));
        await session.IamAsync(operation, ("UserName", "other"));
    }

    [Fact]
    public async Task A_renamed_user_keeps_its_id_keys_and_groups()
    {
        var before = (await server.Root.IamAsync("GetUser", ("UserName", "app"))).Element("User")!;
        var key = (await server.Root.IamAsync("CreateAccessKey", ("UserName", "app"))).Element("AccessKey")!;
        await server.Root.IamAsync("CreateGroup", ("GroupName", "ops"));
        await server.Root.IamAsync("AddUserToGroup", ("GroupName", "ops"), ("UserName", "app"));

        await server.Root.IamAsync("UpdateUser", ("UserName", "APP"), ("NewUserName", "Web"), ("NewPath", "/x/"));

        var identity = await ClientOf(key).StsAsync("GetCallerIdentity");
        Assert.Equal("arn:aws:iam::111122223333:user/x/Web", identity.Element("Arn")!.Value);
        Assert.Equal(before.Element("UserId")!.Value, identity.Element("UserId")!.Value);
        Assert.Equal("Web", (await server.Root.IamAsync("ListAccessKeys", ("UserName", "web"))).Descendants("UserName").Single().Value);
        Assert.Equal(["Web"], (await server.Root.IamAsync("GetGroup", ("GroupName", "ops"))).Descendants("UserName").Select(e => e.Value));
        await server.Root.IamFailsAsync("NoSuchEntity", 404, "GetUser", ("UserName", "App"));

        await server.CloseAsync();
        await server.OpenAsync();
        Assert.Equal("arn:aws:iam::111122223333:user/x/Web", (await ClientOf(key).StsAsync("GetCallerIdentity")).Element("Arn")!.Value);
    }

    [Fact]
    public async Task The_sessions_of_a_renamed_user_go_on_and_those_of_a_deleted_one_end()
    {
        var key = (await server.Root.IamAsync("CreateAccessKey", ("UserName", "app"))).Element("AccessKey")!;
        var credentials = (await ClientOf(key).StsAsync("GetSessionToken")).Element("Credentials")!;
        var session = new TestClient(server, credentials.Element("AccessKeyId")!.Value, credentials.Element("SecretAccessKey")!.Value, credentials.Element("SessionToken")!.Value);

        await server.Root.IamAsync("UpdateUser", ("UserName", "app"), ("NewUserName", "Web"));
        Assert.Equal("arn:aws:iam::111122223333:user/Web", (await session.StsAsync("GetCallerIdentity")).Element("Arn")!.Value);

        // Another one of the old name is not the one whose session it was.
        await server.Root.IamAsync("CreateUser", ("UserName", "app"));
        Assert.Equal("arn:aws:iam::111122223333:user/Web", (await session.StsAsync("GetCallerIdentity")).Element("Arn")!.Value);
        await server.Root.IamAsync("DeleteAccessKey", ("UserName", "web"), ("AccessKeyId", key.Element("AccessKeyId")!.Value));
        await server.Root.IamAsync("DeleteUser", ("UserName", "web"));
        await session.StsFailsAsync("InvalidClientTokenId", 403, "GetCallerIdentity");
    }

    [Fact]
    public async Task The_spelling_of_a_name_can_change()
    {
        await server.Root.IamAsync("UpdateUser", ("UserName", "App"), ("NewUserName", "aPP"));

        Assert.Equal(["aPP"], (await server.Root.IamAsync("ListUsers")).Descendants("UserName").Select(e => e.Value));
    }

    [Theory]
    [InlineData("EntityAlreadyExists", 409, "User with name Other already exists.", "UpdateUser", "UserName=App", "NewUserName=OTHER")]
    [InlineData("NoSuchEntity", 404, "The user with name none cannot be found.", "UpdateUser", "UserName=none", "NewUserName=x")]
    [InlineData("NoSuchEntity", 404, "The user with name none cannot be found.", "DeleteUser", "UserName=none")]
    [InlineData("NoSuchEntity", 404, "The user with name none cannot be found.", "TagUser", "UserName=none", "Tags.member.1.Key=a", "Tags.member.1.Value=b")]
    [InlineData("NoSuchEntity", 404, "The user with name none cannot be found.", "UntagUser", "UserName=none", "TagKeys.member.1=a")]
    [InlineData("NoSuchEntity", 404, "The user with name none cannot be found.", "ListUserTags", "UserName=none")]
    [InlineData("NoSuchEntity", 404, "The user with name none cannot be found.", "PutUserPermissionsBoundary", "UserName=none", "PermissionsBoundary=" + Administrator)]
    [InlineData("NoSuchEntity", 404, "Scope ARN: arn:aws:iam::aws:policy/None does not exist or is not attachable.", "PutUserPermissionsBoundary", "UserName=App", "PermissionsBoundary=arn:aws:iam::aws:policy/None")]
    [InlineData("ValidationError", 400, "Value (AdministratorAccessPolicy) for parameter PermissionsBoundary is invalid.", "PutUserPermissionsBoundary", "UserName=App", "PermissionsBoundary=AdministratorAccessPolicy")]
    [InlineData("NoSuchEntity", 404, "The user with name App has no permissions boundary.", "DeleteUserPermissionsBoundary", "UserName=App")]
    [InlineData("InvalidInput", 400, "Duplicate tag keys found. Please note that Tag keys are case insensitive.", "TagUser", "UserName=App", "Tags.member.1.Key=a", "Tags.member.1.Value=b", "Tags.member.2.Key=A", "Tags.member.2.Value=c")]
    [InlineData("ValidationError", 400, "1 validation error detected: Value null at 'tags.1.member.value' failed to satisfy constraint: Member must not be null", "TagUser", "UserName=App", "Tags.member.1.Key=a")]
    [InlineData("ValidationError", 400, "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.", "CreateUser", "UserName=x", "Path=/a")]
    [InlineData("NoSuchEntity", 404, "Login Profile for User App cannot be found.", "GetLoginProfile", "UserName=app")]
    [InlineData("NoSuchEntity", 404, "Login Profile for User App cannot be found.", "DeleteLoginProfile", "UserName=app")]
    [InlineData("NoSuchEntity", 404, "The user with name none cannot be found.", "GetLoginProfile", "UserName=none")]
    [InlineData("NoSuchEntity", 404, "The user with name none cannot be found.", "ListMFADevices", "UserName=none")]
    [InlineData("NoSuchEntity", 404, "The user with name none cannot be found.", "ListSSHPublicKeys", "UserName=none")]
    [InlineData("NoSuchEntity", 404, "The user with name none cannot be found.", "ListServiceSpecificCredentials", "UserName=none")]
    [InlineData("NoSuchEntity", 404, "The user with name none cannot be found.", "ListSigningCertificates", "UserName=none")]
    public async Task Errors_are_AWSs(string code, int status, string message, string operation, params string[] parameters)
    {
        await server.Root.IamAsync("CreateUser", ("UserName", "Other"));

        Assert.Equal(message, await server.Root.IamFailsAsync(code, status, operation, [.. parameters.Select(p => (p.Split('=', 2)[0], p.Split('=', 2)[1]))]));
    }

    [Fact]
    public async Task Tags_are_put_over_replaced_and_removed_whatever_their_case()
    {
        await TagAsync(("Env", "dev"), ("team", "a"));
        await TagAsync(("env", "prod"), ("Cost", ""));

        var first = await server.Root.IamAsync("ListUserTags", ("UserName", "app"), ("MaxItems", "2"));
        var second = await server.Root.IamAsync("ListUserTags", ("UserName", "app"), ("Marker", first.Element("Marker")!.Value));
        Assert.Equal(["Cost=", "env=prod"], Tags(first));
        Assert.Equal(["team=a"], Tags(second));

        await server.Root.IamAsync("UntagUser", ("UserName", "app"), ("TagKeys.member.1", "ENV"), ("TagKeys.member.2", "none"));
        Assert.Equal(["team=a", "Cost="], Tags((await server.Root.IamAsync("GetUser", ("UserName", "app"))).Element("User")!));
    }

    [Fact]
    public async Task A_user_has_fifty_tags_at_most()
    {
        await TagAsync([.. Enumerable.Range(0, 50).Select(i => ($"k{i}", "v"))]);

        await TagAsync(("K49", "w"));

        Assert.Equal(
            "Cannot exceed quota for TagsPerUser: 50",
            await server.Root.IamFailsAsync("LimitExceeded", 409, "TagUser", ("UserName", "app"), ("Tags.member.1.Key", "more"), ("Tags.member.1.Value", "")));
    }

    [Fact]
    public async Task A_boundary_is_put_shown_and_taken_away()
    {
        await server.Root.IamAsync("PutUserPermissionsBoundary", ("UserName", "app"), ("PermissionsBoundary", Administrator));

        var shown = (await server.Root.IamAsync("GetUser", ("UserName", "app"))).Element("User")!.Element("PermissionsBoundary")!;
        Assert.Equal("Policy", shown.Element("PermissionsBoundaryType")!.Value);
        Assert.Equal(Administrator, shown.Element("PermissionsBoundaryArn")!.Value);
        Assert.Empty((await server.Root.IamAsync("ListUsers")).Descendants("PermissionsBoundary"));
        await server.Root.IamAsync("DeleteUserPermissionsBoundary", ("UserName", "app"));
        Assert.Null((await server.Root.IamAsync("GetUser", ("UserName", "app"))).Element("User")!.Element("PermissionsBoundary"));
    }

    [Fact]
    public async Task A_user_goes_only_when_nothing_hangs_on_it()
    {
        await server.Root.IamAsync("CreateGroup", ("GroupName", "ops"));
        await server.Root.IamAsync("AddUserToGroup", ("GroupName", "ops"), ("UserName", "app"));
        var key = (await server.Root.IamAsync("CreateAccessKey", ("UserName", "app"))).Element("AccessKey")!;

        Assert.Equal("Cannot delete entity, must remove users from group first.", await server.Root.IamFailsAsync("DeleteConflict", 409, "DeleteUser", ("UserName", "app")));
        await server.Root.IamAsync("RemoveUserFromGroup", ("GroupName", "ops"), ("UserName", "app"));
        Assert.Equal("Cannot delete entity, must delete access keys first.", await server.Root.IamFailsAsync("DeleteConflict", 409, "DeleteUser", ("UserName", "app")));
        await server.Root.IamAsync("DeleteAccessKey", ("UserName", "app"), ("AccessKeyId", key.Element("AccessKeyId")!.Value));
        await server.Root.IamAsync("AttachUserPolicy", ("UserName", "app"), ("PolicyArn", Administrator));
        Assert.Equal("Cannot delete entity, must detach all policies first.", await server.Root.IamFailsAsync("DeleteConflict", 409, "DeleteUser", ("UserName", "app")));
        await server.Root.IamAsync("DetachUserPolicy", ("UserName", "app"), ("PolicyArn", Administrator));
        await server.Root.IamAsync("PutUserPolicy", ("UserName", "app"), ("PolicyName", "p"), ("PolicyDocument", """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"""));
        Assert.Equal("Cannot delete entity, must delete policies first.", await server.Root.IamFailsAsync("DeleteConflict", 409, "DeleteUser", ("UserName", "app")));
        await server.Root.IamAsync("DeleteUserPolicy", ("UserName", "app"), ("PolicyName", "p"));
        await server.Root.IamAsync("DeleteUser", ("UserName", "app"));

        await server.Root.IamFailsAsync("NoSuchEntity", 404, "GetUser", ("UserName", "app"));
        var again = (await server.Root.IamAsync("CreateUser", ("UserName", "App"))).Element("User")!;
        Assert.Empty((await server.Root.IamAsync("ListAccessKeys", ("UserName", "app"))).Descendants("AccessKeyId"));
        Assert.NotEmpty(again.Element("UserId")!.Value);
    }

    [Fact]
    public async Task The_root_is_shown_without_a_name()
    {
        var root = (await server.Root.IamAsync("GetUser")).Element("User")!;

        Assert.Equal(["UserId", "Arn", "CreateDate"], root.Elements().Select(e => e.Name.LocalName));
        Assert.Equal("111122223333", root.Element("UserId")!.Value);
        Assert.Equal("arn:aws:iam::111122223333:root", root.Element("Arn")!.Value);
        Assert.Equal("2026-02-03T10:20:30Z", root.Element("CreateDate")!.Value);
    }

    [Theory]
    [InlineData("ListMFADevices", "MFADevices")]
    [InlineData("ListSSHPublicKeys", "SSHPublicKeys")]
    [InlineData("ListServiceSpecificCredentials", "ServiceSpecificCredentials")]
    [InlineData("ListSigningCertificates", "Certificates")]
    [InlineData("ListVirtualMFADevices", "VirtualMFADevices")]
    public async Task Credentials_that_do_not_exist_here_are_empty_lists(string operation, string list)
    {
        foreach (var parameters in new (string, string)[][] { [("UserName", "app")], [] })
        {
            var answer = await server.Root.IamAsync(operation, parameters);
            Assert.Empty(answer.Element(list)!.Elements());
            Assert.Equal("false", answer.Element("IsTruncated")!.Value);
        }
    }

    private Task<XElement> TagAsync(params (string Key, string Value)[] tags) => server.Root.IamAsync(
        "TagUser", [("UserName", "app"), .. tags.SelectMany((t, i) => new[] { ($"Tags.member.{i + 1}.Key", t.Key), ($"Tags.member.{i + 1}.Value", t.Value) })]);

    private static IEnumerable<string> Tags(XElement answer) =>
        answer.Element("Tags")!.Elements().Select(e => $"{e.Element("Key")!.Value}={e.Element("Value")!.Value}");

    private TestClient ClientOf(XElement key) => new(server, key.Element("AccessKeyId")!.Value, key.Element("SecretAccessKey")!.Value);
}
