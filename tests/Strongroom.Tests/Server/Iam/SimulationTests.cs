using System.Xml.Linq;

namespace Strongroom.Tests.Server.Iam;

public sealed class SimulationTests : IAsyncLifetime
{
    private const string User = "arn:aws:iam::111122223333:user/app";
    private const string Secret = "arn:aws:secretsmanager:us-east-1:111122223333:secret:team-a/db-Ab3dEf";

    // Positions below are those of this text: lines and columns from 1.
    private const string TwoStatements = """
        {
          "Version": "2012-10-17",
          "Statement": [
            { "Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*" },
            { "Effect": "Deny", "Action": "secretsmanager:DeleteSecret",
              "Resource": "*" }
          ]
        }
        """;

    private RunningServer server = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        await server.Root.IamAsync("CreateUser", ("UserName", "app"), ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "a"));
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Each_action_gets_its_decision_with_the_statements_that_made_it()
    {
        var results = await CustomAsync(
            TwoStatements, ("ActionNames.member.1", "secretsmanager:GetSecretValue"), ("ActionNames.member.2", "secretsmanager:DeleteSecret"), ("ActionNames.member.3", "iam:GetUser"));

        Assert.Equal(
            ["secretsmanager:GetSecretValue * allowed", "secretsmanager:DeleteSecret * explicitDeny", "iam:GetUser * implicitDeny"],
            results.Select(r => $"{r.Element("EvalActionName")!.Value} {r.Element("EvalResourceName")!.Value} {r.Element("EvalDecision")!.Value}"));
        Assert.Equal(["PolicyInputList.1 IAM Policy 4:5-4:73"], Statements(results[0]));
        Assert.Equal(["PolicyInputList.1 IAM Policy 5:5-6:24"], Statements(results[1]));
        Assert.Empty(Statements(results[2]));
        Assert.Equal("true", results[0].Element("OrganizationsDecisionDetail")!.Element("AllowedByOrganizations")!.Value);
        Assert.Null(results[0].Element("EvalDecisionDetails"));
        Assert.Null(results[0].Element("PermissionsBoundaryDecisionDetail"));
    }

    [Fact]
    public async Task Each_resource_gets_its_own_result()
    {
        var results = await CustomAsync(
            Allow("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:team-a/*"),
            ("ActionNames.member.1", "secretsmanager:GetSecretValue"), ("ResourceArns.member.1", Secret), ("ResourceArns.member.2", Secret.Replace("team-a", "team-b", StringComparison.Ordinal)));

        Assert.Equal(["allowed", "implicitDeny"], results.Select(r => r.Element("EvalDecision")!.Value));
        Assert.Equal(Secret, results[0].Element("ResourceSpecificResults")!.Element("member")!.Element("EvalResourceName")!.Value);
        Assert.Equal("allowed", results[0].Element("ResourceSpecificResults")!.Element("member")!.Element("EvalResourceDecision")!.Value);
        Assert.Empty(results[0].Element("EvalDecisionDetails")!.Elements());
    }

    // Source: IAM API Reference, EvaluationResult and ResourceSpecificResult, EvalDecisionDetails: the request is allowed only if both sides allow it.
    [Theory]
    [InlineData("Allow", "Allow", "allowed", "IAM Policies=allowed, Resource Policies=allowed")]
    [InlineData("Allow", "", "implicitDeny", "IAM Policies=allowed, Resource Policies=implicitDeny")]
    [InlineData("", "Allow", "implicitDeny", "IAM Policies=implicitDeny, Resource Policies=allowed")]
    [InlineData("Allow", "Deny", "explicitDeny", "IAM Policies=allowed, Resource Policies=explicitDeny")]
    [InlineData("Deny", "Allow", "explicitDeny", "IAM Policies=explicitDeny, Resource Policies=allowed")]
    public async Task Across_accounts_each_side_is_told(string callers, string resources, string decision, string sides)
    {
        var foreign = Secret.Replace("111122223333", "444455556666", StringComparison.Ordinal);
        // Where a side says nothing, its statement is about something else.
        var identity = Allow("secretsmanager:GetSecretValue", callers.Length == 0 ? "arn:aws:secretsmanager:*:*:secret:other" : "*")
            .Replace("\"Allow\"", $"\"{(callers.Length == 0 ? "Allow" : callers)}\"", StringComparison.Ordinal);
        var resource = """{"Version":"2012-10-17","Statement":{"Effect":"EFFECT","Principal":{"AWS":"WHO"},"Action":"*","Resource":"*"}}"""
            .Replace("EFFECT", resources.Length == 0 ? "Allow" : resources, StringComparison.Ordinal)
            .Replace("WHO", resources.Length == 0 ? "arn:aws:iam::111122223333:user/other" : User, StringComparison.Ordinal);

        var result = (await CustomAsync(
            identity, ("ActionNames.member.1", "secretsmanager:GetSecretValue"), ("ResourceArns.member.1", foreign), ("ResourcePolicy", resource), ("CallerArn", User))).Single();
        Assert.Equal(decision, result.Element("EvalDecision")!.Value);
        Assert.Equal(sides, Sides(result));
        Assert.Equal(sides, Sides(result.Element("ResourceSpecificResults")!.Element("member")!));

        var everywhere = (await CustomAsync(
            identity, ("ActionNames.member.1", "secretsmanager:GetSecretValue"), ("ResourceOwner", "444455556666"), ("ResourcePolicy", resource), ("CallerArn", User))).Single();
        Assert.Equal(sides, Sides(everywhere));
        var inside = (await CustomAsync(
            identity, ("ActionNames.member.1", "secretsmanager:GetSecretValue"), ("ResourceArns.member.1", Secret), ("ResourcePolicy", resource), ("CallerArn", User))).Single();
        Assert.Equal("", Sides(inside));
        Assert.Null(inside.Element("ResourceSpecificResults")!.Element("member")!.Element("EvalDecisionDetails"));

        static string Sides(XElement result) => string.Join(
            ", ", result.Element("EvalDecisionDetails")!.Elements("entry").Select(e => $"{e.Element("key")!.Value}={e.Element("value")!.Value}"));
    }

    [Fact]
    public async Task Missing_context_is_named_and_given_context_decides()
    {
        var policy = Allow("secretsmanager:GetSecretValue", "*", """{ "IpAddress": { "aws:SourceIp": "10.0.0.0/8" }, "StringEquals": { "secretsmanager:VersionStage": "AWSCURRENT" } }""");

        var without = (await CustomAsync(policy, ("ActionNames.member.1", "secretsmanager:GetSecretValue"))).Single();
        Assert.Equal("implicitDeny", without.Element("EvalDecision")!.Value);
        Assert.Equal(["aws:SourceIp", "secretsmanager:VersionStage"], without.Element("MissingContextValues")!.Elements().Select(e => e.Value));

        var with = (await CustomAsync(
            policy, [("ActionNames.member.1", "secretsmanager:GetSecretValue"), .. Context(("AWS:sourceip", "ip", "10.1.2.3"), ("secretsmanager:VersionStage", "string", "AWSCURRENT"))])).Single();
        Assert.Equal("allowed", with.Element("EvalDecision")!.Value);
        Assert.Empty(with.Element("MissingContextValues")!.Elements());
    }

    [Fact]
    public async Task A_boundary_is_told_apart()
    {
        var outside = (await CustomAsync(
            Allow("*", "*"), ("PermissionsBoundaryPolicyInputList.member.1", Allow("iam:*", "*")), ("ActionNames.member.1", "secretsmanager:GetSecretValue"))).Single();
        Assert.Equal("implicitDeny", outside.Element("EvalDecision")!.Value);
        Assert.Equal("false", outside.Element("PermissionsBoundaryDecisionDetail")!.Element("AllowedByPermissionsBoundary")!.Value);

        var inside = (await CustomAsync(Allow("*", "*"), ("PermissionsBoundaryPolicyInputList.member.1", Allow("iam:*", "*")), ("ActionNames.member.1", "iam:GetUser"))).Single();
        Assert.Equal("allowed", inside.Element("EvalDecision")!.Value);
        Assert.Equal("true", inside.Element("PermissionsBoundaryDecisionDetail")!.Element("AllowedByPermissionsBoundary")!.Value);
    }

    [Theory]
    [InlineData("444455556666", "allow", "444455556666", "allowed")] // both sides agree, in one account
    [InlineData("444455556666", "allow", null, "allowed")]           // the ARN names the owner
    [InlineData("111122223333", "none", null, "implicitDeny")]       // nobody allows
    public async Task A_resource_policy_takes_part_as_in_real_calls(string account, string identity, string? owner, string decision)
    {
        List<(string, string)> parameters =
        [
            ("ActionNames.member.1", "secretsmanager:GetSecretValue"), ("ResourceArns.member.1", Secret), ("CallerArn", $"arn:aws:iam::{account}:user/reader"),
            ("ResourcePolicy", $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::444455556666:user/reader"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}]}"""),
        ];
        if (owner is not null)
            parameters.Add(("ResourceOwner", owner));
        var result = (await CustomAsync(identity == "allow" ? Allow("secretsmanager:*", "*") : Allow("iam:*", "*"), [.. parameters])).Single();

        Assert.Equal(decision, result.Element("EvalDecision")!.Value);
    }

    [Fact]
    public async Task Results_come_in_pages()
    {
        var actions = Enumerable.Range(0, 5).Select(i => ($"ActionNames.member.{i + 1}", $"iam:Get{i}")).ToArray();

        var first = await server.Root.IamAsync("SimulateCustomPolicy", [("PolicyInputList.member.1", TwoStatements), ("MaxItems", "3"), .. actions]);
        var second = await server.Root.IamAsync("SimulateCustomPolicy", [("PolicyInputList.member.1", TwoStatements), ("MaxItems", "3"), ("Marker", first.Element("Marker")!.Value), .. actions]);

        Assert.Equal(["iam:Get0", "iam:Get1", "iam:Get2"], first.Descendants("EvalActionName").Select(e => e.Value));
        Assert.Equal(["iam:Get3", "iam:Get4"], second.Descendants("EvalActionName").Select(e => e.Value));
        Assert.Equal("false", second.Element("IsTruncated")!.Value);
    }

    [Fact]
    public async Task A_principal_is_simulated_with_the_policies_it_has_and_those_that_are_passed()
    {
        await server.Root.IamAsync("CreateGroup", ("GroupName", "ops"));
        await server.Root.IamAsync("AddUserToGroup", ("GroupName", "ops"), ("UserName", "app"));
        await server.Root.IamAsync("PutUserPolicy", ("UserName", "app"), ("PolicyName", "own"), ("PolicyDocument", Allow("secretsmanager:GetSecretValue", "*", """{ "StringEquals": { "aws:PrincipalTag/team": "${aws:username}" } }""")));
        await server.Root.IamAsync("PutGroupPolicy", ("GroupName", "ops"), ("PolicyName", "shared"), ("PolicyDocument", Allow("secretsmanager:DescribeSecret", "*")));
        await server.Root.IamAsync("AttachUserPolicy", ("UserName", "app"), ("PolicyArn", "arn:aws:iam::aws:policy/IAMReadOnlyAccess"));
        (string, string)[] actions =
        [
            ("ActionNames.member.1", "secretsmanager:GetSecretValue"), ("ActionNames.member.2", "secretsmanager:DescribeSecret"), ("ActionNames.member.3", "iam:GetUser"),
            ("ActionNames.member.4", "secretsmanager:DeleteSecret"),
        ];

        var user = await PrincipalAsync(User, [.. actions, ("PolicyInputList.member.1", Allow("secretsmanager:DeleteSecret", "*"))]);
        Assert.Equal(["implicitDeny", "allowed", "allowed", "allowed"], user.Select(r => r.Element("EvalDecision")!.Value));
        Assert.Equal(["shared", "IAMReadOnlyAccess", "PolicyInputList.1"], user.Skip(1).Select(r => r.Descendants("SourcePolicyId").First().Value));

        var group = await PrincipalAsync("arn:aws:iam::111122223333:group/ops", actions);
        Assert.Equal(["implicitDeny", "allowed", "implicitDeny", "implicitDeny"], group.Select(r => r.Element("EvalDecision")!.Value));

        var told = await PrincipalAsync(User, [.. actions, .. Context(("aws:PrincipalTag/team", "string", "app"))]);
        Assert.Equal("allowed", told[0].Element("EvalDecision")!.Value);
    }

    [Fact]
    public async Task The_keys_that_policies_ask_about_are_listed()
    {
        var policy = Allow("secretsmanager:*", "arn:aws:secretsmanager:*:*:secret:${aws:username}/${*}*", """{ "StringEquals": { "aws:PrincipalTag/team": "${aws:ResourceTag/team, 'x'}", "AWS:username": "a" } }""");
        Assert.Equal(
            ["aws:PrincipalTag/team", "aws:ResourceTag/team", "aws:username"],
            (await server.Root.IamAsync("GetContextKeysForCustomPolicy", ("PolicyInputList.member.1", policy))).Element("ContextKeyNames")!.Elements().Select(e => e.Value).Select(k => k == "AWS:username" ? "aws:username" : k).Order(StringComparer.Ordinal));

        await server.Root.IamAsync("PutUserPolicy", ("UserName", "app"), ("PolicyName", "own"), ("PolicyDocument", Allow("iam:*", "*", """{ "Bool": { "aws:SecureTransport": "true" } }""")));
        Assert.Equal(
            ["aws:SecureTransport", "aws:SourceIp"],
            (await server.Root.IamAsync(
                "GetContextKeysForPrincipalPolicy", ("PolicySourceArn", User),
                ("PolicyInputList.member.1", Allow("iam:*", "*", """{ "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } }""")))).Element("ContextKeyNames")!.Elements().Select(e => e.Value));
    }

    [Theory]
    [InlineData("InvalidInput", 400, "Syntax errors in policy.", "SimulateCustomPolicy", "PolicyInputList.member.1={", "ActionNames.member.1=iam:GetUser")]
    [InlineData("InvalidInput", 400, "Syntax errors in policy.", "GetContextKeysForCustomPolicy", "PolicyInputList.member.1={")]
    [InlineData("InvalidInput", 400, "Syntax errors in policy.", "GetContextKeysForPrincipalPolicy", "PolicySourceArn=" + User, "PolicyInputList.member.1={")]
    [InlineData("InvalidInput", 400, "Invalid action name: iam:*. An action is written service:Name, without wildcards.", "SimulatePrincipalPolicy", "PolicySourceArn=" + User, "ActionNames.member.1=iam:*")]
    [InlineData("InvalidInput", 400, "ARN secret is not valid.", "SimulatePrincipalPolicy", "PolicySourceArn=" + User, "ActionNames.member.1=iam:GetUser", "ResourceArns.member.1=secret")]
    [InlineData("InvalidInput", 400, "ARN arn:aws:a:b:c:\u0001 is not valid.", "SimulatePrincipalPolicy", "PolicySourceArn=" + User, "ActionNames.member.1=iam:GetUser", "ResourceArns.member.1=arn:aws:a:b:c:\u0001")]
    [InlineData("InvalidInput", 400, "ARN arn:aws:iam::111122223333:role/x is not valid.", "SimulatePrincipalPolicy", "PolicySourceArn=" + User, "ActionNames.member.1=iam:GetUser", "CallerArn=arn:aws:iam::111122223333:role/x")]
    [InlineData("InvalidInput", 400, "ARN me is not valid.", "SimulatePrincipalPolicy", "PolicySourceArn=" + User, "ActionNames.member.1=iam:GetUser", "ResourceOwner=me")]
    [InlineData("InvalidInput", 400, "The context key aws:SourceIp of type ip can have one value only.", "SimulatePrincipalPolicy", "PolicySourceArn=" + User, "ActionNames.member.1=iam:GetUser", "ContextEntries.member.1.ContextKeyName=aws:SourceIp", "ContextEntries.member.1.ContextKeyType=ip", "ContextEntries.member.1.ContextKeyValues.member.1=a", "ContextEntries.member.1.ContextKeyValues.member.2=b")]
    [InlineData("InvalidInput", 400, "Invalid Entity Arn: arn:aws:iam::111122223333:root does not clearly define entity type and name.", "SimulatePrincipalPolicy", "PolicySourceArn=arn:aws:iam::111122223333:root", "ActionNames.member.1=iam:GetUser")]
    [InlineData("InvalidInput", 400, "Invalid Entity Arn: arn:aws:iam::444455556666:user/app does not clearly define entity type and name.", "GetContextKeysForPrincipalPolicy", "PolicySourceArn=arn:aws:iam::444455556666:user/app")]
    [InlineData("NoSuchEntity", 404, "The user with name none cannot be found.", "SimulatePrincipalPolicy", "PolicySourceArn=arn:aws:iam::111122223333:user/none", "ActionNames.member.1=iam:GetUser")]
    [InlineData("NoSuchEntity", 404, "The group with name none cannot be found.", "SimulatePrincipalPolicy", "PolicySourceArn=arn:aws:iam::111122223333:group/none", "ActionNames.member.1=iam:GetUser")]
    [InlineData("NoSuchEntity", 404, "The role with name none cannot be found.", "GetContextKeysForPrincipalPolicy", "PolicySourceArn=arn:aws:iam::111122223333:role/none")]
    [InlineData("ValidationError", 400, "1 validation error detected: Value null at 'actionNames' failed to satisfy constraint: Member must not be null", "SimulatePrincipalPolicy", "PolicySourceArn=" + User)]
    public async Task Errors_are_AWSs(string code, int status, string message, string operation, params string[] parameters)
    {
        var answer = await server.Root.IamFailsAsync(code, status, operation, [.. parameters.Select(p => (p.Split('=', 2)[0], p.Split('=', 2)[1]))]);

        Assert.Equal(message.Replace('\u0001', '\uFFFD'), answer);
    }

    [Fact]
    public async Task Simulations_carry_nothing_out_and_leave_their_records()
    {
        await CustomAsync(TwoStatements, ("ActionNames.member.1", "iam:DeleteUser"), ("ResourceArns.member.1", User));

        var record = server.Records()[^1];
        Assert.Equal(("SimulateCustomPolicy", true), ((string)record["eventName"]!, (bool)record["readOnly"]!));
        await server.Root.IamAsync("GetUser", ("UserName", "app"));
    }

    private async Task<List<XElement>> CustomAsync(string policy, params (string, string)[] parameters) =>
        [.. (await server.Root.IamAsync("SimulateCustomPolicy", [("PolicyInputList.member.1", policy), .. parameters])).Element("EvaluationResults")!.Elements("member")];

    private async Task<List<XElement>> PrincipalAsync(string arn, params (string, string)[] parameters) =>
        [.. (await server.Root.IamAsync("SimulatePrincipalPolicy", [("PolicySourceArn", arn), .. parameters])).Element("EvaluationResults")!.Elements("member")];

    private static IEnumerable<string> Statements(XElement result) => result.Element("MatchedStatements")!.Elements().Select(s =>
        $"{s.Element("SourcePolicyId")!.Value} {s.Element("SourcePolicyType")!.Value} {Position(s.Element("StartPosition")!)}-{Position(s.Element("EndPosition")!)}");

    private static string Position(XElement position) => $"{position.Element("Line")!.Value}:{position.Element("Column")!.Value}";

    internal static (string, string)[] Context(params (string Key, string Type, string Value)[] entries) =>
    [
        .. entries.SelectMany((e, i) => new[]
        {
            ($"ContextEntries.member.{i + 1}.ContextKeyName", e.Key), ($"ContextEntries.member.{i + 1}.ContextKeyType", e.Type),
            ($"ContextEntries.member.{i + 1}.ContextKeyValues.member.1", e.Value),
        }),
    ];

    private static string Allow(string action, string resource, string condition = "{}") =>
        $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"{{action}}","Resource":"{{resource}}","Condition":{{condition}}}]}""";
}
