using Strongroom.Server.Authentication;
using static Strongroom.Tests.Server.Sts.Identities;

namespace Strongroom.Tests.Server.Sts;

/// <summary>GetSessionToken, GetFederationToken and the small ones. Source: IAM fact sheet 3.2, 5.1 to 5.4, 8.2.</summary>
public sealed class OtherOperationsTests : IAsyncLifetime
{
    private const string UserArn = "arn:aws:iam::111122223333:user/app";
    private const string Read = "secretsmanager.GetSecretValue";

    private RunningServer server = null!;
    private TestClient app = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        await server.PutAsync(User("app", Allow("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:team/*"), Allow("iam:*")));
        app = await server.ClientOfAsync("app");
        foreach (var name in new[] { "team/a", "team/b", "other" })
            await server.CallAsync("CreateSecret", new { Name = name, SecretString = "x", ClientRequestToken = Guid.NewGuid() });
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_users_session_is_the_user_with_the_users_policies_for_twelve_hours()
    {
        var answer = await app.StsAsync("GetSessionToken");

        Assert.Equal(["Credentials"], answer.Elements().Select(e => e.Name.LocalName));
        Assert.Equal("2026-02-03T22:20:30Z", answer.Element("Credentials")!.Element("Expiration")!.Value);
        var session = server.ClientOf(answer);
        var identity = await session.StsAsync("GetCallerIdentity");
        Assert.Equal((UserArn, User("app").Id), (identity.Element("Arn")!.Value, identity.Element("UserId")!.Value));
        await session.JsonAsync(Read, new { SecretId = "team/a" });
        Assert.Equal(
            $$"""{"type":"IAMUser","principalId":"{{User("app").Id}}","arn":"{{UserArn}}","accountId":"111122223333","accessKeyId":"{{session.AccessKeyId}}","userName":"app","sessionContext":{"attributes":{"creationDate":"2026-02-03T10:20:30Z","mfaAuthenticated":"false"} } }""".Replace(" }", "}", StringComparison.Ordinal),
            server.Records()[^1]["userIdentity"]!.ToJsonString());
        await session.JsonFailsAsync(Read, new { SecretId = "other" }, "AccessDeniedException");
    }

    [Fact]
    public async Task Nothing_forbids_a_session_of_ones_own_and_conditions_tell_it_from_the_key()
    {
        await server.PutAsync(User("app", Deny("sts:*"), Allow("*"), Deny("secretsmanager:*", """{"Bool":{"aws:MultiFactorAuthPresent":"false"}}""")));

        var session = server.ClientOf(await app.StsAsync("GetSessionToken"));

        await app.JsonAsync(Read, new { SecretId = "other" });
        await session.JsonFailsAsync(Read, new { SecretId = "other" }, "AccessDeniedException");
        await session.StsAsync("GetCallerIdentity");
    }

    [Fact]
    public async Task A_session_gets_no_session_of_its_own_and_IAM_takes_none_without_a_second_factor()
    {
        await server.PutAsync(Role("reader", Trust(UserArn), Allow("*")));
        var user = server.ClientOf(await app.StsAsync("GetSessionToken"));
        var role = await server.AssumeAsync(app, "reader");
        var federated = server.ClientOf(await server.Root.StsAsync("GetFederationToken", ("Name", "bob"), ("Policy", Allow("*"))));

        foreach (var session in new[] { user, role, federated })
        {
            Assert.Equal("Cannot call GetSessionToken with session credentials", await session.StsFailsAsync("AccessDenied", 403, "GetSessionToken"));
            Assert.Equal("Cannot call GetFederationToken with session credentials", await session.StsFailsAsync("AccessDenied", 403, "GetFederationToken", ("Name", "bob")));
        }

        await user.IamFailsAsync("InvalidClientTokenId", 403, "ListUsers");
        await federated.IamFailsAsync("InvalidClientTokenId", 403, "ListUsers");
        await role.IamAsync("ListUsers");
        await app.IamAsync("ListUsers");
    }

