using System.Text.Json.Nodes;

namespace Strongroom.Tests.Server.Accounts;

public sealed class AccountTests : IAsyncLifetime
{
    private const string Other = "444455556666";

    private RunningServer server = null!;

    public async ValueTask InitializeAsync() => server = await RunningServer.StartAsync();

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task The_root_of_a_new_account_signs_as_its_root()
    {
        var made = await server.Root.JsonAsync("Strongroom.CreateAccount", new { AccountId = Other, Name = "team-b" });

        Assert.Equal(Other, (string?)made["Account"]!["Id"]);
        Assert.Equal("team-b", (string?)made["Account"]!["Name"]);
        Assert.Equal(1770114030.456m, made["Account"]!["CreatedDate"]!.GetValue<decimal>());
        Assert.Equal("arn:aws:iam::444455556666:root", (await RootOf(made).StsAsync("GetCallerIdentity")).Element("Arn")!.Value);
    }

    [Fact]
    public async Task A_number_is_drawn_for_an_account_that_brings_none()
    {
        var made = await server.Root.JsonAsync("Strongroom.CreateAccount");

        Assert.Matches("^[1-9][0-9]{11}$", (string)made["Account"]!["Id"]!);
        Assert.Null(made["Account"]!["Name"]);
        Assert.Equal((string?)made["Account"]!["Id"], (await RootOf(made).StsAsync("GetCallerIdentity")).Element("Account")!.Value);
    }

