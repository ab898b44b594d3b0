using static Strongroom.Tests.Server.Iam.IamCalls;

namespace Strongroom.Tests.Server.Iam;

public sealed class ManagedPolicyTests : IAsyncLifetime
{
    private const string Arn = "arn:aws:iam::111122223333:policy/team/Reader";
    private const string Admin = "arn:aws:iam::aws:policy/AdministratorAccess";

    private RunningServer server = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        await server.Root.DoAsync(
            "CreatePolicy", "PolicyName=Reader", "Path=/team/", $"PolicyDocument={Read}", "Description=reads", "Tags.member.1.Key=Env", "Tags.member.1.Value=prod");
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_policy_is_shown_with_the_members_that_each_call_shows()
    {
        var made = (await server.Root.DoAsync("CreatePolicy", "PolicyName=other", $"PolicyDocument={Read}")).Element("Policy")!;
        Assert.Equal(
            ["PolicyName", "PolicyId", "Arn", "Path", "DefaultVersionId", "AttachmentCount", "PermissionsBoundaryUsageCount", "IsAttachable", "CreateDate", "UpdateDate"],
            made.Names());
        Assert.Equal(("v1", "0", "true"), (made.Element("DefaultVersionId")!.Value, made.Element("AttachmentCount")!.Value, made.Element("IsAttachable")!.Value));
        Assert.Matches("^ANPA[A-Z2-7]{17}$", made.Element("PolicyId")!.Value);
        Assert.Equal("arn:aws:iam::111122223333:policy/other", (string?)server.Records()[^1]["responseElements"]!["policy"]!["arn"]);

        var read = (await server.Root.DoAsync("GetPolicy", $"PolicyArn={Arn}")).Element("Policy")!;
        Assert.Equal([.. made.Names()[..8], "Description", "CreateDate", "UpdateDate", "Tags"], read.Names());
        Assert.Equal(("Reader", "/team/", "reads"), (read.Element("PolicyName")!.Value, read.Element("Path")!.Value, read.Element("Description")!.Value));

        var listed = (await server.Root.DoAsync("ListPolicies", "Scope=Local", "PathPrefix=/team/")).Element("Policies")!.Element("member")!;
        Assert.Equal(made.Names(), listed.Names());
    }

    [Theory]
    [InlineData("EntityAlreadyExists", 409, "A policy called Reader already exists. Duplicate names are not allowed.", "CreatePolicy", "PolicyName=reader", "PolicyDocument=" + Read)]
    [InlineData("MalformedPolicyDocument", 400, "Syntax errors in policy.", "CreatePolicy", "PolicyName=x", "PolicyDocument=nonsense")]
    [InlineData("MalformedPolicyDocument", 400, "Policy document must be version 2012-10-17 or greater.", "CreatePolicy", "PolicyName=x",
        """PolicyDocument={"Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}""")]
    [InlineData("MalformedPolicyDocument", 400, "Policy document should not specify a principal.", "CreatePolicyVersion", "PolicyArn=" + Arn,
        """PolicyDocument={"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}""")]
    [InlineData("NoSuchEntity", 404, "Policy arn:aws:iam::111122223333:policy/none was not found.", "GetPolicy", "PolicyArn=arn:aws:iam::111122223333:policy/none")]
    [InlineData("NoSuchEntity", 404, "Policy arn:aws:iam::111122223333:policy/Reader was not found.", "GetPolicy", "PolicyArn=arn:aws:iam::111122223333:policy/Reader")]
    [InlineData("NoSuchEntity", 404, "Policy arn:aws:iam::999988887777:policy/team/Reader was not found.", "DeletePolicy", "PolicyArn=arn:aws:iam::999988887777:policy/team/Reader")]
    [InlineData("NoSuchEntity", 404, "Policy arn:aws:iam::aws:policy/None was not found.", "ListPolicyVersions", "PolicyArn=arn:aws:iam::aws:policy/None")]
    [InlineData("ValidationError", 400, "Invalid ARN:  Could not be parsed!", "GetPolicy", "PolicyArn=not-an-arn-but-long-enough")]
    [InlineData("InvalidInput", 400, "ARN arn:aws:iam::111122223333:user/app is not valid.", "GetPolicy", "PolicyArn=arn:aws:iam::111122223333:user/app")]
    [InlineData("NoSuchEntity", 404, "Policy " + Arn + " version v9 does not exist or is not attachable.", "GetPolicyVersion", "PolicyArn=" + Arn, "VersionId=v9")]
    [InlineData("NoSuchEntity", 404, "Policy " + Arn + " version v9 does not exist or is not attachable.", "DeletePolicyVersion", "PolicyArn=" + Arn, "VersionId=v9")]
    [InlineData("NoSuchEntity", 404, "Policy " + Arn + " version v9 does not exist or is not attachable.", "SetDefaultPolicyVersion", "PolicyArn=" + Arn, "VersionId=v9")]
    [InlineData("DeleteConflict", 409, "Cannot delete the default version of a policy.", "DeletePolicyVersion", "PolicyArn=" + Arn, "VersionId=v1")]
    [InlineData("NoSuchEntity", 404, "Policy arn:aws:iam::111122223333:policy/none was not found.", "TagPolicy", "PolicyArn=arn:aws:iam::111122223333:policy/none", "Tags.member.1.Key=a", "Tags.member.1.Value=b")]
    [InlineData("NoSuchEntity", 404, "Policy arn:aws:iam::111122223333:policy/none was not found.", "UntagPolicy", "PolicyArn=arn:aws:iam::111122223333:policy/none", "TagKeys.member.1=a")]
    [InlineData("NoSuchEntity", 404, "Policy arn:aws:iam::111122223333:policy/none was not found.", "ListPolicyTags", "PolicyArn=arn:aws:iam::111122223333:policy/none")]
    [InlineData("NoSuchEntity", 404, "Policy arn:aws:iam::111122223333:policy/none was not found.", "ListEntitiesForPolicy", "PolicyArn=arn:aws:iam::111122223333:policy/none")]
    [InlineData("InvalidInput", 400, "The specified value for description is invalid. It must not contain control characters.", "CreatePolicy", "PolicyName=x", "PolicyDocument=" + Read, "Description=\u0001")]
    public async Task Errors_are_AWSs(string code, int status, string message, string operation, params string[] parameters) =>
        Assert.Equal(message, await server.Root.IamFailsAsync(code, status, operation, Pairs(parameters)));

