using static Strongroom.Tests.Server.Iam.IamCalls;

namespace Strongroom.Tests.Server.Iam;

/// <summary>Inline policies and attachments, which are the same for users, groups and roles.</summary>
public sealed class HeldPolicyTests : IAsyncLifetime
{
    private const string Admin = "arn:aws:iam::aws:policy/AdministratorAccess";

    private RunningServer server = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        await server.Root.DoAsync("CreateUser", "UserName=It");
        await server.Root.DoAsync("CreateGroup", "GroupName=It");
        await server.Root.DoAsync("CreateRole", "RoleName=It", $"AssumeRolePolicyDocument={Trust}");
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Theory]
    [InlineData("User")]
    [InlineData("Group")]
    [InlineData("Role")]
    public async Task Inline_policies_are_put_read_listed_and_deleted(string kind)
    {
        foreach (var name in new[] { "b", "a", "c" })
            await server.Root.DoAsync($"Put{kind}Policy", $"{kind}Name=it", $"PolicyName={name}", $"PolicyDocument= {Read}\n");
        await server.Root.DoAsync($"Put{kind}Policy", $"{kind}Name=it", "PolicyName=c", $"PolicyDocument={Read}");
        await server.CloseAsync();
        await server.OpenAsync();

        var read = await server.Root.DoAsync($"Get{kind}Policy", $"{kind}Name=it", "PolicyName=a");
        Assert.Equal([$"{kind}Name", "PolicyName", "PolicyDocument"], read.Names());
        Assert.Equal(("It", "a", $" {Read}\n"), (read.Element($"{kind}Name")!.Value, read.Element("PolicyName")!.Value, read.Document("PolicyDocument")));
        Assert.Equal(Read, (await server.Root.DoAsync($"Get{kind}Policy", $"{kind}Name=it", "PolicyName=c")).Document("PolicyDocument"));

        var first = await server.Root.DoAsync($"List{kind}Policies", $"{kind}Name=it", "MaxItems=2");
        var second = await server.Root.DoAsync($"List{kind}Policies", $"{kind}Name=it", "MaxItems=2", $"Marker={first.Element("Marker")!.Value}");
        Assert.Equal(("a,b", "true"), (first.Element("PolicyNames")!.Line("member"), first.Element("IsTruncated")!.Value));
        Assert.Equal(("c", "false"), (second.Element("PolicyNames")!.Line("member"), second.Element("IsTruncated")!.Value));

        await server.Root.DoAsync($"Delete{kind}Policy", $"{kind}Name=it", "PolicyName=b");
        Assert.Equal($"Delete{kind}Policy", (string?)server.Records()[^1]["eventName"]);
        Assert.Equal(["a", "c"], (await server.Root.DoAsync($"List{kind}Policies", $"{kind}Name=it")).Element("PolicyNames")!.All("member"));
        foreach (var operation in new[] { "Get", "Delete" })
        {
            Assert.Equal(
                $"The {kind.ToLowerInvariant()} policy with name b cannot be found.",
                await server.Root.IamFailsAsync("NoSuchEntity", 404, $"{operation}{kind}Policy", ($"{kind}Name", "it"), ("PolicyName", "b")));
        }

        Assert.Equal(
            "Syntax errors in policy.",
            await server.Root.IamFailsAsync("MalformedPolicyDocument", 400, $"Put{kind}Policy", Pairs($"{kind}Name=it", "PolicyName=b", "PolicyDocument=[]")));
    }

    [Theory]
    [InlineData("User", 2048)]
    [InlineData("Group", 5120)]
    [InlineData("Role", 10240)]
    public async Task All_inline_policies_together_have_a_size(string kind, int max)
    {
        await server.Root.DoAsync($"Put{kind}Policy", $"{kind}Name=it", "PolicyName=a", $"PolicyDocument={ReadOfSize(1000)}");
        await server.Root.DoAsync($"Put{kind}Policy", $"{kind}Name=it", "PolicyName=b", $"PolicyDocument={ReadOfSize(max - 1000)}");

        Assert.Equal(
            $"Maximum policy size of {max} bytes exceeded for {kind.ToLowerInvariant()} It",
            await server.Root.IamFailsAsync("LimitExceeded", 409, $"Put{kind}Policy", Pairs($"{kind}Name=it", "PolicyName=b", $"PolicyDocument={ReadOfSize(max - 999)}")));
    }

    [Theory]
    [InlineData("User")]
    [InlineData("Group")]
    [InlineData("Role")]
    public async Task Managed_policies_are_attached_listed_and_detached(string kind)
    {
        await server.Root.DoAsync("CreatePolicy", "PolicyName=Reader", "Path=/team/", $"PolicyDocument={Read}");
        const string Own = "arn:aws:iam::111122223333:policy/team/Reader";
        foreach (var arn in new[] { Own, Admin, Own })
            await server.Root.DoAsync($"Attach{kind}Policy", $"{kind}Name=it", $"PolicyArn={arn}");
        await server.CloseAsync();
        await server.OpenAsync();

        var listed = await server.Root.DoAsync($"ListAttached{kind}Policies", $"{kind}Name=it");
        Assert.Equal(["AttachedPolicies", "IsTruncated"], listed.Names());
        Assert.Equal(["PolicyName", "PolicyArn"], listed.Element("AttachedPolicies")!.Element("member")!.Names());
        Assert.Equal(("AdministratorAccess,Reader", $"{Admin},{Own}"), (listed.Line("PolicyName"), listed.Line("PolicyArn")));
        Assert.Equal(["Reader"], (await server.Root.DoAsync($"ListAttached{kind}Policies", $"{kind}Name=it", "PathPrefix=/team/")).All("PolicyName"));
        var first = await server.Root.DoAsync($"ListAttached{kind}Policies", $"{kind}Name=it", "MaxItems=1");
        Assert.Equal(
            ["Reader"],
            (await server.Root.DoAsync($"ListAttached{kind}Policies", $"{kind}Name=it", "MaxItems=1", $"Marker={first.Element("Marker")!.Value}")).All("PolicyName"));

        await server.Root.DoAsync($"Detach{kind}Policy", $"{kind}Name=it", $"PolicyArn={Admin}");
        Assert.Equal([Own], (await server.Root.DoAsync($"ListAttached{kind}Policies", $"{kind}Name=it")).All("PolicyArn"));
        Assert.Equal(
            $"Policy {Admin} was not found.",
            await server.Root.IamFailsAsync("NoSuchEntity", 404, $"Detach{kind}Policy", ($"{kind}Name", "it"), ("PolicyArn", Admin)));
        Assert.Equal(
            "Policy arn:aws:iam::111122223333:policy/none does not exist or is not attachable.",
            await server.Root.IamFailsAsync("NoSuchEntity", 404, $"Attach{kind}Policy", ($"{kind}Name", "it"), ("PolicyArn", "arn:aws:iam::111122223333:policy/none")));
        Assert.Equal(
            "Invalid ARN:  Could not be parsed!",
            await server.Root.IamFailsAsync("ValidationError", 400, $"Attach{kind}Policy", ($"{kind}Name", "it"), ("PolicyArn", "not-an-arn-but-long-enough")));
    }

    [Theory]
    [InlineData("User")]
    [InlineData("Group")]
    [InlineData("Role")]
    public async Task Ten_policies_are_attached_at_most(string kind)
    {
        for (var i = 0; i <= 10; i++)
            await server.Root.DoAsync("CreatePolicy", $"PolicyName=p{i}", $"PolicyDocument={Read}");
        for (var i = 0; i < 10; i++)
            await server.Root.DoAsync($"Attach{kind}Policy", $"{kind}Name=it", $"PolicyArn=arn:aws:iam::111122223333:policy/p{i}");

        await server.Root.DoAsync($"Attach{kind}Policy", $"{kind}Name=it", "PolicyArn=arn:aws:iam::111122223333:policy/p0");
        Assert.Equal(
            $"Cannot exceed quota for PoliciesPer{kind}: 10",
            await server.Root.IamFailsAsync("LimitExceeded", 409, $"Attach{kind}Policy", ($"{kind}Name", "it"), ("PolicyArn", "arn:aws:iam::111122223333:policy/p10")));
    }

    [Theory]
    [InlineData("User")]
    [InlineData("Group")]
    [InlineData("Role")]
    public async Task Who_is_not_there_holds_nothing(string kind)
    {
        string[][] calls =
        [
            [$"Put{kind}Policy", "PolicyName=a", $"PolicyDocument={Read}"], [$"Get{kind}Policy", "PolicyName=a"], [$"List{kind}Policies"],
            [$"Delete{kind}Policy", "PolicyName=a"], [$"Attach{kind}Policy", $"PolicyArn={Admin}"], [$"Detach{kind}Policy", $"PolicyArn={Admin}"],
            [$"ListAttached{kind}Policies"],
        ];
        foreach (var call in calls)
        {
            Assert.Equal(
                $"The {kind.ToLowerInvariant()} with name none cannot be found.",
                await server.Root.IamFailsAsync("NoSuchEntity", 404, call[0], [($"{kind}Name", "none"), .. Pairs(call[1..])]));
        }
    }

    [Fact]
    public async Task A_policy_works_from_the_next_request_on()
    {
        var key = (await server.Root.DoAsync("CreateAccessKey", "UserName=It")).Element("AccessKey")!;
        var user = new TestClient(server, key.Element("AccessKeyId")!.Value, key.Element("SecretAccessKey")!.Value);
        async Task DeniedAsync() => await user.IamFailsAsync("AccessDenied", 403, "ListRoles");
        await DeniedAsync();

        await server.Root.DoAsync("AttachUserPolicy", "UserName=It", "PolicyArn=arn:aws:iam::aws:policy/ReadOnlyAccess");
        await user.IamAsync("ListRoles");
        await server.Root.DoAsync("DetachUserPolicy", "UserName=It", "PolicyArn=arn:aws:iam::aws:policy/ReadOnlyAccess");
        await DeniedAsync();

        await server.Root.DoAsync("AddUserToGroup", "UserName=It", "GroupName=It");
        await server.Root.DoAsync("PutGroupPolicy", "GroupName=It", "PolicyName=p", $"PolicyDocument={Read.Replace("secretsmanager:GetSecretValue", "iam:List*", StringComparison.Ordinal)}");
        await user.IamAsync("ListRoles");
        await server.Root.DoAsync("DeleteGroupPolicy", "GroupName=It", "PolicyName=p");
        await DeniedAsync();
    }
}
