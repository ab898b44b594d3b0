using System.Text.Json.Nodes;
using Strongroom.Server.Iam;
using static Strongroom.Tests.Server.Sts.Identities;

namespace Strongroom.Tests.Server.Sts;

/// <summary>What the credentials of a role's session can do, and until when. Source of the texts: IAM fact sheet 1.4, 3.6, 5.5.</summary>
public sealed class SessionTests : IAsyncLifetime
{
    private const string UserArn = "arn:aws:iam::111122223333:user/app";
    private const string Read = "secretsmanager.GetSecretValue";
    private const string SessionArn = "arn:aws:sts::111122223333:assumed-role/reader/session";

    private RunningServer server = null!;
    private TestClient app = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        await server.PutAsync(
            User("app"), Role("reader", Trust(UserArn), Allow("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:team/*")));
        app = await server.ClientOfAsync("app");
        foreach (var name in new[] { "team/a", "team/b", "other" })
            await server.CallAsync("CreateSecret", new { Name = name, SecretString = "value of " + name, ClientRequestToken = Guid.NewGuid() });
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_session_reads_what_its_role_may_and_nothing_else()
    {
        var session = await server.AssumeAsync(app, "reader");

        Assert.Equal("value of team/a", (string?)(await session.JsonAsync(Read, new { SecretId = "team/a" }))["SecretString"]);
        Assert.Equal(
            $"User: {SessionArn} is not authorized to perform: secretsmanager:GetSecretValue on resource: other because no identity-based policy allows the secretsmanager:GetSecretValue action",
            await session.JsonFailsAsync(Read, new { SecretId = "other" }, "AccessDeniedException"));
    }

    [Fact]
    public async Task A_session_policy_narrows_and_never_widens()
    {
        var narrowed = await server.AssumeAsync(app, "reader", ("Policy", Allow("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:team/a-*")));
        var widened = await server.AssumeAsync(app, "reader", ("Policy", Allow("*")));

        await narrowed.JsonAsync(Read, new { SecretId = "team/a" });
        Assert.EndsWith(
            "because no session policy allows the secretsmanager:GetSecretValue action",
            await narrowed.JsonFailsAsync(Read, new { SecretId = "team/b" }, "AccessDeniedException"), StringComparison.Ordinal);
        await widened.JsonAsync(Read, new { SecretId = "team/b" });
        await widened.JsonFailsAsync(Read, new { SecretId = "other" }, "AccessDeniedException");
    }

