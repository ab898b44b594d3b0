using System.Text.Json;
using System.Text.Json.Nodes;
using Strongroom.Tests.Server.Hosting;
using Strongroom.Tests.Server.Kms;
using static Strongroom.Tests.Server.Kms.KmsClient;

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

    [Fact]
    public async Task A_grant_on_a_key_is_seen_with_its_constraint()
    {
        var key = await server.Root.NewKeyAsync();
        Assert.Equal("implicitDeny", (string?)(await ExplainAsync(App, "kms:Decrypt", KeyArn(key)))["Decision"]);
        var grant = (string?)(await server.Root.KmsAsync("CreateGrant", new
        {
            KeyId = key,
            GranteePrincipal = App,
            Operations = new[] { "Decrypt" },
            Constraints = new { EncryptionContextEquals = new { purpose = "test" } },
        }))["GrantId"];
        await server.Root.KmsAsync("CreateAlias", new { AliasName = "alias/team", TargetKeyId = key });

        foreach (var name in new[] { key, KeyArn(key), "alias/team" })
        {
            var inside = await ExplainAsync(App, "kms:decrypt", name, new { Key = "kms:EncryptionContext:purpose", Values = new[] { "test" } });
            Assert.Equal(("allowed", "Grant", grant, KeyArn(key)), ((string?)inside["Decision"], (string?)inside["DecidedBy"], (string?)inside["GrantId"], (string?)inside["ResourceArn"]));
        }

        Assert.Equal("implicitDeny", (string?)(await ExplainAsync(App, "kms:Decrypt", key))["Decision"]);
        Assert.Equal("implicitDeny", (string?)(await ExplainAsync(App, "kms:Encrypt", key, new { Key = "kms:EncryptionContext:purpose", Values = new[] { "test" } }))["Decision"]);
    }

    [Fact]
    public async Task A_secret_under_a_customers_key_is_explained_with_the_use_of_its_key()
    {
        var key = await server.Root.NewKeyAsync();
        await server.CallAsync("UpdateSecret", new { SecretId = "db", KmsKeyId = key });
        await PutAsync(Policy("Allow", "All", App, "secretsmanager:*"));

        await ExpectAsync("implicitDeny", "implicitDeny", "Identity");
        await server.Root.IamAsync("PutUserPolicy", ("UserName", "app"), ("PolicyName", "key"), ("PolicyDocument", $$$"""
            {"Version":"2012-10-17","Statement":{"Sid":"Through","Effect":"Allow","Action":"kms:Decrypt","Resource":"{{{KeyArn(key)}}}","Condition":{"StringEquals":{
            "kms:ViaService":"secretsmanager.us-east-1.amazonaws.com","kms:EncryptionContext:SecretVersionId":"{{{Token}}}"} } }}
            """));
        await ExpectAsync("allowed", "implicitDeny", "Identity");
        await server.Root.KmsAsync("CreateGrant", new { KeyId = key, GranteePrincipal = App, Operations = new[] { "GenerateDataKey" } });
        await ExpectAsync("allowed", "allowed", "Grant");

        await server.Root.KmsAsync("DisableKey", new { KeyId = key });
        Assert.Equal("Disabled", (string?)(await ExplainAsync(App, "secretsmanager:GetSecretValue", "db"))["KeyUse"]!["KeyState"]);
        Assert.Null((await ExplainAsync(App, "secretsmanager:DescribeSecret", "db"))["KeyUse"]);

        // What is explained is what happens.
        async Task ExpectAsync(string reading, string writing, string writingBy)
        {
            var (read, written) = (await ExplainAsync(App, "secretsmanager:GetSecretValue", "db"), await ExplainAsync(App, "secretsmanager:PutSecretValue", "db"));
            Assert.Equal(("allowed", "allowed"), ((string?)read["Decision"], (string?)written["Decision"]));
            Assert.Equal(("kms:Decrypt", reading, KeyArn(key)), ((string?)read["KeyUse"]!["Action"], (string?)read["KeyUse"]!["Decision"], (string?)read["KeyUse"]!["ResourceArn"]));
            Assert.Equal(
                ("kms:GenerateDataKey", writing, writingBy),
                ((string?)written["KeyUse"]!["Action"], (string?)written["KeyUse"]!["Decision"], (string?)written["KeyUse"]!["DecidedBy"]));
            Assert.Equal(reading == "allowed" ? 200 : 400, (await app.SendJsonAsync("secretsmanager.GetSecretValue", new { SecretId = "db" })).Status);
            Assert.Equal(
                writing == "allowed" ? 200 : 400,
                (await app.SendJsonAsync("secretsmanager.PutSecretValue", new { SecretId = "db", SecretString = "y", ClientRequestToken = Token.Replace('1', '2'), VersionStages = new[] { "NEXT" } })).Status);
        }
    }

    [Fact]
    public async Task The_default_key_asks_no_policy_and_another_accounts_secret_does_not_tell_its_key()
    {
        Assert.Null((await ExplainAsync(App, "secretsmanager:GetSecretValue", "db"))["KeyUse"]);
        Assert.Null((await ExplainAsync(App, "secretsmanager:PutSecretValue", "db"))["KeyUse"]);

        var account = (await server.Root.JsonAsync("Strongroom.CreateAccount", new { AccountId = "444455556666" }))["AccessKey"]!;
        var key = await server.Root.NewKeyAsync();
        await server.CallAsync("UpdateSecret", new { SecretId = "db", KmsKeyId = key });
        var arn = (string)(await server.CallAsync("DescribeSecret", new { SecretId = "db" }))["ARN"]!;
        var guest = new TestClient(server, (string)account["AccessKeyId"]!, (string)account["SecretAccessKey"]!);
        var answer = await guest.JsonAsync(
            "Strongroom.Explain", new { Principal = "arn:aws:iam::444455556666:root", Action = "secretsmanager:GetSecretValue", Resource = arn });
        Assert.Null(answer["KeyUse"]);
    }

    [Fact]
    public async Task What_another_account_has_and_decides_is_not_told()
    {
        var made = (await server.Root.JsonAsync("Strongroom.CreateAccount", new { AccountId = "444455556666" }))["AccessKey"]!;
        var guest = new TestClient(server, (string)made["AccessKeyId"]!, (string)made["SecretAccessKey"]!);
        const string Guest = "arn:aws:iam::444455556666:root";
        await PutAsync(Policy("Allow", "Guests", Guest, "secretsmanager:GetSecretValue"));
        var key = await server.Root.NewKeyAsync();
        await server.Root.IamAsync("CreateRole", ("RoleName", "reader"), ("AssumeRolePolicyDocument", $$$"""{"Version":"2012-10-17","Statement":{"Sid":"Trusted","Effect":"Allow","Principal":{"AWS":"{{{Guest}}}"},"Action":"sts:AssumeRole"} }"""));
        await guest.IamAsync("CreateUser", ("UserName", "nobody"));
        var arn = (string)(await server.CallAsync("DescribeSecret", new { SecretId = "db" }))["ARN"]!;

        foreach (var (action, existing, absent) in new[]
        {
            ("secretsmanager:GetSecretValue", arn, arn[..^6] + "AbCdEf"),
            ("secretsmanager:GetSecretValue", arn[..^7], arn[..^7] + "2"),
            ("secretsmanager:PutSecretValue", arn, arn[..^6] + "AbCdEf"),
            ("kms:Decrypt", KeyArn(key), KeyArn("00000000-0000-4000-8000-000000000000")),
            ("kms:Decrypt", KeyArn(key).Split("key/")[0] + "alias/aws/secretsmanager", KeyArn(key).Split("key/")[0] + "alias/absent"),
            ("sts:AssumeRole", "arn:aws:iam::111122223333:role/reader", "arn:aws:iam::111122223333:role/absent"),
        })
        {
            foreach (var (principal, decision, reason) in new[]
            {
                (Guest, "allowed", null), ("arn:aws:iam::444455556666:user/nobody", "implicitDeny", $"because no identity-based policy allows the {action} action"),
            })
            {
                var (_, there) = await guest.SendJsonAsync("Strongroom.Explain", new { Principal = principal, Action = action, Resource = existing });
                var (_, notThere) = await guest.SendJsonAsync("Strongroom.Explain", new { Principal = principal, Action = action, Resource = absent });

                Assert.Equal(notThere.Replace(absent, existing, StringComparison.Ordinal), there);
                var answer = JsonNode.Parse(there)!;
                Assert.Equal((decision, reason, "111122223333"), ((string?)answer["Decision"], (string?)answer["Reason"], (string?)answer["OtherAccount"]));
                Assert.Empty(answer["MatchedStatements"]!.AsArray());
            }
        }

        // Who lives there sees the statement, and so does the account that administers the installation.
        Assert.Null((await ExplainAsync(App, "secretsmanager:GetSecretValue", arn))["OtherAccount"]);
        var theirs = (string)(await guest.JsonAsync("secretsmanager.CreateSecret", new { Name = "theirs", ClientRequestToken = Token, SecretString = "x" }))["ARN"]!;
        await guest.JsonAsync("secretsmanager.PutResourcePolicy", new { SecretId = "theirs", ResourcePolicy = Policy("Allow", "Hosts", App, "secretsmanager:*") });
        Assert.Equal("Hosts", (string?)Assert.Single((await ExplainAsync(App, "secretsmanager:GetSecretValue", theirs))["MatchedStatements"]!.AsArray())!["Sid"]);
    }

    [Fact]
    public async Task A_rehearsal_tells_nothing_of_another_accounts_policies()
    {
        var made = (await server.Root.JsonAsync("Strongroom.CreateAccount", new { AccountId = "444455556666" }))["AccessKey"]!;
        var guest = new TestClient(server, (string)made["AccessKeyId"]!, (string)made["SecretAccessKey"]!);
        await guest.IamAsync("CreateUser", ("UserName", "nobody"));
        var pair = (await guest.IamAsync("CreateAccessKey", ("UserName", "nobody"))).Element("AccessKey")!;
        var nobody = new TestClient(server, pair.Element("AccessKeyId")!.Value, pair.Element("SecretAccessKey")!.Value);
        await PutAsync(Policy("Allow", "Guests", "arn:aws:iam::444455556666:root", "secretsmanager:GetSecretValue"));
        var arn = (string)(await server.CallAsync("DescribeSecret", new { SecretId = "db" }))["ARN"]!;
        foreach (var id in new[] { arn, arn[..^6] + "AbCdEf" })
            await nobody.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = id }, "AccessDeniedException");

        var answer = await guest.JsonAsync("Strongroom.Rehearse", new { Principal = "arn:aws:iam::444455556666:user/nobody", PolicyDocument = AllowAll });

        Assert.Equal([arn, arn[..^6] + "AbCdEf"], answer["NewlyAllowed"]!.AsArray().Select(change => (string?)change!["Resource"]).OrderBy(text => text != arn));
        Assert.Equal(["PolicyDocument"], answer["NewlyAllowed"]!.AsArray().Select(change => (string?)change!["Policy"]).Distinct());
    }

    [Fact]
    public async Task The_command_prints_both_halves()
    {
        var key = await server.Root.NewKeyAsync();
        await server.CallAsync("UpdateSecret", new { SecretId = "db", KmsKeyId = key });
        await PutAsync(Policy("Allow", "Readers", App, "secretsmanager:GetSecretValue"));
        var grant = (string?)(await server.Root.KmsAsync("CreateGrant", new { KeyId = key, GranteePrincipal = App, Operations = new[] { "Decrypt" } }))["GrantId"];
        await server.Root.KmsAsync("DisableKey", new { KeyId = key });
        // The program has the machine's clock.
        await server.ReopenAtAsync(TimeProvider.System.GetUtcNow());

        var output = await RunAsync();

        Assert.StartsWith("Allowed by statement \"Readers\" of resource policy\n", output, StringComparison.Ordinal);
        Assert.Contains(
            $"\nIts key (kms:Decrypt through Secrets Manager):\nAllowed by grant {grant}\n  on {KeyArn(key)}\n", output, StringComparison.Ordinal);
        Assert.Contains("  the key can't be used now: it is Disabled\n", output, StringComparison.Ordinal);
        Assert.Equal("kms:Decrypt", (string?)JsonNode.Parse(await RunAsync("--json"))!["KeyUse"]!["Action"]);

        async Task<string> RunAsync(params string[] more)
        {
            var environment = new Dictionary<string, string>
            {
                ["AWS_ENDPOINT_URL"] = server.Url().ToString(),
                ["AWS_ACCESS_KEY_ID"] = RunningServer.AccessKeyId,
                ["AWS_SECRET_ACCESS_KEY"] = RunningServer.SecretAccessKey,
                ["AWS_REGION"] = "us-east-1",
            };
            var (code, output) = await StrongroomProcess.RunAsync(
                environment, ["explain", "--principal", App, "--action", "secretsmanager:GetSecretValue", "--resource", "db", .. more]);
            Assert.True(code == 0, output);
            return output;
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
