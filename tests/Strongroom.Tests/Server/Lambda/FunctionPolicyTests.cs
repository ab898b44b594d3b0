using System.Text.Json.Nodes;
using Strongroom.Tests.Server.Kms;
using Strongroom.Tests.Server.Sts;
using static Strongroom.Tests.Server.Lambda.LambdaClient;

namespace Strongroom.Tests.Server.Lambda;

/// <summary>Who may do what with functions: their own policies, roles that are passed, callers of other accounts. Source: Lambda Developer Guide, "Managing permissions".</summary>
public sealed class FunctionPolicyTests : IAsyncLifetime
{
    private const string Policy = FunctionsPath + "/rotate/policy";
    private RunningServer server = null!;

    public async ValueTask InitializeAsync()
    {
        (server, _) = await StartAsync();
        await Root.CreateFunctionAsync("rotate");
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    private TestClient Root => server.Root;

    [Theory]
    [InlineData("secretsmanager.amazonaws.com", """{"Service":"secretsmanager.amazonaws.com"}""")]
    [InlineData("444455556666", """{"AWS":"arn:aws:iam::444455556666:root"}""")]
    [InlineData("arn:aws:iam::111122223333:role/team/execution", """{"AWS":"arn:aws:iam::111122223333:role/team/execution"}""")]
    [InlineData("*", "\"*\"")]
    public async Task A_permission_becomes_a_statement(string principal, string written)
    {
        var added = await Root.LambdaOkAsync(201, "POST", Policy, new
        {
            StatementId = "s1", Action = "lambda:InvokeFunction", Principal = principal, SourceAccount = "111122223333", SourceArn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:*",
        });

        var statement = JsonNode.Parse((string)added["Statement"]!)!;
        var expected = JsonNode.Parse($$$"""
            {"Sid":"s1","Effect":"Allow","Principal":{{{written}}},"Action":"lambda:InvokeFunction","Resource":"{{{Arn("rotate")}}}",
             "Condition":{"StringEquals":{"AWS:SourceAccount":"111122223333"},"ArnLike":{"AWS:SourceArn":"arn:aws:secretsmanager:us-east-1:111122223333:secret:*"} } }
            """);
        Assert.True(JsonNode.DeepEquals(expected, statement), statement.ToJsonString());
        var shown = await Root.LambdaOkAsync(200, "GET", Policy);
        var policy = JsonNode.Parse((string)shown["Policy"]!)!;
        Assert.Equal(("2012-10-17", "default"), ((string?)policy["Version"], (string?)policy["Id"]));
        Assert.True(JsonNode.DeepEquals(expected, Assert.Single(policy["Statement"]!.AsArray())), policy.ToJsonString());
        Assert.Equal((string?)(await Root.LambdaOkAsync(200, "GET", FunctionsPath + "/rotate/configuration"))["RevisionId"], (string?)shown["RevisionId"]);
    }

    [Fact]
    public async Task Statements_are_added_once_and_removed_once()
    {
        Assert.Equal("The resource you requested does not exist.", await Root.LambdaFailsAsync("ResourceNotFoundException", 404, "GET", Policy));
        Assert.Equal("No policy is associated with the given resource.", await Root.LambdaFailsAsync("ResourceNotFoundException", 404, "DELETE", Policy + "/s1"));
        await Root.PermitAsync("rotate", "s1");
        await Root.PermitAsync("rotate", "s2");
        Assert.Equal(
            "The statement id (s1) provided already exists. Please provide a new statement id, or remove the existing statement.",
            await Root.LambdaFailsAsync("ResourceConflictException", 409, "POST", Policy, new { StatementId = "s1", Action = "lambda:*", Principal = "*" }));

        Assert.Equal("Statement s3 is not found in resource policy.", await Root.LambdaFailsAsync("ResourceNotFoundException", 404, "DELETE", Policy + "/s3"));
        await Root.LambdaOkAsync(204, "DELETE", Policy + "/s1");
        Assert.Equal(["s2"], JsonNode.Parse((string)(await Root.LambdaOkAsync(200, "GET", Policy))["Policy"]!)!["Statement"]!.AsArray().Select(s => (string?)s!["Sid"]));
        await Root.LambdaOkAsync(204, "DELETE", Policy + "/s2");
        await Root.LambdaFailsAsync("ResourceNotFoundException", 404, "GET", Policy);
    }

    [Theory]
    [InlineData("""{"Principal":"arn:aws:iam::111122223333:user/absent"}""", "The provided principal was invalid. Please check the principal and try again.")]
    [InlineData("""{"Principal":"nonsense"}""", "The provided principal was invalid. Please check the principal and try again.")]
    [InlineData("""{"PrincipalOrgID":"o-aaaaaaaaaa"}""", "PrincipalOrgID is not supported by Strongroom.")]
    [InlineData("""{"FunctionUrlAuthType":"NONE"}""", "A function URL is not supported by Strongroom.")]
    public async Task What_can_not_be_permitted_is_refused(string change, string message)
    {
        var body = JsonNode.Parse("""{"StatementId":"s","Action":"lambda:InvokeFunction","Principal":"secretsmanager.amazonaws.com"}""")!;
        foreach (var (name, value) in JsonNode.Parse(change)!.AsObject())
            body[name] = value!.DeepClone();

        Assert.Equal(message, await Root.LambdaFailsAsync("InvalidParameterValueException", 400, "POST", Policy, body));
        await Root.LambdaFailsAsync("ResourceNotFoundException", 404, "GET", Policy);
    }

    [Fact]
    public async Task A_permission_for_a_version_is_refused() => Assert.Equal(
        "We currently do not support adding policies for $LATEST.",
        await Root.LambdaFailsAsync("InvalidParameterValueException", 400, "POST", Policy + "?Qualifier=%24LATEST", new { StatementId = "s", Action = "lambda:*", Principal = "*" }));

    [Fact]
    public async Task What_belongs_into_the_query_is_not_taken_from_the_body() => await Root.LambdaOkAsync(
        201, "POST", Policy, new { StatementId = "s", Action = "lambda:InvokeFunction", Principal = "secretsmanager.amazonaws.com", Qualifier = "$LATEST" });

    [Fact]
    public async Task A_policy_has_twenty_kilobytes()
    {
        var source = "arn:aws:s3:::" + new string('a', 9000);
        await Root.PermitAsync("rotate", "s1", arn: source);
        await Root.PermitAsync("rotate", "s2", arn: source);

        var message = await Root.LambdaFailsAsync(
            "PolicyLengthExceededException", 400, "POST", Policy, new { StatementId = "s3", Action = "lambda:InvokeFunction", Principal = "*", SourceArn = source });

        Assert.Matches(@"^The final policy size \(27[0-9]{3}\) is bigger than the limit \(20480\)\.$", message);
    }

    [Fact]
    public async Task A_caller_of_another_account_needs_the_functions_policy_and_its_own()
    {
        var made = (await Root.JsonAsync("Strongroom.CreateAccount", new { AccountId = Identities.Other }))["AccessKey"]!;
        var root = new TestClient(server, (string)made["AccessKeyId"]!, (string)made["SecretAccessKey"]!);
        await server.ChangeAsync(Identities.Other, [Identities.User("theirs", Identities.Allow("lambda:*")), Identities.User("poor")], []);
        var (theirs, poor) = (await KeyOfAsync(root, "theirs"), await KeyOfAsync(root, "poor"));
        var target = $"{FunctionsPath}/{Uri.EscapeDataString(Arn("rotate"))}";

        Assert.Equal(
            $"User: arn:aws:iam::{Identities.Other}:user/theirs is not authorized to perform: lambda:InvokeFunction on resource: {Arn("rotate")} because no resource-based policy allows the lambda:InvokeFunction action",
            await theirs.LambdaFailsAsync("AccessDeniedException", 403, "POST", target + "/invocations"));
        // Whether there is such a function is not told.
        Assert.Equal(
            $"User: arn:aws:iam::{Identities.Other}:user/theirs is not authorized to perform: lambda:GetFunction on resource: {Arn("absent")} because no resource-based policy allows the lambda:GetFunction action",
            await theirs.LambdaFailsAsync("AccessDeniedException", 403, "GET", $"{FunctionsPath}/{Uri.EscapeDataString(Arn("absent"))}"));
        Assert.EndsWith("lambda:GetFunction action", await theirs.LambdaFailsAsync("AccessDeniedException", 403, "GET", $"{FunctionsPath}/{Uri.EscapeDataString(Arn("absent", "999988887777"))}"), StringComparison.Ordinal);

        await Root.LambdaOkAsync(201, "POST", Policy, new { StatementId = "s", Action = "lambda:InvokeFunction", Principal = Identities.Other });
        Assert.Equal(200, (await theirs.LambdaAsync("POST", target + "/invocations")).Status);
        await poor.LambdaFailsAsync("AccessDeniedException", 403, "POST", target + "/invocations");
        await theirs.LambdaFailsAsync("AccessDeniedException", 403, "GET", target);
        await theirs.LambdaFailsAsync("AccessDeniedException", 403, "PUT", target + "/configuration", new { Timeout = 9 });
    }

    [Fact]
    public async Task A_permission_is_for_the_user_who_was_there_and_not_for_a_later_one_of_its_name()
    {
        await server.PutAsync(Identities.User("app"));
        await Root.LambdaOkAsync(201, "POST", Policy, new { StatementId = "s", Action = "lambda:GetFunction", Principal = "arn:aws:iam::111122223333:user/app" });
        await (await server.ClientOfAsync("app")).LambdaOkAsync(200, "GET", FunctionsPath + "/rotate");

        await server.RemoveAsync(Identities.User("app"));
        await server.PutAsync(Identities.User("app") with { Id = "AIDAANOTHER2222222222" });

        var later = await server.ClientOfAsync("app");
        await later.LambdaFailsAsync("AccessDeniedException", 403, "GET", FunctionsPath + "/rotate");
        Assert.Contains("AIDAAPP", (string)(await Root.LambdaOkAsync(200, "GET", Policy))["Policy"]!, StringComparison.Ordinal);
        // Once removed, the name is free to be meant anew.
        await Root.LambdaOkAsync(204, "DELETE", Policy + "/s");
        await Root.LambdaOkAsync(201, "POST", Policy, new { StatementId = "s", Action = "lambda:GetFunction", Principal = "arn:aws:iam::111122223333:user/app" });
        await later.LambdaOkAsync(200, "GET", FunctionsPath + "/rotate");
    }

    [Fact]
    public async Task The_role_must_be_the_callers_to_pass()
    {
        const string Create = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"lambda:*","Resource":"*"}]}""";
        var passer = await server.NewUserAsync("passer", Create, PassRole("lambda.amazonaws.com"));
        var other = await server.NewUserAsync("other", Create, PassRole("ec2.amazonaws.com"));
        var none = await server.NewUserAsync("none", Create);

        foreach (var (client, name) in new[] { (other, "other"), (none, "none") })
        {
            var text = $"User: arn:aws:iam::111122223333:user/{name} is not authorized to perform: iam:PassRole on resource: {RoleArn} because no identity-based policy allows the iam:PassRole action";
            Assert.Equal(text, await client.LambdaFailsAsync("AccessDeniedException", 403, "POST", FunctionsPath, NewFunction("mine")));
            Assert.Equal(text, await client.LambdaFailsAsync("AccessDeniedException", 403, "PUT", FunctionsPath + "/rotate/configuration", new { Role = RoleArn }));
        }

        await passer.CreateFunctionAsync("mine");
        await passer.LambdaOkAsync(200, "PUT", FunctionsPath + "/rotate/configuration", new { Role = RoleArn });
        await none.LambdaOkAsync(200, "PUT", FunctionsPath + "/rotate/configuration", new { Timeout = 5 });
        Assert.Equal(
            "Cross-account pass role is not allowed.",
            await passer.LambdaFailsAsync("AccessDeniedException", 403, "PUT", FunctionsPath + "/rotate/configuration", new { Role = "arn:aws:iam::444455556666:role/theirs" }));

        static string PassRole(string service) => $$$"""
            {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:PassRole","Resource":"*","Condition":{"StringEquals":{"iam:PassedToService":"{{{service}}}"} } }]}
            """;
    }

    [Fact]
    public async Task Conditions_see_the_principal_of_a_permission_and_the_tags()
    {
        var user = await server.NewUserAsync(
            "limited",
            """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["lambda:AddPermission","lambda:RemovePermission"],"Resource":"*","Condition":{"StringEquals":{"lambda:Principal":"secretsmanager.amazonaws.com"}}}]}""",
            """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"lambda:GetFunction","Resource":"*","Condition":{"StringEquals":{"aws:ResourceTag/team":"a"}}}]}""",
            """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"lambda:TagResource","Resource":"*","Condition":{"StringEquals":{"aws:RequestTag/team":"a"}}}]}""");
        var tags = "/2017-03-31/tags/" + Uri.EscapeDataString(Arn("rotate"));

        await user.PermitAsync("rotate", "s");
        await user.LambdaFailsAsync("AccessDeniedException", 403, "POST", Policy, new { StatementId = "t", Action = "lambda:InvokeFunction", Principal = "*" });
        await Root.LambdaOkAsync(201, "POST", Policy, new { StatementId = "t", Action = "lambda:InvokeFunction", Principal = "*" });
        await user.LambdaFailsAsync("AccessDeniedException", 403, "DELETE", Policy + "/t");
        await user.LambdaOkAsync(204, "DELETE", Policy + "/s");

        await user.LambdaFailsAsync("AccessDeniedException", 403, "GET", FunctionsPath + "/rotate");
        await user.LambdaFailsAsync("AccessDeniedException", 403, "POST", tags, new { Tags = new { team = "b" } });
        await user.LambdaOkAsync(204, "POST", tags, new { Tags = new { team = "a" } });
        await user.LambdaOkAsync(200, "GET", FunctionsPath + "/rotate");
    }

    private async Task<TestClient> KeyOfAsync(TestClient root, string user)
    {
        var key = (await root.IamAsync("CreateAccessKey", ("UserName", user))).Element("AccessKey")!;
        return new TestClient(server, key.Element("AccessKeyId")!.Value, key.Element("SecretAccessKey")!.Value);
    }
}
