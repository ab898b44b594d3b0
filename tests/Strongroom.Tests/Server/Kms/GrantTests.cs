using static Strongroom.Tests.Server.Kms.KmsClient;
using static Strongroom.Tests.Server.Sts.Identities;

namespace Strongroom.Tests.Server.Kms;

public sealed class GrantTests : IAsyncLifetime
{
    private const string AppArn = "arn:aws:iam::111122223333:user/app";

    private RunningServer server = null!;
    private TestClient app = null!;
    private TestClient assumer = null!;
    private string key = null!;

    private TestClient Root => server.Root;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        app = await server.NewUserAsync("app");
        assumer = await server.NewUserAsync("assumer", Allow("sts:AssumeRole"));
        key = await Root.NewKeyAsync();
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_grant_gives_its_grantee_its_operations_until_it_is_revoked()
    {
        await app.KmsFailsAsync("Encrypt", new { KeyId = key, Plaintext = Base64("x") }, "AccessDeniedException");
        var grant = await Root.KmsAsync("CreateGrant", new { KeyId = key, GranteePrincipal = AppArn, Operations = new[] { "Encrypt", "DescribeKey" } });
        Assert.Matches("^[0-9a-f]{64}$", (string)grant["GrantId"]!);

        var blob = (string?)(await app.KmsAsync("Encrypt", new { KeyId = key, Plaintext = Base64("x"), GrantTokens = new[] { (string?)grant["GrantToken"] } }))["CiphertextBlob"];
        await app.KmsAsync("DescribeKey", new { KeyId = key });
        await app.KmsFailsAsync("Decrypt", new { CiphertextBlob = blob }, "AccessDeniedException");
        await app.KmsFailsAsync("Encrypt", new { KeyId = key, Plaintext = Base64("x"), GrantTokens = new[] { "forged" } }, "InvalidGrantTokenException");

        await Root.KmsAsync("RevokeGrant", new { KeyId = key, GrantId = (string?)grant["GrantId"] });
        await app.KmsFailsAsync("Encrypt", new { KeyId = key, Plaintext = Base64("x") }, "AccessDeniedException");
        await Root.KmsFailsAsync("RevokeGrant", new { KeyId = key, GrantId = (string?)grant["GrantId"] }, "NotFoundException");
    }

    [Theory]
    [InlineData("EncryptionContextEquals", """{"a":"1"}""", true)]
    [InlineData("EncryptionContextEquals", """{"a":"1","b":"2"}""", false)]
    [InlineData("EncryptionContextEquals", """{"a":"2"}""", false)]
    [InlineData("EncryptionContextEquals", "{}", false)]
    [InlineData("EncryptionContextSubset", """{"a":"1"}""", true)]
    [InlineData("EncryptionContextSubset", """{"a":"1","b":"2"}""", true)]
    [InlineData("EncryptionContextSubset", """{"b":"2"}""", false)]
    public async Task A_constraint_binds_the_encryption_context(string constraint, string context, bool allowed)
    {
        await Root.KmsAsync("CreateGrant", new
        {
            KeyId = key, GranteePrincipal = AppArn, Operations = new[] { "Encrypt" },
            Constraints = new Dictionary<string, object> { [constraint] = new { a = "1" } },
        });
        var parameters = new { KeyId = key, Plaintext = Base64("x"), EncryptionContext = System.Text.Json.Nodes.JsonNode.Parse(context) };

        if (allowed)
            await app.KmsAsync("Encrypt", parameters);
        else
            await app.KmsFailsAsync("Encrypt", parameters, "AccessDeniedException");
    }