    [Fact]
    public async Task Versions_are_numbered_once_and_there_are_five_at_most()
    {
        for (var i = 2; i <= 5; i++)
            await server.Root.DoAsync("CreatePolicyVersion", $"PolicyArn={Arn}", $"PolicyDocument={Read.Replace("Get", $"Get{i}", StringComparison.Ordinal)}");
        Assert.Equal(
            "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.",
            await server.Root.IamFailsAsync("LimitExceeded", 409, "CreatePolicyVersion", ("PolicyArn", Arn), ("PolicyDocument", Read)));
        Assert.Equal(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
            await server.Root.IamFailsAsync("DeleteConflict", 409, "DeletePolicy", ("PolicyArn", Arn)));

        await server.Root.DoAsync("DeletePolicyVersion", $"PolicyArn={Arn}", "VersionId=v5");
        var made = (await server.Root.DoAsync("CreatePolicyVersion", $"PolicyArn={Arn}", $"PolicyDocument={Read}", "SetAsDefault=true")).Element("PolicyVersion")!;
        Assert.Equal(["VersionId", "IsDefaultVersion", "CreateDate"], made.Names());
        Assert.Equal(("v6", "true"), (made.Element("VersionId")!.Value, made.Element("IsDefaultVersion")!.Value));
        Assert.Equal("v6", (string?)server.Records()[^1]["responseElements"]!["policyVersion"]!["versionId"]);

        await server.CloseAsync();
        await server.OpenAsync();
        var first = await server.Root.DoAsync("ListPolicyVersions", $"PolicyArn={Arn}", "MaxItems=3");
        var second = await server.Root.DoAsync("ListPolicyVersions", $"PolicyArn={Arn}", "MaxItems=3", $"Marker={first.Element("Marker")!.Value}");
        Assert.Equal(["v6", "v4", "v3"], first.All("VersionId"));
        Assert.Equal(["true", "false", "false"], first.All("IsDefaultVersion"));
        Assert.Equal(["v2", "v1"], second.All("VersionId"));

        await server.Root.DoAsync("SetDefaultPolicyVersion", $"PolicyArn={Arn}", "VersionId=v2");
        Assert.Equal("v2", (await server.Root.DoAsync("GetPolicy", $"PolicyArn={Arn}")).All("DefaultVersionId")[0]);
        var read = (await server.Root.DoAsync("GetPolicyVersion", $"PolicyArn={Arn}", "VersionId=v2")).Element("PolicyVersion")!;
        Assert.Equal(["Document", "VersionId", "IsDefaultVersion", "CreateDate"], read.Names());
        Assert.Equal(Read.Replace("Get", "Get2", StringComparison.Ordinal), read.Document("Document"));
    }

