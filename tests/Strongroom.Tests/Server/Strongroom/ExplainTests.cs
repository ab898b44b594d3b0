using System.Text.Json;
using System.Text.Json.Nodes;

namespace Strongroom.Tests.Server.Strongroom;

/// <summary>What <c>strongroom explain</c> asks the server: why a call would be decided as it is, and what another policy would have decided.</summary>
public sealed class ExplainTests : IAsyncLifetime
{
    private const string App = "arn:aws:iam::111122223333:user/app";
    private const string Token = "11111111-1111-4111-8111-111111111111";

    private RunningServer server = null!;
    private TestClient app = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        await server.Root.IamAsync("CreateUser", ("UserName", "app"));
        var key = (await server.Root.IamAsync("CreateAccessKey", ("UserName", "app"))).Element("AccessKey")!;
        app = new TestClient(server, key.Element("AccessKeyId")!.Value, key.Element("SecretAccessKey")!.Value);
        await server.CallAsync("CreateSecret", new { Name = "db", ClientRequestToken = Token, SecretString = "hidden-value" });
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task The_statement_that_decides_is_named()
    {
        await PutAsync(Policy("Allow", "Readers", App, "secretsmanager:Get*"));

        var answer = await ExplainAsync(App, "secretsmanager:GetSecretValue", "db");

        Assert.Equal(("allowed", "Resource", "Readers"), ((string?)answer["Decision"], (string?)answer["DecidedBy"], (string?)answer["Sid"]));
        Assert.Equal("Readers", (string?)Assert.Single(answer["MatchedStatements"]!.AsArray())!["Sid"]);
        Assert.StartsWith("arn:aws:secretsmanager:us-east-1:111122223333:secret:db-", (string?)answer["ResourceArn"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_says_in_AWSs_words_what_is_missing()
    {
        var answer = await ExplainAsync(App, "secretsmanager:GetSecretValue", "db");

        Assert.Equal("implicitDeny", (string?)answer["Decision"]);
        Assert.Equal("because no identity-based policy allows the secretsmanager:GetSecretValue action", (string?)answer["Reason"]);
    }

    [Fact]
    public async Task Conditions_see_the_context_that_is_given_and_the_answer_names_what_is_missing()
    {
        await PutAsync("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"APP"},"Action":"secretsmanager:GetSecretValue","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}}""".Replace("APP", App, StringComparison.Ordinal));

        var without = await ExplainAsync(App, "secretsmanager:GetSecretValue", "db");
        var inside = await ExplainAsync(App, "secretsmanager:GetSecretValue", "db", new { Key = "aws:sourceip", Values = new[] { "10.1.2.3" } });

        Assert.Equal(("implicitDeny", "aws:SourceIp"), ((string?)without["Decision"], (string?)Assert.Single(without["MissingContextKeys"]!.AsArray())));
        Assert.Equal("allowed", (string?)inside["Decision"]);
    }

    [Fact]
    public async Task Keys_and_roles_bring_their_policies()
    {
        var arn = (string)(await server.Root.JsonAsync("TrentService.CreateKey", new { }))["KeyMetadata"]!["Arn"]!;
        await server.Root.IamAsync("CreateRole", ("RoleName", "reader"), ("AssumeRolePolicyDocument", """{"Version":"2012-10-17","Statement":{"Sid":"Trusted","Effect":"Allow","Principal":{"AWS":"APP"},"Action":"sts:AssumeRole"}}""".Replace("APP", App, StringComparison.Ordinal)));

        // The key delegates to the account, whose policies say nothing about app; the role names app itself.
        Assert.Equal(("implicitDeny", "Identity"), await DecisionAsync("kms:Decrypt", arn));
        Assert.Equal(("allowed", "Trust"), await DecisionAsync("sts:AssumeRole", "arn:aws:iam::111122223333:role/reader"));
        Assert.Equal(("implicitDeny", "Trust"), await DecisionAsync("sts:AssumeRole", "arn:aws:iam::111122223333:role/absent"));

        async Task<(string?, string?)> DecisionAsync(string action, string resource)
        {
            var answer = await ExplainAsync(App, action, resource);
            return ((string?)answer["Decision"], (string?)answer["DecidedBy"]);
        }
    }

    [Theory]
    [InlineData("arn:aws:iam::111122223333:user/nobody")]
    [InlineData("arn:aws:iam::999988887777:user/app")]
    public async Task An_unknown_principal_is_said_to_be_unknown(string principal) => Assert.Contains(
        principal,
        await server.Root.JsonFailsAsync("Strongroom.Explain", new { Principal = principal, Action = "secretsmanager:GetSecretValue", Resource = "*" }, "ResourceNotFoundException"),
        StringComparison.Ordinal);

    [Theory]
    [InlineData("Explain")]
    [InlineData("Rehearse")]
    public async Task Nobody_asks_without_permission(string operation)
    {
        var message = await app.JsonFailsAsync(
            "Strongroom." + operation, new { Principal = App, Action = "secretsmanager:GetSecretValue", Resource = "*", PolicyDocument = "{}" }, "AccessDeniedException");

        Assert.Equal($"User: {App} is not authorized to perform: strongroom:{operation} because no identity-based policy allows the strongroom:{operation} action", message);
        Assert.Equal((operation, "strongroom.amazonaws.com"), ((string?)server.Records()[^1]["eventName"], (string?)server.Records()[^1]["eventSource"]));
    }

    [Fact]
    public async Task A_rehearsal_lists_what_would_newly_be_denied_and_allowed()
    {
        await PutAsync(Policy("Allow", "Old", App, "secretsmanager:GetSecretValue"));
        await app.JsonAsync("secretsmanager.GetSecretValue", new { SecretId = "db" });
        await app.JsonAsync("secretsmanager.GetSecretValue", new { SecretId = "db" });
        await app.JsonFailsAsync("secretsmanager.DescribeSecret", new { SecretId = "db" }, "AccessDeniedException");

        var answer = await server.Root.JsonAsync(
            "Strongroom.Rehearse", new { SecretId = "db", Principal = App, PolicyDocument = Policy("Allow", "New", App, "secretsmanager:DescribeSecret") });

        var denied = Assert.Single(answer["NewlyDenied"]!.AsArray())!;
        Assert.Equal(("secretsmanager:GetSecretValue", 2, App), ((string?)denied["Action"], (int)denied["Calls"]!, (string?)denied["Principal"]));
        var allowed = Assert.Single(answer["NewlyAllowed"]!.AsArray())!;
        Assert.Equal(("secretsmanager:DescribeSecret", 1, "New"), ((string?)allowed["Action"], (int)allowed["Calls"]!, (string?)allowed["Sid"]));
        Assert.Equal((3, 0, false), ((int)answer["ReplayedCalls"]!, (int)answer["UnreproducedCalls"]!, (bool)answer["IsTruncated"]!));
    }

    [Fact]
    public async Task A_rehearsal_of_identity_policies_replays_with_them_alone()
    {
        await app.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = "db" }, "AccessDeniedException");
        await app.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = "absent" }, "AccessDeniedException");

        var answer = await server.Root.JsonAsync("Strongroom.Rehearse", new
        {
            Principal = App,
            PolicyDocument = """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:secretsmanager:*:*:secret:db-*"}}""",
        });

        Assert.Equal("secretsmanager:GetSecretValue", (string?)Assert.Single(answer["NewlyAllowed"]!.AsArray())!["Action"]);
        Assert.Empty(answer["NewlyDenied"]!.AsArray());
        Assert.Equal(2, (int)answer["ReplayedCalls"]!);
    }

