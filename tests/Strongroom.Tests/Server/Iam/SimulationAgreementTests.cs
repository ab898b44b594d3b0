using System.Text.Json;
using System.Text.Json.Nodes;

namespace Strongroom.Tests.Server.Iam;

/// <summary>A simulation says what the server really does: random policies on a user, its group, its boundary and the secret; each call simulated, and made.</summary>
public sealed class SimulationAgreementTests : IAsyncLifetime
{
    private const string User = "arn:aws:iam::111122223333:user/app";

    private static readonly string[] Actions = ["GetSecretValue", "DescribeSecret", "GetResourcePolicy", "ListSecretVersionIds"];

    private RunningServer server = null!;
    private TestClient app = null!;
    private readonly Dictionary<string, string> secrets = [];

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        await server.Root.IamAsync("CreateUser", ("UserName", "app"), ("Tags.member.1.Key", "team"), ("Tags.member.1.Value", "a"));
        await server.Root.IamAsync("CreateGroup", ("GroupName", "ops"));
        await server.Root.IamAsync("AddUserToGroup", ("GroupName", "ops"), ("UserName", "app"));
        var key = (await server.Root.IamAsync("CreateAccessKey", ("UserName", "app"))).Element("AccessKey")!;
        app = new TestClient(server, key.Element("AccessKeyId")!.Value, key.Element("SecretAccessKey")!.Value);
        foreach (var team in new[] { "a", "b" })
        {
            var made = await server.Root.JsonAsync("secretsmanager.CreateSecret", new
            {
                Name = $"team-{team}/db",
                SecretString = "v",
                ClientRequestToken = new string(team[0], 32),
                Tags = new[] { new { Key = "team", Value = team } },
            });
            secrets.Add((string)made["ARN"]!, team);
        }
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(null)]
    public async Task Simulated_and_made_calls_agree(int? chosen)
    {
        var seed = chosen ?? Random.Shared.Next();
        var random = new Random(seed);
        var seen = new HashSet<string>();
        for (var round = 0; round < 12; round++)
        {
            var resourcePolicies = await PutPoliciesAsync(random);
            foreach (var (arn, team) in secrets)
            {
                var simulated = await SimulateAsync(arn, team, resourcePolicies.GetValueOrDefault(arn));
                foreach (var action in Actions)
                {
                    var made = await CallAsync(action, arn);
                    Assert.True(simulated[action] == made, $"seed {seed}, round {round}: {action} on team {team} is simulated as {simulated[action]}, and is {made}");
                    seen.Add(made);
                }
            }
        }

        // Or the policies were so that nothing was compared.
        Assert.True(seen.Count >= 2, $"seed {seed}: {string.Join(", ", seen)}");
    }

    private async Task<Dictionary<string, string>> PutPoliciesAsync(Random random)
    {
        await server.Root.IamAsync("PutUserPolicy", ("UserName", "app"), ("PolicyName", "own"), ("PolicyDocument", Policy(random, null)));
        await server.Root.IamAsync("PutGroupPolicy", ("GroupName", "ops"), ("PolicyName", "shared"), ("PolicyDocument", Policy(random, null)));
        if (random.Next(3) == 0)
            await server.Root.IamAsync("PutUserPermissionsBoundary", ("UserName", "app"), ("PermissionsBoundary", $"arn:aws:iam::aws:policy/{Of(random, "AdministratorAccess", "ReadOnlyAccess", "IAMFullAccess")}"));
        else
            await server.Root.SendQueryAsync("iam", "2010-05-08", "DeleteUserPermissionsBoundary", ("UserName", "app"));

        var put = new Dictionary<string, string>();
        foreach (var arn in secrets.Keys)
        {
            if (random.Next(2) == 0)
            {
                await server.Root.JsonAsync("secretsmanager.DeleteResourcePolicy", new { SecretId = arn });
                continue;
            }

            put[arn] = Policy(random, User);
            await server.Root.JsonAsync("secretsmanager.PutResourcePolicy", new { SecretId = arn, ResourcePolicy = put[arn] });
        }

        return put;
    }

    private async Task<Dictionary<string, string>> SimulateAsync(string arn, string team, string? resourcePolicy)
    {
        var time = server.Time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture);
        List<(string, string)> parameters =
        [
            ("PolicySourceArn", User), ("ResourceArns.member.1", arn), .. Actions.Select((a, i) => ($"ActionNames.member.{i + 1}", "secretsmanager:" + a)),
            .. SimulationTests.Context(
                ("aws:SourceIp", "ip", "127.0.0.1"), ("aws:SecureTransport", "boolean", "false"), ("aws:CurrentTime", "date", time),
                ("aws:RequestedRegion", "string", "us-east-1"), ("aws:ResourceTag/team", "string", team), ("secretsmanager:ResourceTag/team", "string", team),
                ("secretsmanager:SecretId", "string", arn), ("aws:ResourceAccount", "string", RunningServer.Account)),
        ];
        if (resourcePolicy is not null)
            parameters.Add(("ResourcePolicy", resourcePolicy));
        var answer = await server.Root.IamAsync("SimulatePrincipalPolicy", [.. parameters]);
        return answer.Element("EvaluationResults")!.Elements().ToDictionary(
            r => r.Element("EvalActionName")!.Value["secretsmanager:".Length..], r => r.Element("EvalDecision")!.Value);
    }

    private async Task<string> CallAsync(string action, string arn)
    {
        try
        {
            await app.JsonAsync("secretsmanager." + action, new { SecretId = arn });
            return "allowed";
        }
        catch (Xunit.Sdk.XunitException e) when (e.Message.Contains("AccessDeniedException", StringComparison.Ordinal))
        {
            return e.Message.Contains("with an explicit deny", StringComparison.Ordinal) ? "explicitDeny" : "implicitDeny"; // what is compared
        }
    }

    private string Policy(Random random, string? principal)
    {
        var statements = new JsonArray();
        for (var count = random.Next(1, 4); count > 0; count--)
        {
            var isDeny = random.Next(4) == 0;
            var statement = new JsonObject { ["Effect"] = isDeny ? "Deny" : "Allow" };
            // A Deny for the account would lock out the root, too, who must be able to take the policy away again.
            if (principal is not null)
                statement["Principal"] = new JsonObject { ["AWS"] = isDeny ? principal : Of(random, principal, "arn:aws:iam::111122223333:root") };
            var isAll = principal is null;
            statement[random.Next(6) == 0 ? "NotAction" : "Action"] = Of(
                random, "secretsmanager:GetSecretValue", "secretsmanager:Get*", "secretsmanager:Describe*", "secretsmanager:List*", isAll ? "*" : "secretsmanager:*", "SECRETSMANAGER:getsecret?alue");
            statement[random.Next(6) == 0 ? "NotResource" : "Resource"] = Of(
                random, "*", "*", "arn:aws:secretsmanager:*:*:secret:team-a/*", "arn:aws:secretsmanager:us-east-1:111122223333:secret:team-?/db-??????",
                "arn:aws:secretsmanager:*:*:secret:team-${aws:PrincipalTag/team}/*", secrets.Keys.First());
            if (random.Next(2) == 0)
            {
                statement["Condition"] = JsonNode.Parse(Of(
                    random,
                    """{ "IpAddress": { "aws:SourceIp": "127.0.0.0/8" } }""",
                    """{ "NotIpAddress": { "aws:SourceIp": "127.0.0.1" } }""",
                    """{ "Bool": { "aws:SecureTransport": "true" } }""",
                    """{ "StringEquals": { "aws:username": ["app", "web"] } }""",
                    """{ "StringEquals": { "aws:ResourceTag/team": "${aws:PrincipalTag/team}" } }""",
                    """{ "StringNotEquals": { "secretsmanager:ResourceTag/team": "a" } }""",
                    """{ "StringLike": { "secretsmanager:SecretId": "*team-b*" } }""",
                    """{ "DateLessThan": { "aws:CurrentTime": "2026-02-03T12:00:00Z" } }""",
                    """{ "Null": { "aws:TokenIssueTime": "true" } }""",
                    """{ "ArnLike": { "aws:PrincipalArn": "arn:aws:iam::*:user/a*" } }""",
                    """{ "StringEqualsIfExists": { "secretsmanager:VersionStage": "AWSPENDING" } }""",
                    """{ "ForAllValues:StringEquals": { "aws:TagKeys": ["x"] } }"""));
            }

            statements.Add(statement);
        }

        return JsonSerializer.Serialize(new { Version = "2012-10-17", Statement = statements });
    }

    private static T Of<T>(Random random, params T[] choices) => choices[random.Next(choices.Length)];
}