    [Fact]
    public async Task A_users_session_may_assume_roles_and_a_federated_one_may_not()
    {
        await server.PutAsync(Role("reader", Trust(UserArn)), Role("open", Trust("*")));
        await server.AssumeAsync(server.ClientOf(await app.StsAsync("GetSessionToken")), "reader");
        var federated = server.ClientOf(await server.Root.StsAsync("GetFederationToken", ("Name", "bob"), ("Policy", Allow("*"))));

        Assert.Equal(
            $"User: arn:aws:sts::111122223333:federated-user/bob is not authorized to perform: sts:AssumeRole on resource: {RoleArn("open")}",
            await federated.StsFailsAsync("AccessDenied", 403, "AssumeRole", ("RoleArn", RoleArn("open")), ("RoleSessionName", "s2")));
    }

    [Theory]
    [InlineData("GetSessionToken", null, "2026-02-03T11:20:30Z")]
    [InlineData("GetSessionToken", "7200", "2026-02-03T11:20:30Z")]
    [InlineData("GetSessionToken", "900", "2026-02-03T10:35:30Z")]
    [InlineData("GetFederationToken", "129600", "2026-02-03T11:20:30Z")]
    public async Task A_roots_session_lasts_an_hour_at_most(string operation, string? duration, string end)
    {
        List<(string, string)> parameters = [];
        if (duration is not null)
            parameters.Add(("DurationSeconds", duration));
        if (operation == "GetFederationToken")
            parameters.Add(("Name", "bob"));

        var answer = await server.Root.StsAsync(operation, [.. parameters]);

        Assert.Equal(end, answer.Element("Credentials")!.Element("Expiration")!.Value);
    }

    [Fact]
    public async Task A_roots_session_is_the_root()
    {
        var session = server.ClientOf(await server.Root.StsAsync("GetSessionToken"));

        Assert.Equal("arn:aws:iam::111122223333:root", (await session.StsAsync("GetCallerIdentity")).Element("Arn")!.Value);
        await session.JsonAsync(Read, new { SecretId = "other" });
        var identity = server.Records()[^1]["userIdentity"]!;
        Assert.Equal(("Root", session.AccessKeyId, "2026-02-03T10:20:30Z"),
            ((string?)identity["type"], (string?)identity["accessKeyId"], (string?)identity["sessionContext"]!["attributes"]!["creationDate"]));
    }

    [Fact]
    public async Task A_deleted_user_takes_its_sessions_along()
    {
        await server.PutAsync(User("brief", Allow("*")));
        var session = server.ClientOf(await (await server.ClientOfAsync("brief")).StsAsync("GetSessionToken"));
        await session.StsAsync("GetCallerIdentity");

        await server.RemoveAsync(User("brief"));

        await session.StsFailsAsync("InvalidClientTokenId", 403, "GetCallerIdentity");
        await server.PutAsync(User("brief", Allow("*")) with { Id = "AIDAANOTHERONE234567A" });
        await session.StsFailsAsync("InvalidClientTokenId", 403, "GetCallerIdentity");
    }

    [Fact]
    public async Task A_federated_user_may_what_both_its_voucher_and_the_policy_may()
    {
        await server.PutAsync(User("app", Allow("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:team/*"), Allow("sts:GetFederationToken")));
        var answer = await app.StsAsync(
            "GetFederationToken", ("Name", "bob"), ("DurationSeconds", "900"), ("Policy", Allow("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:*:*:secret:*a-*")));

        Assert.Equal(["Credentials", "FederatedUser", "PackedPolicySize"], answer.Elements().Select(e => e.Name.LocalName));
        Assert.Equal("111122223333:bob", answer.Element("FederatedUser")!.Element("FederatedUserId")!.Value);
        Assert.Equal("arn:aws:sts::111122223333:federated-user/bob", answer.Element("FederatedUser")!.Element("Arn")!.Value);
        var bob = server.ClientOf(answer);
        var identity = await bob.StsAsync("GetCallerIdentity");
        Assert.Equal(("arn:aws:sts::111122223333:federated-user/bob", "111122223333:bob"), (identity.Element("Arn")!.Value, identity.Element("UserId")!.Value));
        await bob.JsonAsync(Read, new { SecretId = "team/a" });
        await bob.JsonFailsAsync(Read, new { SecretId = "team/b" }, "AccessDeniedException");
        await bob.JsonFailsAsync(Read, new { SecretId = "other" }, "AccessDeniedException");
        var record = server.Records()[^1]["userIdentity"]!;
        Assert.Equal(("FederatedUser", "IAMUser", UserArn, "app"),
            ((string?)record["type"], (string?)record["sessionContext"]!["sessionIssuer"]!["type"], (string?)record["sessionContext"]!["sessionIssuer"]!["arn"], (string?)record["sessionContext"]!["sessionIssuer"]!["userName"]));
    }

