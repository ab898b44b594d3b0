namespace Strongroom.Conformance.Tests.Operations;

/// <summary>Every way to a session, and what the session is then called.</summary>
public sealed class StsTests(SharedServer server) : ScenarioTest(server)
{
    [Theory, Scenario("sts", "AssumeRole GetCallerIdentity")]
    public async Task A_user_assumes_a_role(string client)
    {
        var (account, key) = await UserAsync(client);
        var role = await RoleAsync(client, $$"""{"AWS":"arn:aws:iam::{{account}}:user/{{Unique}}"}""", "sts:*");

        var answer = await Client(client, "sts", key).OkAsync("AssumeRole", new
        {
            RoleArn = role, RoleSessionName = "build-42", DurationSeconds = 900, Policy = ReadPolicy,
            Tags = new[] { new { Key = "team", Value = "red" } }, TransitiveTagKeys = new[] { "team" }, SourceIdentity = "ann",
        });

        var session = IsSession(answer, TimeSpan.FromSeconds(900));
        Assert.Equal(($"arn:aws:sts::{account}:assumed-role/{Unique}/build-42", "ann"), (answer["AssumedRoleUser"]!.AsObject().Text("Arn"), answer.Text("SourceIdentity")));
        Assert.Matches("^AROA[A-Z2-7]{17}:build-42$", answer["AssumedRoleUser"]!.AsObject().Text("AssumedRoleId"));
        Assert.InRange(answer["PackedPolicySize"]!.GetValue<int>(), 1, 100);
        var identity = await Client(client, "sts", session).OkAsync("GetCallerIdentity");
        Assert.Equal(
            (account, answer["AssumedRoleUser"]!.AsObject().Text("Arn"), answer["AssumedRoleUser"]!.AsObject().Text("AssumedRoleId")),
            (identity.Text("Account"), identity.Text("Arn"), identity.Text("UserId")));
        await Client(client, "sts").FailsAsync("AssumeRole", new { RoleArn = role, RoleSessionName = "root" }, "AccessDenied", "Roles may not be assumed by root accounts.");
        await Client(client, "sts", key).FailsAsync(
            "AssumeRole", new { RoleArn = role, RoleSessionName = "long", DurationSeconds = 3601 }, "ValidationError",
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
    }

    [Theory, Scenario("sts", "AssumeRoleWithWebIdentity")]
    public async Task A_token_of_an_issuer_becomes_a_session(string client)
    {
        var (iam, account) = (Client(client, "iam"), await AccountAsync(client));
        var provider = $"arn:aws:iam::{account}:oidc-provider/{Issuer.Name}";
        var made = await iam.CallAsync("CreateOpenIDConnectProvider", new { Issuer.Url, ClientIDList = new[] { "sts.amazonaws.com" } });
        Assert.True(made.Code is null or "EntityAlreadyExists", made.Message); // the other client's test shares the issuer
        var role = await RoleAsync(client, $$"""{"Federated":"{{provider}}"}""", "sts:AssumeRoleWithWebIdentity");

        var answer = await Client(client, "sts").OkAsync(
            "AssumeRoleWithWebIdentity", new { RoleArn = role, RoleSessionName = "web", WebIdentityToken = Server.Issuer.Token("system:serviceaccount:shop:web") });

        var session = IsSession(answer, TimeSpan.FromHours(1));
        Assert.Equal(
            ("system:serviceaccount:shop:web", "sts.amazonaws.com", provider),
            (answer.Text("SubjectFromWebIdentityToken"), answer.Text("Audience"), answer.Text("Provider")));
        Assert.Equal($"arn:aws:sts::{account}:assumed-role/{Unique}/web", (await Client(client, "sts", session).OkAsync("GetCallerIdentity")).Text("Arn"));
        await Client(client, "sts").FailsAsync(
            "AssumeRoleWithWebIdentity", new { RoleArn = role, RoleSessionName = "web", WebIdentityToken = Server.Issuer.Token("x")[..^4] + "AAAA" },
            "InvalidIdentityToken", "The ID Token's signature could not be verified.");
        await Client(client, "sts").FailsAsync(
            "AssumeRoleWithWebIdentity", new { RoleArn = role + "x", RoleSessionName = "web", WebIdentityToken = Server.Issuer.Token("x") },
            "AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity");
    }

    [Theory, Scenario("sts", "GetSessionToken GetFederationToken GetAccessKeyInfo DecodeAuthorizationMessage")]
    public async Task A_user_gets_a_session_of_its_own_and_one_for_somebody_else(string client)
    {
        var (account, key) = await UserAsync(client, "sts:GetFederationToken");
        var user = Client(client, "sts", key);

        var own = IsSession(await user.OkAsync("GetSessionToken"), TimeSpan.FromHours(12));
        Assert.Equal($"arn:aws:iam::{account}:user/{Unique}", (await Client(client, "sts", own).OkAsync("GetCallerIdentity")).Text("Arn"));
        await Client(client, "sts", own).FailsAsync("GetSessionToken", null, "AccessDenied", "Cannot call GetSessionToken with session credentials");

        var federated = await user.OkAsync("GetFederationToken", new { Name = "bob", Policy = ReadPolicy, DurationSeconds = 900 });
        var bob = IsSession(federated, TimeSpan.FromSeconds(900));
        Assert.Equal(
            ($"arn:aws:sts::{account}:federated-user/bob", $"{account}:bob"),
            (federated["FederatedUser"]!.AsObject().Text("Arn"), federated["FederatedUser"]!.AsObject().Text("FederatedUserId")));
        Assert.Equal($"{account}:bob", (await Client(client, "sts", bob).OkAsync("GetCallerIdentity")).Text("UserId"));
        await user.FailsAsync("GetFederationToken", new { Name = "bob", Policy = "{}" }, "MalformedPolicyDocument", "Syntax errors in policy.");

        var root = Client(client, "sts");
        Assert.Equal(account, (await root.OkAsync("GetAccessKeyInfo", new { AccessKeyId = own.Text("AccessKeyId") })).Text("Account"));
        await root.FailsAsync("DecodeAuthorizationMessage", new { EncodedMessage = "x" }, "InvalidAuthorizationMessageException", "Message is not valid");
    }

    private static JsonObject IsSession(JsonObject answer, TimeSpan duration)
    {
        var credentials = answer["Credentials"]!.AsObject();
        Assert.Matches("^ASIA[A-Z2-7]{16}$", credentials.Text("AccessKeyId"));
        Assert.Matches("^[A-Za-z0-9/+]{40}$", credentials.Text("SecretAccessKey"));
        Assert.Matches("^[A-Za-z0-9/+=]{100,}$", credentials.Text("SessionToken"));
        Assert.Equal(DateTimeOffset.UtcNow + duration, Time(credentials, "Expiration"), TimeSpan.FromMinutes(1));
        return credentials;
    }

    private async Task<(string Account, JsonObject Key)> UserAsync(string client, string? action = null)
    {
        var iam = Client(client, "iam");
        await iam.OkAsync("CreateUser", new { UserName = Unique });
        if (action is not null)
            await iam.OkAsync("PutUserPolicy", new { UserName = Unique, PolicyName = "p", PolicyDocument = ReadPolicy.Replace("secretsmanager:GetSecretValue", action, StringComparison.Ordinal) });
        return (await AccountAsync(client), (await iam.OkAsync("CreateAccessKey", new { UserName = Unique }))["AccessKey"]!.AsObject());
    }

    private async Task<string> RoleAsync(string client, string principal, string action) => (await Client(client, "iam").OkAsync(
        "CreateRole", new { RoleName = Unique, AssumeRolePolicyDocument = TrustOf(principal, action) }))["Role"]!.AsObject().Text("Arn");
}