    [Fact]
    public async Task A_document_is_counted_without_its_whitespace()
    {
        await server.Root.DoAsync("CreatePolicy", "PolicyName=big", $"PolicyDocument={ReadOfSize(6144)}");

        Assert.Equal(
            "Cannot exceed quota for PolicySize: 6144",
            await server.Root.IamFailsAsync("LimitExceeded", 409, "CreatePolicy", ("PolicyName", "bigger"), ("PolicyDocument", ReadOfSize(6145))));
    }

    [Fact]
    public async Task Uses_are_counted_listed_and_keep_a_policy_from_being_deleted()
    {
        await server.Root.DoAsync("CreateUser", "UserName=app");
        await server.Root.DoAsync("CreateGroup", "GroupName=ops", "Path=/team/");
        await server.Root.DoAsync("CreateRole", "RoleName=reader", $"AssumeRolePolicyDocument={Trust}", $"PermissionsBoundary={Arn}");
        await server.Root.DoAsync("AttachUserPolicy", "UserName=app", $"PolicyArn={Arn}");
        await server.Root.DoAsync("AttachGroupPolicy", "GroupName=ops", $"PolicyArn={Arn}");

        var policy = await server.Root.DoAsync("GetPolicy", $"PolicyArn={Arn}");
        Assert.Equal(("2", "1"), (policy.All("AttachmentCount")[0], policy.All("PermissionsBoundaryUsageCount")[0]));
        var all = await server.Root.DoAsync("ListEntitiesForPolicy", $"PolicyArn={Arn}");
        Assert.Equal(["PolicyGroups", "PolicyUsers", "PolicyRoles", "IsTruncated"], all.Names());
        Assert.Equal(("ops", "app", "reader"), (all.Line("GroupName"), all.Line("UserName"), all.Line("RoleName")));
        Assert.Equal(["RoleName", "RoleId"], all.Element("PolicyRoles")!.Element("member")!.Names());
        await AssertEntitiesAsync(["ops"], "EntityFilter=Group");
        await AssertEntitiesAsync(["ops"], "PathPrefix=/team/");
        await AssertEntitiesAsync(["reader"], "PolicyUsageFilter=PermissionsBoundary");
        await AssertEntitiesAsync(["ops", "app"], "PolicyUsageFilter=PermissionsPolicy");
        await AssertEntitiesAsync([], "EntityFilter=LocalManagedPolicy");
        var first = await server.Root.DoAsync("ListEntitiesForPolicy", $"PolicyArn={Arn}", "MaxItems=2");
        Assert.Equal(("ops", "", "reader"), (first.Line("GroupName"), first.Line("UserName"), first.Line("RoleName")));
        Assert.Equal(["app"], (await server.Root.DoAsync("ListEntitiesForPolicy", $"PolicyArn={Arn}", "MaxItems=2", $"Marker={first.Element("Marker")!.Value}")).All("UserName"));

        async Task CannotDelete() => Assert.Equal(
            "Cannot delete a policy attached to entities.", await server.Root.IamFailsAsync("DeleteConflict", 409, "DeletePolicy", ("PolicyArn", Arn)));
        await CannotDelete();
        await server.Root.DoAsync("DetachUserPolicy", "UserName=app", $"PolicyArn={Arn}");
        await server.Root.DoAsync("DetachGroupPolicy", "GroupName=ops", $"PolicyArn={Arn}");
        await CannotDelete();
        await server.Root.DoAsync("DeleteRolePermissionsBoundary", "RoleName=reader");
        await server.Root.DoAsync("DeletePolicy", $"PolicyArn={Arn}");
        await server.Root.IamFailsAsync("NoSuchEntity", 404, "GetPolicy", ("PolicyArn", Arn));
    }

    [Fact]
    public async Task Lists_are_of_the_scope_and_the_use_asked_for()
    {
        await server.Root.DoAsync("CreatePolicy", "PolicyName=bound", $"PolicyDocument={Read}");
        await server.Root.DoAsync("CreateUser", "UserName=app", "PermissionsBoundary=arn:aws:iam::111122223333:policy/bound");
        await server.Root.DoAsync("AttachUserPolicy", "UserName=app", $"PolicyArn={Admin}");

        string[] shipped =
        [
            "AdministratorAccess", "AWSCloudTrail_ReadOnlyAccess", "AWSKeyManagementServicePowerUser", "AWSLambdaBasicExecutionRole",
            "AWSSecretsManagerClientReadOnlyAccess", "IAMFullAccess", "IAMReadOnlyAccess", "PowerUserAccess", "ReadOnlyAccess", "SecretsManagerReadWrite", "SecurityAudit",
        ];
        await AssertPoliciesAsync(shipped, "Scope=AWS");
        await AssertPoliciesAsync(["bound", "Reader"], "Scope=Local");
        await AssertPoliciesAsync([.. shipped, "bound", "Reader"]);
        await AssertPoliciesAsync(["AdministratorAccess"], "OnlyAttached=true");
        await AssertPoliciesAsync(["bound"], "PolicyUsageFilter=PermissionsBoundary");
        await AssertPoliciesAsync(["AWSLambdaBasicExecutionRole"], "PathPrefix=/service-role/");
        var seen = new List<string>();
        var page = await server.Root.DoAsync("ListPolicies", "MaxItems=5");
        seen.AddRange(page.All("PolicyName"));
        while (page.Element("Marker") is { } marker)
        {
            page = await server.Root.DoAsync("ListPolicies", "MaxItems=5", $"Marker={marker.Value}");
            seen.AddRange(page.All("PolicyName"));
        }

        Assert.Equal([.. shipped.Concat(["bound", "Reader"]).Order(StringComparer.OrdinalIgnoreCase)], seen);
    }