    [Fact]
    public async Task A_federated_user_without_policies_may_nothing_but_what_names_it()
    {
        var bob = server.ClientOf(await server.Root.StsAsync("GetFederationToken", ("Name", "bob")));
        await bob.JsonFailsAsync(Read, new { SecretId = "team/a" }, "AccessDeniedException");

        await server.CallAsync("PutResourcePolicy", new
        {
            SecretId = "team/a",
            ResourcePolicy = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:sts::111122223333:federated-user/bob"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}]}""",
        });

        await bob.JsonAsync(Read, new { SecretId = "team/a" });
        Assert.Equal("Root", (string?)server.Records()[^1]["userIdentity"]!["sessionContext"]!["sessionIssuer"]!["type"]);
    }

    [Fact]
    public async Task To_vouch_for_somebody_needs_a_permission() => Assert.Equal(
        $"User: {UserArn} is not authorized to perform: sts:GetFederationToken on resource: arn:aws:sts::111122223333:federated-user/bob because no identity-based policy allows the sts:GetFederationToken action",
        await app.StsFailsAsync("AccessDenied", 403, "GetFederationToken", ("Name", "bob")));

    [Fact]
    public async Task A_key_id_tells_its_account()
    {
        // The example of the fact sheet, and the preset key, whose id encodes nothing.
        Assert.Equal("123456789012", (await server.Root.StsAsync("GetAccessKeyInfo", ("AccessKeyId", "AKIARZPUZDIKGB2VALC4"))).Element("Account")!.Value);
        Assert.Equal(RunningServer.Account, (await server.Root.StsAsync("GetAccessKeyInfo", ("AccessKeyId", RunningServer.AccessKeyId))).Element("Account")!.Value);
        Assert.Equal(RunningServer.Account, (await server.Root.StsAsync("GetAccessKeyInfo", ("AccessKeyId", app.AccessKeyId))).Element("Account")!.Value);
        var session = server.ClientOf(await app.StsAsync("GetSessionToken"));
        Assert.Equal(RunningServer.Account, (await server.Root.StsAsync("GetAccessKeyInfo", ("AccessKeyId", session.AccessKeyId))).Element("Account")!.Value);

        foreach (var id in new[] { "AKIA0000000000000000", "AKIAAAAAAAAAAAAAAAAA", "XXXXXXXXXXXXXXXX" })
            await server.Root.StsFailsAsync("ValidationError", 400, "GetAccessKeyInfo", ("AccessKeyId", id));
        await app.StsFailsAsync("AccessDenied", 403, "GetAccessKeyInfo", ("AccessKeyId", app.AccessKeyId));
    }

    [Theory]
    [InlineData("000000000000")]
    [InlineData("000000000001")]
    [InlineData("111122223333")]
    [InlineData("999999999999")]
    public void Ids_encode_any_account(string account) =>
        Assert.Equal(account, AccessKeys.AccountOf(AccessKeys.NewId(account, global::Strongroom.Crypto.SystemEntropy.Instance, AccessKeys.Temporary)));

    [Fact]
    public async Task No_message_of_a_denial_is_encoded_here()
    {
        Assert.Equal("Message is not valid", await server.Root.StsFailsAsync("InvalidAuthorizationMessageException", 400, "DecodeAuthorizationMessage", ("EncodedMessage", "x")));
        await app.StsFailsAsync("AccessDenied", 403, "DecodeAuthorizationMessage", ("EncodedMessage", "x"));
    }

    [Theory]
    [InlineData("AssumeRoleWithSAML")]
    [InlineData("AssumeRoot")]
    [InlineData("GetDelegatedAccessToken")]
    [InlineData("GetWebIdentityToken")]
    public async Task What_is_not_served_is_no_action(string operation) => Assert.Equal(
        $"Could not find operation {operation} for version 2011-06-15", await server.Root.StsFailsAsync("InvalidAction", 400, operation));
}