    [Fact]
    public async Task The_secret_is_in_no_record()
    {
        var made = await server.Root.JsonAsync("Strongroom.CreateAccount", new { AccountId = Other, Name = "team-b" });

        var record = server.Records()[^1];

        Assert.Equal("strongroom.amazonaws.com", (string?)record["eventSource"]);
        Assert.Equal(Other, (string?)record["responseElements"]!["account"]!["id"]);
        Assert.Equal((string?)made["AccessKey"]!["AccessKeyId"], (string?)record["responseElements"]!["accessKey"]!["accessKeyId"]);
        var secret = (string)made["AccessKey"]!["SecretAccessKey"]!;
        Assert.Equal(40, secret.Length);
        Assert.All(server.Records(), r => Assert.DoesNotContain(secret, r.ToJsonString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Accounts_are_listed_in_pages()
    {
        await CreateAsync("444455556666");
        await CreateAsync("333344445555");

        var first = await server.Root.JsonAsync("Strongroom.ListAccounts", new { MaxResults = 2 });
        var second = await server.Root.JsonAsync("Strongroom.ListAccounts", new { MaxResults = 2, NextToken = (string)first["NextToken"]! });

        Assert.Equal(["111122223333", "333344445555"], Ids(first));
        Assert.Equal(["444455556666"], Ids(second));
        Assert.Null(second["NextToken"]);
    }

    [Theory]
    [InlineData("12345", null)]
    [InlineData("12345678901a", null)]
    [InlineData(null, "")]
    [InlineData(null, "two\nlines")]
    public async Task Bad_input_is_refused(string? id, string? name) =>
        await server.Root.JsonFailsAsync("Strongroom.CreateAccount", new { AccountId = id, Name = name }, "ValidationException");

    [Fact]
    public async Task A_number_is_given_once()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(async _ =>
        {
            try
            {
                await CreateAsync(Other);
                return true;
            }
            catch (Xunit.Sdk.XunitException e) when (e.Message.Contains("AccountAlreadyExistsException", StringComparison.Ordinal))
            {
                return false; // the losers' answer
            }
        }));

        Assert.Single(answers, made => made);
        Assert.Equal(
            "There is an account 111122223333 already.",
            await server.Root.JsonFailsAsync("Strongroom.CreateAccount", new { AccountId = RunningServer.Account }, "AccountAlreadyExistsException"));
    }

    [Fact]
    public async Task Only_the_first_account_creates_and_lists_accounts()
    {
        var root = RootOf(await CreateAsync(Other));
        await server.Root.IamAsync("CreateUser", ("UserName", "app"));
        var key = (await server.Root.IamAsync("CreateAccessKey", ("UserName", "app"))).Element("AccessKey")!;
        var app = new TestClient(server, key.Element("AccessKeyId")!.Value, key.Element("SecretAccessKey")!.Value);

        foreach (var operation in new[] { "CreateAccount", "ListAccounts" })
        {
            Assert.Equal(
                $"User: arn:aws:iam::444455556666:root is not authorized to perform: strongroom:{operation} because no resource-based policy allows the strongroom:{operation} action",
                await root.JsonFailsAsync("Strongroom." + operation, null, "AccessDeniedException"));
            Assert.Equal(
                $"User: arn:aws:iam::111122223333:user/app is not authorized to perform: strongroom:{operation} because no identity-based policy allows the strongroom:{operation} action",
                await app.JsonFailsAsync("Strongroom." + operation, null, "AccessDeniedException"));
        }
    }

    [Fact]
    public async Task Nothing_of_one_account_shows_in_another()
    {
        var root = RootOf(await CreateAsync(Other));
        var secret = await server.Root.JsonAsync("secretsmanager.CreateSecret", new { Name = "db", SecretString = "mine", ClientRequestToken = new string('a', 32) });
        await server.Root.IamAsync("CreateUser", ("UserName", "app"));

        await root.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = "db" }, "ResourceNotFoundException");
        await root.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = (string)secret["ARN"]! }, "AccessDeniedException");
        await root.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = ((string)secret["ARN"]!)[..^6] + "abcdef" }, "AccessDeniedException");
        await root.JsonFailsAsync("secretsmanager.DeleteSecret", new { SecretId = (string)secret["ARN"]! }, "AccessDeniedException");
        Assert.Empty((await root.JsonAsync("secretsmanager.ListSecrets"))["SecretList"]!.AsArray());
        Assert.Empty((await root.IamAsync("ListUsers")).Element("Users")!.Elements());
        await root.IamFailsAsync("NoSuchEntity", 404, "GetUser", ("UserName", "app"));

        // The same names are free there, and lead elsewhere.
        await root.JsonAsync("secretsmanager.CreateSecret", new { Name = "db", SecretString = "theirs", ClientRequestToken = new string('b', 32) });
        await root.IamAsync("CreateUser", ("UserName", "app"));
        Assert.Equal("mine", (string?)(await server.Root.JsonAsync("secretsmanager.GetSecretValue", new { SecretId = "db" }))["SecretString"]);
        Assert.Equal("theirs", (string?)(await root.JsonAsync("secretsmanager.GetSecretValue", new { SecretId = "db" }))["SecretString"]);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(false, false)]
    public async Task A_secret_is_read_across_accounts_when_both_sides_allow_it(bool isGranted, bool isAllowed)
    {
        const string Reader = "arn:aws:iam::444455556666:user/reader";
        // The default key admits its own account alone. Source: IAM fact sheet 3.5.
        var kmsKey = (string)(await server.Root.JsonAsync("TrentService.CreateKey", new
        {
            Policy = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["111122223333","444455556666"]},"Action":"kms:*","Resource":"*"}]}""",
        }))["KeyMetadata"]!["Arn"]!;
        var arn = (string)(await server.Root.JsonAsync(
            "secretsmanager.CreateSecret", new { Name = "db", SecretString = "mine", KmsKeyId = kmsKey, ClientRequestToken = new string('a', 32) }))["ARN"]!;
        var root = RootOf(await CreateAsync(Other));
        await root.IamAsync("CreateUser", ("UserName", "reader"));
        var key = (await root.IamAsync("CreateAccessKey", ("UserName", "reader"))).Element("AccessKey")!;
        var reader = new TestClient(server, key.Element("AccessKeyId")!.Value, key.Element("SecretAccessKey")!.Value);
        if (isGranted)
        {
            await server.Root.JsonAsync("secretsmanager.PutResourcePolicy", new
            {
                SecretId = "db",
                ResourcePolicy = $$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"{{Reader}}"},"Action":"secretsmanager:GetSecretValue","Resource":"*"}]}""",
            });
        }

        if (isAllowed)
        {
            await root.IamAsync("PutUserPolicy", ("UserName", "reader"), ("PolicyName", "read"), ("PolicyDocument",
                """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"arn:aws:secretsmanager:us-east-1:111122223333:secret:db-*"},{"Effect":"Allow","Action":"kms:Decrypt","Resource":"*"}]}"""));
        }

        if (isGranted && isAllowed)
            Assert.Equal("mine", (string?)(await reader.JsonAsync("secretsmanager.GetSecretValue", new { SecretId = arn }))["SecretString"]);
        else
            await reader.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = arn }, "AccessDeniedException");

        // A bare name is one of the reader's own account, whose secret may be of any name.
        await reader.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = "db" }, "AccessDeniedException");
        Assert.Empty((await root.JsonAsync("secretsmanager.ListSecrets"))["SecretList"]!.AsArray());
    }

    [Fact]
    public async Task An_account_survives_a_restart()
    {
        var root = RootOf(await CreateAsync(Other));
        await root.JsonAsync("secretsmanager.CreateSecret", new { Name = "db", SecretString = "theirs", ClientRequestToken = new string('b', 32) });

        await server.CloseAsync();
        await server.OpenAsync();

        Assert.Equal("theirs", (string?)(await root.JsonAsync("secretsmanager.GetSecretValue", new { SecretId = "db" }))["SecretString"]);
        Assert.Equal(["111122223333", Other], Ids(await server.Root.JsonAsync("Strongroom.ListAccounts")));
        await root.JsonFailsAsync("Strongroom.ListAccounts", null, "AccessDeniedException");
    }

    private Task<JsonObject> CreateAsync(string id) => server.Root.JsonAsync("Strongroom.CreateAccount", new { AccountId = id });

    private TestClient RootOf(JsonObject made) =>
        new(server, (string)made["AccessKey"]!["AccessKeyId"]!, (string)made["AccessKey"]!["SecretAccessKey"]!);

    private static IEnumerable<string> Ids(JsonObject page) => page["Accounts"]!.AsArray().Select(a => (string)a!["Id"]!);
}
