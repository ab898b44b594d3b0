using System.Xml.Linq;
using static Strongroom.Tests.Server.Iam.IamCalls;

namespace Strongroom.Tests.Server.Iam;

public sealed class RoleTests : IAsyncLifetime
{
    private RunningServer server = null!;

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_role_is_shown_with_the_members_that_each_call_shows()
    {
        var made = (await server.Root.DoAsync(
            "CreateRole", "RoleName=Reader", "Path=/team/", $"AssumeRolePolicyDocument={Trust}", "Description=reads", "MaxSessionDuration=7200",
            "PermissionsBoundary=arn:aws:iam::aws:policy/AdministratorAccess", "Tags.member.1.Key=Env", "Tags.member.1.Value=prod")).Element("Role")!;
        Assert.Equal(
            ["Path", "RoleName", "RoleId", "Arn", "CreateDate", "AssumeRolePolicyDocument", "Description", "PermissionsBoundary", "Tags"], made.Names());
        Assert.Equal("arn:aws:iam::111122223333:role/team/Reader", made.Element("Arn")!.Value);
        Assert.Matches("^AROA[A-Z2-7]{17}$", made.Element("RoleId")!.Value);
        Assert.Equal("2026-02-03T10:20:30Z", made.Element("CreateDate")!.Value);
        Assert.StartsWith("%7B%22Version%22%3A%222012-10-17%22%2C", made.Element("AssumeRolePolicyDocument")!.Value, StringComparison.Ordinal);

        var read = (await server.Root.DoAsync("GetRole", "RoleName=reader")).Element("Role")!;
        Assert.Equal([.. made.Names()[..7], "MaxSessionDuration", "PermissionsBoundary", "Tags", "RoleLastUsed"], read.Names());
        Assert.Equal("7200", read.Element("MaxSessionDuration")!.Value);
        Assert.Equal("Policy", read.Element("PermissionsBoundary")!.Element("PermissionsBoundaryType")!.Value);
        Assert.Empty(read.Element("RoleLastUsed")!.Elements());
        Assert.Equal(Trust, read.Document("AssumeRolePolicyDocument"));

        var listed = (await server.Root.DoAsync("ListRoles", "PathPrefix=/team/")).Element("Roles")!.Element("member")!;
        Assert.Equal([.. made.Names()[..7], "MaxSessionDuration"], listed.Names());
    }