    [Fact]
    public async Task A_grant_is_retired_by_its_retiring_principal_or_by_its_token()
    {
        var clerk = await server.NewUserAsync("clerk");
        var grant = await Root.KmsAsync("CreateGrant", new
        {
            KeyId = key, GranteePrincipal = AppArn, RetiringPrincipal = "arn:aws:iam::111122223333:user/clerk", Operations = new[] { "Encrypt" },
        });
        Assert.Equal(
            (string?)grant["GrantId"],
            (string?)Assert.Single((await Root.KmsAsync("ListRetirableGrants", new { RetiringPrincipal = "arn:aws:iam::111122223333:user/clerk" }))["Grants"]!.AsArray())!["GrantId"]);

        await app.KmsFailsAsync("RetireGrant", new { GrantToken = (string?)grant["GrantToken"] }, "AccessDeniedException");
        await clerk.KmsAsync("RetireGrant", new { GrantToken = (string?)grant["GrantToken"] });

        Assert.Empty((await Root.KmsAsync("ListGrants", new { KeyId = key }))["Grants"]!.AsArray());
        Assert.DoesNotContain(server.Records(), record => record.ToJsonString().Contains((string)grant["GrantToken"]!, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Who_may_not_retire_a_grant_does_not_learn_whether_it_or_its_key_exists()
    {
        var none = new string('0', 64);
        foreach (var id in new[] { key, Guid.Empty.ToString() })
        {
            Assert.Equal(
                $"User: {AppArn} is not authorized to perform: kms:RetireGrant on resource: {KeyArn(id)} because no identity-based policy allows the kms:RetireGrant action",
                await app.KmsFailsAsync("RetireGrant", new { KeyId = id, GrantId = none }, "AccessDeniedException"));
        }

        Assert.Equal($"Grant ID {none} not found", await Root.KmsFailsAsync("RetireGrant", new { KeyId = key, GrantId = none }, "NotFoundException"));
        Assert.Equal($"Key '{KeyArn(Guid.Empty.ToString())}' does not exist", await Root.KmsFailsAsync("RetireGrant", new { KeyId = Guid.Empty, GrantId = none }, "NotFoundException"));
    }

    [Fact]
    public async Task A_named_grant_made_again_is_the_same()
    {
        var parameters = new { KeyId = key, GranteePrincipal = AppArn, Operations = new[] { "Encrypt" }, Name = "n" };
        var first = await Root.KmsAsync("CreateGrant", parameters);

        Assert.Equal((string?)first["GrantId"], (string?)(await Root.KmsAsync("CreateGrant", parameters))["GrantId"]);
        Assert.NotEqual((string?)first["GrantId"], (string?)(await Root.KmsAsync("CreateGrant", new { KeyId = key, GranteePrincipal = AppArn, Operations = new[] { "Encrypt" } }))["GrantId"]);
        var listed = (await Root.KmsAsync("ListGrants", new { KeyId = key, Limit = 1 }))!;
        Assert.True((bool)listed["Truncated"]!);
        Assert.Equal(AppArn, (string?)listed["Grants"]![0]!["GranteePrincipal"]);
    }

    [Fact]
    public async Task Who_grants_by_a_grant_passes_on_no_more_than_it_has()
    {
        var other = "arn:aws:iam::111122223333:user/other";
        await server.NewUserAsync("other");
        await Root.KmsAsync("CreateGrant", new { KeyId = key, GranteePrincipal = AppArn, Operations = new[] { "CreateGrant", "Encrypt" } });

        await app.KmsAsync("CreateGrant", new { KeyId = key, GranteePrincipal = other, Operations = new[] { "Encrypt" } });
        await app.KmsFailsAsync("CreateGrant", new { KeyId = key, GranteePrincipal = other, Operations = new[] { "Decrypt" } }, "AccessDeniedException");
    }

    [Fact]
    public async Task Grantees_must_exist() =>
        await Root.KmsFailsAsync("CreateGrant", new { KeyId = key, GranteePrincipal = "arn:aws:iam::111122223333:user/nobody", Operations = new[] { "Encrypt" } }, "InvalidArnException");

    [Theory]
    [InlineData("kms:EncryptionContext:a", """ "1" """)]
    [InlineData("kms:EncryptionContextKeys", """ "a" """)]
    [InlineData("kms:RequestAlias", """ "alias/team-a" """)]
    [InlineData("kms:EncryptionAlgorithm", """ "SYMMETRIC_DEFAULT" """)]
    [InlineData("kms:CallerAccount", """ "111122223333" """)]
    [InlineData("kms:KeySpec", """ "SYMMETRIC_DEFAULT" """)]
    [InlineData("aws:ResourceTag/team", """ "a" """)]
    public async Task Conditions_see_the_keys_of_a_request(string name, string value)
    {
        await Root.KmsAsync("TagResource", new { KeyId = key, Tags = new[] { new { TagKey = "team", TagValue = "a" } } });
        await Root.KmsAsync("CreateAlias", new { AliasName = "alias/team-a", TargetKeyId = key });
        var user = await server.NewUserAsync("conditional", Conditional("StringEquals", name, value));
        var negated = await server.NewUserAsync("negated", Conditional("StringNotEquals", name, value));
        var parameters = new { KeyId = "alias/team-a", Plaintext = Base64("x"), EncryptionContext = new { a = "1" } };

        await user.KmsAsync("Encrypt", parameters);
        await negated.KmsFailsAsync("Encrypt", parameters, "AccessDeniedException");
    }

    [Fact]
    public async Task A_user_of_another_account_uses_a_key_by_its_ARN_when_both_sides_allow()
    {
        await server.ChangeAsync(Other, [Role("guest", Trust(RunningServer.Account), Allow("kms:Encrypt")), Role("poor", Trust(RunningServer.Account))], []);
        var guest = await GuestAsync("guest");
        await guest.KmsFailsAsync("Encrypt", new { KeyId = KeyArn(key), Plaintext = Base64("x") }, "AccessDeniedException");

        await Root.KmsAsync("PutKeyPolicy", new
        {
            KeyId = key,
            Policy = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:aws:iam::111122223333:root","arn:aws:iam::444455556666:root"]},"Action":"kms:*","Resource":"*"}]}""",
        });

        Assert.Equal(KeyArn(key), (string?)(await guest.KmsAsync("Encrypt", new { KeyId = KeyArn(key), Plaintext = Base64("x") }))["KeyId"]);
        await (await GuestAsync("poor")).KmsFailsAsync("Encrypt", new { KeyId = KeyArn(key), Plaintext = Base64("x") }, "AccessDeniedException");
        await guest.KmsFailsAsync("Encrypt", new { KeyId = "arn:aws:kms:us-east-1:999988887777:key/00000000-0000-4000-8000-000000000000", Plaintext = Base64("x") }, "AccessDeniedException");
    }

    private async Task<TestClient> GuestAsync(string role) => server.ClientOf(
        await assumer.StsAsync("AssumeRole", ("RoleArn", RoleArn(role, Other)), ("RoleSessionName", "session")));

    private string Conditional(string test, string name, string value)
    {
        var operation = name == "kms:EncryptionContextKeys" ? "ForAllValues:" + test : test;
        return Allow("kms:*", KeyArn(key)).Replace("\"Effect\"", $"\"Condition\":{{\"{operation}\":{{\"{name}\":{value}}}}},\"Effect\"", StringComparison.Ordinal);
    }
}