    [Fact]
    public async Task A_managed_session_policy_that_is_deleted_leaves_the_session_without_permissions()
    {
        var policy = new IamPolicy { Name = "narrow", Id = "ANPAX", Versions = [new IamPolicyVersion(1, Allow("secretsmanager:*"), 0)] };
        await server.PutAsync(policy);
        var session = await server.AssumeAsync(app, "reader", ("PolicyArns.member.1.arn", "arn:aws:iam::111122223333:policy/narrow"));
        await session.JsonAsync(Read, new { SecretId = "team/a" });

        await server.RemoveAsync(policy);

        Assert.EndsWith(
            "because no session policy allows the secretsmanager:GetSecretValue action",
            await session.JsonFailsAsync(Read, new { SecretId = "team/a" }, "AccessDeniedException"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_change_of_the_roles_policies_counts_from_the_next_call()
    {
        var session = await server.AssumeAsync(app, "reader");
        await session.JsonAsync(Read, new { SecretId = "team/a" });

        await server.PutAsync(Role("reader", Trust(UserArn)));
        await session.JsonFailsAsync(Read, new { SecretId = "team/a" }, "AccessDeniedException");

        await server.PutAsync(Role("reader", Trust(UserArn), Allow("*")));
        await session.JsonAsync(Read, new { SecretId = "other" });
    }

    [Fact]
    public async Task Sessions_are_revoked_by_their_time_of_issue()
    {
        var before = await server.AssumeAsync(app, "reader");
        server.Time.Advance(TimeSpan.FromMinutes(10));
        await server.PutAsync(Role("reader", Trust(UserArn), Allow("*"), Deny("*", """{"DateLessThan":{"aws:TokenIssueTime":"2026-02-03T10:25:00Z"}}""")));

        var after = await server.AssumeAsync(app, "reader");

        Assert.EndsWith(
            "with an explicit deny in an identity-based policy", await before.JsonFailsAsync(Read, new { SecretId = "team/a" }, "AccessDeniedException"), StringComparison.Ordinal);
        await after.JsonAsync(Read, new { SecretId = "team/a" });
    }

    [Fact]
    public async Task A_session_ends_to_the_second()
    {
        var session = await server.AssumeAsync(app, "reader", ("DurationSeconds", "900"));
        server.Time.SetUtcNow(new DateTimeOffset(2026, 2, 3, 10, 35, 29, 999, TimeSpan.Zero));
        await session.JsonAsync(Read, new { SecretId = "team/a" });

        server.Time.SetUtcNow(new DateTimeOffset(2026, 2, 3, 10, 35, 30, TimeSpan.Zero));

        Assert.Equal("The security token included in the request is expired", await session.JsonFailsAsync(Read, new { SecretId = "team/a" }, "ExpiredTokenException"));
        Assert.Equal("The security token included in the request is expired", await session.StsFailsAsync("ExpiredToken", 403, "GetCallerIdentity"));
    }

    [Fact]
    public async Task A_restart_ends_no_session()
    {
        var session = await server.AssumeAsync(app, "reader");

        await server.CloseAsync();
        await server.OpenAsync();

        await session.JsonAsync(Read, new { SecretId = "team/a" });
    }

    [Fact]
    public async Task A_deleted_role_takes_its_sessions_along_and_a_new_one_of_its_name_does_not_bring_them_back()
    {
        var session = await server.AssumeAsync(app, "reader");
        await session.JsonAsync(Read, new { SecretId = "team/a" });

        await server.RemoveAsync(Role("reader", ""));
        Assert.Equal(
            "The security token included in the request is invalid.", await session.JsonFailsAsync(Read, new { SecretId = "team/a" }, "UnrecognizedClientException"));

        await server.PutAsync(Role("reader", Trust(UserArn), Allow("*")) with { Id = "AROAANOTHERONE234567A" });
        Assert.Equal(
            "The security token included in the request is invalid.", await session.StsFailsAsync("InvalidClientTokenId", 403, "GetCallerIdentity"));
    }

    [Fact]
    public async Task A_token_goes_with_its_own_access_key_and_secret_only()
    {
        var one = (await AssumeAsync()).Element("Credentials")!;
        var two = (await AssumeAsync()).Element("Credentials")!;
        string Of(System.Xml.Linq.XElement credentials, string name) => credentials.Element(name)!.Value;

        var crossed = new TestClient(server, Of(one, "AccessKeyId"), Of(one, "SecretAccessKey"), Of(two, "SessionToken"));
        var wrongSecret = new TestClient(server, Of(one, "AccessKeyId"), Of(two, "SecretAccessKey"), Of(one, "SessionToken"));
        var withoutToken = new TestClient(server, Of(one, "AccessKeyId"), Of(one, "SecretAccessKey"));
        var longTerm = new TestClient(server, RunningServer.AccessKeyId, RunningServer.SecretAccessKey, Of(one, "SessionToken"));

        Assert.Equal("The security token included in the request is invalid", await crossed.JsonFailsAsync(Read, new { SecretId = "team/a" }, "UnrecognizedClientException"));
        Assert.Equal("The security token included in the request is invalid", await crossed.StsFailsAsync("InvalidClientTokenId", 403, "GetCallerIdentity"));
        await wrongSecret.JsonFailsAsync(Read, new { SecretId = "team/a" }, "InvalidSignatureException");
        Assert.Equal("The security token included in the request is invalid.", await withoutToken.JsonFailsAsync(Read, new { SecretId = "team/a" }, "UnrecognizedClientException"));
        Assert.Equal("The security token included in the request is invalid.", await longTerm.JsonFailsAsync(Read, new { SecretId = "team/a" }, "UnrecognizedClientException"));
    }

    [Fact]
    public async Task A_token_that_this_server_did_not_make_is_refused()
    {
        var good = (await AssumeAsync()).Element("Credentials")!;
        var token = good.Element("SessionToken")!.Value;
        await using var other = await RunningServer.StartAsync();
        await other.PutAsync(User("app"), Role("reader", Trust(UserArn)));
        var foreign = (await (await other.ClientOfAsync("app")).StsAsync("AssumeRole", ("RoleArn", RoleArn("reader")), ("RoleSessionName", "session"))).Element("Credentials")!;

        string[] forged =
        [
            .. Enumerable.Range(0, 40).Select(i => Flipped(token, i * token.Length / 40)), token[..^4], token[..20], token + "AAAA", "A", "!!!!", new string('A', 15_000),
        ];
        foreach (var bad in forged.Where(bad => bad != token))
        {
            var client = new TestClient(server, good.Element("AccessKeyId")!.Value, good.Element("SecretAccessKey")!.Value, bad);
            Assert.Equal("The security token included in the request is invalid", await client.JsonFailsAsync(Read, new { SecretId = "team/a" }, "UnrecognizedClientException"));
        }

        var stranger = new TestClient(server, foreign.Element("AccessKeyId")!.Value, foreign.Element("SecretAccessKey")!.Value, foreign.Element("SessionToken")!.Value);
        await stranger.JsonFailsAsync(Read, new { SecretId = "team/a" }, "UnrecognizedClientException");
    }

    [Fact]
    public async Task Records_of_a_session_name_its_role_and_its_beginning()
    {
        var session = await server.AssumeAsync(app, "reader");

        await session.JsonAsync(Read, new { SecretId = "team/a" });

        var identity = server.Records()[^1]["userIdentity"]!;
        Assert.True(JsonNode.DeepEquals(
            JsonNode.Parse($$"""
                {"type":"AssumedRole","principalId":"{{Role("reader", "").Id}}:session","arn":"{{SessionArn}}","accountId":"111122223333","accessKeyId":"{{session.AccessKeyId}}",
                 "sessionContext":{
                   "sessionIssuer":{"type":"Role","principalId":"{{Role("reader", "").Id}}","arn":"{{RoleArn("reader")}}","accountId":"111122223333","userName":"reader"},
                   "attributes":{"creationDate":"2026-02-03T10:20:30Z","mfaAuthenticated":"false"} } }
                """), identity), identity.ToJsonString());
    }

    [Fact]
    public async Task Uses_of_keys_and_roles_are_noted_and_survive_the_stop()
    {
        var session = await server.AssumeAsync(app, "reader");
        server.Time.Advance(TimeSpan.FromSeconds(11));
        await session.JsonAsync(Read, new { SecretId = "team/a" });
        async Task<(string, string, DateTimeOffset)?> FindAsync(string id) =>
            await server.Server.Uses.FindAsync(id, CancellationToken.None) is { } use ? (use.Service, use.Region, use.UsedAt) : null;
        var key = ("sts", "us-east-1", new DateTimeOffset(2026, 2, 3, 10, 20, 30, 456, TimeSpan.Zero));
        var role = ("secretsmanager", "us-east-1", new DateTimeOffset(2026, 2, 3, 10, 20, 41, 456, TimeSpan.Zero));
        Assert.Equal(key, await FindAsync(app.AccessKeyId));
        Assert.Equal(role, await FindAsync(Role("reader", "").Id));
        Assert.Null(await FindAsync(session.AccessKeyId));

        await server.CloseAsync();
        await server.OpenAsync();

        Assert.Equal(key, await FindAsync(app.AccessKeyId));
        Assert.Equal(role, await FindAsync(Role("reader", "").Id));
    }

    private Task<System.Xml.Linq.XElement> AssumeAsync() => app.StsAsync("AssumeRole", ("RoleArn", RoleArn("reader")), ("RoleSessionName", "session"));

    private static string Flipped(string token, int at) => token[..at] + (token[at] == 'A' ? 'B' : 'A') + token[(at + 1)..];
}