    [Fact]
    public async Task The_record_of_a_new_role_has_what_was_sent_and_the_role()
    {
        await CreateAsync("reader");

        var record = server.Records()[^1];

        Assert.Equal(("iam.amazonaws.com", "CreateRole"), ((string)record["eventSource"]!, (string)record["eventName"]!));
        Assert.Equal(Trust, (string?)record["requestParameters"]!["assumeRolePolicyDocument"]);
        var role = record["responseElements"]!["role"]!;
        Assert.Equal("arn:aws:iam::111122223333:role/reader", (string?)role["arn"]);
        Assert.Equal("Feb 3, 2026 10:20:30 AM", (string?)role["createDate"]);
        Assert.StartsWith("%7B%22Version", (string)role["assumeRolePolicyDocument"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("EntityAlreadyExists", 409, "Role with name Taken already exists.", "CreateRole", "RoleName=taken", "AssumeRolePolicyDocument=" + Trust)]
    [InlineData("MalformedPolicyDocument", 400, "This policy contains invalid Json", "CreateRole", "RoleName=x", "AssumeRolePolicyDocument=nonsense")]
    [InlineData("MalformedPolicyDocument", 400, "AssumeRole policy may only specify STS AssumeRole actions.", "CreateRole", "RoleName=x",
        """AssumeRolePolicyDocument={"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"iam:GetUser"}]}""")]
    [InlineData("NoSuchEntity", 404, "Scope ARN: arn:aws:iam::111122223333:policy/none does not exist or is not attachable.", "CreateRole", "RoleName=x",
        "AssumeRolePolicyDocument=" + Trust, "PermissionsBoundary=arn:aws:iam::111122223333:policy/none")]
    [InlineData("InvalidInput", 400, "Duplicate tag keys found. Please note that Tag keys are case insensitive.", "TagRole", "RoleName=Taken",
        "Tags.member.1.Key=a", "Tags.member.1.Value=1", "Tags.member.2.Key=A", "Tags.member.2.Value=2")]
    [InlineData("ValidationError", 400, "1 validation error detected: Value '3599' at 'maxSessionDuration' failed to satisfy constraint: Member must have value greater than or equal to 3600",
        "UpdateRole", "RoleName=Taken", "MaxSessionDuration=3599")]
    [InlineData("DeleteConflict", 409, "Cannot delete entity, must detach all policies first.", "DeleteRole", "RoleName=attached")]
    [InlineData("DeleteConflict", 409, "Cannot delete entity, must delete policies first.", "DeleteRole", "RoleName=inlined")]
    [InlineData("NoSuchEntity", 404, "The role with name none cannot be found.", "GetRole", "RoleName=none")]
    [InlineData("NoSuchEntity", 404, "The role with name none cannot be found.", "UpdateRole", "RoleName=none")]
    [InlineData("NoSuchEntity", 404, "The role with name none cannot be found.", "UpdateRoleDescription", "RoleName=none", "Description=x")]
    [InlineData("NoSuchEntity", 404, "The role with name none cannot be found.", "UpdateAssumeRolePolicy", "RoleName=none", "PolicyDocument=" + Trust)]
    [InlineData("NoSuchEntity", 404, "The role with name none cannot be found.", "DeleteRole", "RoleName=none")]
    [InlineData("NoSuchEntity", 404, "The role with name none cannot be found.", "TagRole", "RoleName=none", "Tags.member.1.Key=a", "Tags.member.1.Value=b")]
    [InlineData("NoSuchEntity", 404, "The role with name none cannot be found.", "UntagRole", "RoleName=none", "TagKeys.member.1=a")]
    [InlineData("NoSuchEntity", 404, "The role with name none cannot be found.", "ListRoleTags", "RoleName=none")]
    [InlineData("NoSuchEntity", 404, "The role with name none cannot be found.", "ListInstanceProfilesForRole", "RoleName=none")]
    [InlineData("NoSuchEntity", 404, "The role with name none cannot be found.", "PutRolePermissionsBoundary", "RoleName=none", "PermissionsBoundary=arn:aws:iam::aws:policy/AdministratorAccess")]
    [InlineData("NoSuchEntity", 404, "The role with name none cannot be found.", "DeleteRolePermissionsBoundary", "RoleName=none")]
    [InlineData("NoSuchEntity", 404, "The role with name Taken has no permissions boundary.", "DeleteRolePermissionsBoundary", "RoleName=taken")]
    public async Task Errors_are_AWSs(string code, int status, string message, string operation, params string[] parameters)
    {
        foreach (var name in new[] { "Taken", "attached", "inlined" })
            await CreateAsync(name);
        await server.Root.DoAsync("AttachRolePolicy", "RoleName=attached", "PolicyArn=arn:aws:iam::aws:policy/ReadOnlyAccess");
        await server.Root.DoAsync("PutRolePolicy", "RoleName=inlined", "PolicyName=p", $"PolicyDocument={Read}");

        Assert.Equal(message, await server.Root.IamFailsAsync(code, status, operation, Pairs(parameters)));
    }

    [Fact]
    public async Task Updates_change_what_they_name_and_survive_a_restart()
    {
        await CreateAsync("reader");
        var id = (await GetAsync("reader")).Element("RoleId")!.Value;

        Assert.Empty((await server.Root.DoAsync("UpdateRole", "RoleName=reader", "MaxSessionDuration=43200")).Elements());
        await server.Root.DoAsync("UpdateRole", "RoleName=reader", "Description=first");
        var described = (await server.Root.DoAsync("UpdateRoleDescription", "RoleName=reader", "Description=second")).Element("Role")!;
        await server.Root.DoAsync("UpdateAssumeRolePolicy", "RoleName=reader", $"PolicyDocument={TrustOf("*")}");
        await server.Root.DoAsync("PutRolePermissionsBoundary", "RoleName=reader", "PermissionsBoundary=arn:aws:iam::aws:policy/ReadOnlyAccess");
        await server.CloseAsync();
        await server.OpenAsync();

        Assert.Equal("second", described.Element("Description")!.Value);
        var read = await GetAsync("reader");
        Assert.Equal((id, "second", "43200"), (read.Element("RoleId")!.Value, read.Element("Description")!.Value, read.Element("MaxSessionDuration")!.Value));
        Assert.Equal(TrustOf("*"), read.Document("AssumeRolePolicyDocument"));
        Assert.Equal("arn:aws:iam::aws:policy/ReadOnlyAccess", read.Element("PermissionsBoundary")!.Element("PermissionsBoundaryArn")!.Value);

        await server.Root.DoAsync("DeleteRolePermissionsBoundary", "RoleName=reader");
        Assert.Null((await GetAsync("reader")).Element("PermissionsBoundary"));
        Assert.Equal(["InstanceProfiles", "IsTruncated"], (await server.Root.DoAsync("ListInstanceProfilesForRole", "RoleName=reader")).Names());
        await server.Root.DoAsync("DeleteRole", "RoleName=reader");
        await server.Root.IamFailsAsync("NoSuchEntity", 404, "GetRole", ("RoleName", "reader"));
    }

    [Fact]
    public async Task Tags_ignore_case_and_are_listed_in_pages()
    {
        await CreateAsync("reader");
        await server.Root.DoAsync(
            "TagRole", "RoleName=reader", "Tags.member.1.Key=b", "Tags.member.1.Value=1", "Tags.member.2.Key=a", "Tags.member.2.Value=2",
            "Tags.member.3.Key=c", "Tags.member.3.Value=3");
        await server.Root.DoAsync("TagRole", "RoleName=reader", "Tags.member.1.Key=B", "Tags.member.1.Value=9");
        await server.Root.DoAsync("UntagRole", "RoleName=reader", "TagKeys.member.1=C", "TagKeys.member.2=none");

        var first = await server.Root.DoAsync("ListRoleTags", "RoleName=reader", "MaxItems=1");
        var second = await server.Root.DoAsync("ListRoleTags", "RoleName=reader", "MaxItems=1", $"Marker={first.Element("Marker")!.Value}");

        Assert.Equal(("a", "2", "true"), (first.Line("Key"), first.Line("Value"), first.Element("IsTruncated")!.Value));
        Assert.Equal(("B", "9", "false"), (second.Line("Key"), second.Line("Value"), second.Element("IsTruncated")!.Value));
        Assert.Equal(
            "Cannot exceed quota for TagsPerRole: 50",
            await server.Root.IamFailsAsync("LimitExceeded", 409, "TagRole",
                [("RoleName", "reader"), .. Enumerable.Range(1, 49).SelectMany(i => Pairs($"Tags.member.{i}.Key=k{i}", $"Tags.member.{i}.Value=v"))]));
    }

    [Fact]
    public async Task A_trust_policy_is_counted_without_its_whitespace()
    {
        var filler = new string('a', 2048 - Trust.Length - "\"Sid\":\"\",".Length);
        string Sized(string fill) => Trust.Replace("\"Effect\"", $"\"Sid\":\"{fill}\",\"Effect\"", StringComparison.Ordinal);

        await server.Root.DoAsync("CreateRole", "RoleName=reader", $"AssumeRolePolicyDocument={Sized(filler).Replace("{", "{\n  ", StringComparison.Ordinal)}");

        Assert.Equal(
            "Cannot exceed quota for ACLSizePerRole: 2048",
            await server.Root.IamFailsAsync("LimitExceeded", 409, "UpdateAssumeRolePolicy", ("RoleName", "reader"), ("PolicyDocument", Sized(filler + "a"))));
    }

    [Theory]
    [InlineData("arn:aws:iam::111122223333:user/none")]
    [InlineData("arn:aws:iam::111122223333:user/other/app")]
    [InlineData("arn:aws:iam::111122223333:role/none")]
    [InlineData("arn:aws:iam::999988887777:user/app")]
    [InlineData("arn:aws:sts::111122223333:assumed-role/none/session")]
    [InlineData("AROANONENONENONENONEN")]
    [InlineData("arn:aws:iam::111122223333:role/*")]
    [InlineData("somebody")]
    public async Task A_principal_must_exist(string principal)
    {
        await server.Root.DoAsync("CreateUser", "UserName=app");

        Assert.Equal(
            $"Invalid principal in policy: \"AWS\":\"{principal}\"",
            await server.Root.IamFailsAsync("MalformedPolicyDocument", 400, "CreateRole", ("RoleName", "reader"), ("AssumeRolePolicyDocument", TrustOf(principal))));
    }

    [Theory]
    [InlineData("*")]
    [InlineData("arn:aws:iam::111122223333:user/app")]
    [InlineData("arn:aws:iam::999988887777:root")]
    public async Task A_principal_that_exists_is_taken_and_shown_as_sent(string principal)
    {
        await server.Root.DoAsync("CreateUser", "UserName=app");

        await server.Root.DoAsync("CreateRole", "RoleName=reader", $"AssumeRolePolicyDocument={TrustOf(principal)}");

        Assert.Equal(TrustOf(principal), (await GetAsync("reader")).Document("AssumeRolePolicyDocument"));
    }

    [Fact]
    public async Task An_accounts_number_comes_back_as_its_root()
    {
        var made = await server.Root.DoAsync("CreateRole", "RoleName=reader", $"AssumeRolePolicyDocument={TrustOf("111122223333")}");

        Assert.Equal(TrustOf("111122223333"), made.Document("AssumeRolePolicyDocument"));
        Assert.Equal(Trust, (await GetAsync("reader")).Document("AssumeRolePolicyDocument"));
    }

    [Fact]
    public async Task A_deleted_user_is_shown_by_its_id_and_its_successor_inherits_nothing()
    {
        const string App = "arn:aws:iam::111122223333:user/app";
        var old = (await server.Root.DoAsync("CreateUser", "UserName=app")).All("UserId")[0];
        var condition = $$""","Condition":{"StringNotEquals":{"aws:PrincipalArn":"{{App}}x","aws:userid":"{{App}}"} }""";
        var trust = TrustOf(App).Replace("\"sts:AssumeRole\"", "\"sts:AssumeRole\"" + condition, StringComparison.Ordinal);
        await server.Root.DoAsync("CreateRole", "RoleName=reader", $"AssumeRolePolicyDocument={trust}");
        await (await ClientAsync("app")).StsAsync("AssumeRole", ("RoleArn", "arn:aws:iam::111122223333:role/reader"), ("RoleSessionName", "session"));

        foreach (var id in (await server.Root.DoAsync("ListAccessKeys", "UserName=app")).All("AccessKeyId"))
            await server.Root.DoAsync("DeleteAccessKey", "UserName=app", $"AccessKeyId={id}");
        await server.Root.DoAsync("DeleteUser", "UserName=app");
        Assert.Equal(trust.Replace($"{{\"AWS\":\"{App}\"}}", $"{{\"AWS\":\"{old}\"}}", StringComparison.Ordinal), (await GetAsync("reader")).Document("AssumeRolePolicyDocument"));

        await server.Root.DoAsync("CreateUser", "UserName=app");
        Assert.Contains(old, (await GetAsync("reader")).Document("AssumeRolePolicyDocument"), StringComparison.Ordinal);
        await (await ClientAsync("app")).StsFailsAsync(
            "AccessDenied", 403, "AssumeRole", ("RoleArn", "arn:aws:iam::111122223333:role/reader"), ("RoleSessionName", "session"));
    }

    [Fact]
    public async Task A_renamed_user_is_shown_by_its_new_name_and_keeps_its_grant()
    {
        await server.Root.DoAsync("CreateUser", "UserName=app");
        var app = await ClientAsync("app");
        await server.Root.DoAsync("CreateRole", "RoleName=reader", $"AssumeRolePolicyDocument={TrustOf("arn:aws:iam::111122223333:user/app")}");

        await server.Root.DoAsync("UpdateUser", "UserName=app", "NewUserName=web", "NewPath=/x/");

        Assert.Equal(TrustOf("arn:aws:iam::111122223333:user/x/web"), (await GetAsync("reader")).Document("AssumeRolePolicyDocument"));
        await app.StsAsync("AssumeRole", ("RoleArn", "arn:aws:iam::111122223333:role/reader"), ("RoleSessionName", "session"));
    }

    [Fact]
    public async Task The_last_use_of_a_role_is_shown()
    {
        await server.Root.DoAsync("CreateUser", "UserName=app");
        await server.Root.DoAsync("CreateRole", "RoleName=reader", $"AssumeRolePolicyDocument={TrustOf("arn:aws:iam::111122223333:user/app")}");
        var answer = await (await ClientAsync("app")).StsAsync("AssumeRole", ("RoleArn", "arn:aws:iam::111122223333:role/reader"), ("RoleSessionName", "session"));
        var credentials = answer.Element("Credentials")!;
        var session = new TestClient(
            server, credentials.Element("AccessKeyId")!.Value, credentials.Element("SecretAccessKey")!.Value, credentials.Element("SessionToken")!.Value);

        await session.StsAsync("GetCallerIdentity");

        var used = (await GetAsync("reader")).Element("RoleLastUsed")!;
        Assert.Equal(["LastUsedDate", "Region"], used.Names());
        Assert.Equal(("2026-02-03T10:20:30Z", "us-east-1"), (used.Element("LastUsedDate")!.Value, used.Element("Region")!.Value));
    }

    [Fact]
    public async Task Of_many_changes_at_once_none_is_lost()
    {
        await CreateAsync("reader");

        await Task.WhenAll(Enumerable.Range(0, 12).Select(i => server.Root.DoAsync("TagRole", "RoleName=reader", $"Tags.member.1.Key=k{i}", "Tags.member.1.Value=v")));

        Assert.Equal(12, (await GetAsync("reader")).All("Key").Length);
    }

    private Task<XElement> CreateAsync(string name) => server.Root.DoAsync("CreateRole", $"RoleName={name}", $"AssumeRolePolicyDocument={Trust}");

    private async Task<XElement> GetAsync(string name) => (await server.Root.DoAsync("GetRole", $"RoleName={name}")).Element("Role")!;

    private async Task<TestClient> ClientAsync(string user)
    {
        var key = (await server.Root.DoAsync("CreateAccessKey", $"UserName={user}")).Element("AccessKey")!;
        return new TestClient(server, key.Element("AccessKeyId")!.Value, key.Element("SecretAccessKey")!.Value);
    }
}