    [Fact]
    public async Task What_AWS_ships_is_complete_and_every_document_is_valid()
    {
        foreach (var arn in (await server.Root.DoAsync("ListPolicies", "Scope=AWS")).All("Arn"))
        {
            var policy = await server.Root.DoAsync("GetPolicy", $"PolicyArn={arn}");
            Assert.Matches("^ANPA[A-Z2-7]{17}$", policy.All("PolicyId")[0]);
            Assert.NotEmpty(policy.All("Description"));
            var version = await server.Root.DoAsync("GetPolicyVersion", $"PolicyArn={arn}", $"VersionId={policy.All("DefaultVersionId")[0]}");
            await server.Root.DoAsync("CreatePolicy", $"PolicyName=copy-of-{policy.All("PolicyName")[0]}", $"PolicyDocument={version.Document("Document")}");
        }

        var ids = (await server.Root.DoAsync("ListPolicies", "Scope=AWS")).All("PolicyId");
        Assert.Equal(ids.Length, ids.Distinct().Count());
    }

    [Theory]
    [InlineData("DeletePolicy")]
    [InlineData("CreatePolicyVersion", "PolicyDocument=" + Read)]
    [InlineData("DeletePolicyVersion", "VersionId=v1")]
    [InlineData("SetDefaultPolicyVersion", "VersionId=v1")]
    [InlineData("TagPolicy", "Tags.member.1.Key=a", "Tags.member.1.Value=b")]
    [InlineData("UntagPolicy", "TagKeys.member.1=a")]
    public async Task What_AWS_ships_not_even_root_changes(string operation, params string[] parameters) => Assert.Equal(
        $"User: arn:aws:iam::111122223333:root is not authorized to perform: iam:{operation} on resource: policy {Admin}",
        await server.Root.IamFailsAsync("AccessDenied", 403, operation, [("PolicyArn", Admin), .. Pairs(parameters)]));

    [Fact]
    public async Task Tags_are_added_removed_and_listed()
    {
        await server.Root.DoAsync("TagPolicy", $"PolicyArn={Arn}", "Tags.member.1.Key=env", "Tags.member.1.Value=test", "Tags.member.2.Key=a", "Tags.member.2.Value=b");
        await server.Root.DoAsync("UntagPolicy", $"PolicyArn={Arn}", "TagKeys.member.1=A");

        var tags = await server.Root.DoAsync("ListPolicyTags", $"PolicyArn={Arn}");

        Assert.Equal(("env", "test", "false"), (tags.Line("Key"), tags.Line("Value"), tags.Element("IsTruncated")!.Value));
        Assert.Empty((await server.Root.DoAsync("ListPolicyTags", $"PolicyArn={Admin}")).Element("Tags")!.Elements());
    }

    [Fact]
    public async Task Of_many_that_make_a_version_at_once_each_gets_its_own_number()
    {
        var made = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => server.Root.DoAsync("CreatePolicyVersion", $"PolicyArn={Arn}", $"PolicyDocument={Read}")));

        Assert.Equal(["v2", "v3", "v4", "v5"], made.Select(m => m.All("VersionId")[0]).Order(StringComparer.Ordinal));
    }

    private async Task AssertEntitiesAsync(string[] expected, string filter)
    {
        var answer = await server.Root.DoAsync("ListEntitiesForPolicy", $"PolicyArn={Arn}", filter);
        Assert.Equal(expected, answer.All("GroupName").Concat(answer.All("UserName")).Concat(answer.All("RoleName")));
    }

    private async Task AssertPoliciesAsync(string[] expected, params string[] parameters) =>
        Assert.Equal(expected.Order(StringComparer.OrdinalIgnoreCase), (await server.Root.DoAsync("ListPolicies", parameters)).All("PolicyName"));
}