    [Fact]
    public async Task A_rehearsal_goes_back_as_far_as_it_is_told()
    {
        await app.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = "db" }, "AccessDeniedException");
        server.Time.Advance(TimeSpan.FromDays(3));

        var two = await server.Root.JsonAsync("Strongroom.Rehearse", new { Principal = App, Days = 2, PolicyDocument = AllowAll });
        var four = await server.Root.JsonAsync("Strongroom.Rehearse", new { Principal = App, Days = 4, PolicyDocument = AllowAll });

        Assert.Equal((0, 1), ((int)two["ReplayedCalls"]!, (int)four["ReplayedCalls"]!));
    }

    [Fact]
    public async Task A_policy_that_is_none_and_a_place_that_is_none_are_refused()
    {
        await server.Root.JsonFailsAsync("Strongroom.Rehearse", new { Principal = App, PolicyDocument = "{" }, "MalformedPolicyDocumentException");
        await server.Root.JsonFailsAsync("Strongroom.Rehearse", new { PolicyDocument = AllowAll }, "InvalidParameterException");
    }

    private const string AllowAll = """{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}""";

    private Task<JsonObject> ExplainAsync(string principal, string action, string resource, params object[] context) =>
        server.Root.JsonAsync("Strongroom.Explain", new { Principal = principal, Action = action, Resource = resource, Context = context });

    private Task<JsonObject> PutAsync(string policy) => server.CallAsync("PutResourcePolicy", new { SecretId = "db", ResourcePolicy = policy });

    private static string Policy(string effect, string sid, string principal, string action) => JsonSerializer.Serialize(new
    {
        Version = "2012-10-17",
        Statement = new { Sid = sid, Effect = effect, Principal = new { AWS = principal }, Action = action, Resource = "*" },
    });
}
