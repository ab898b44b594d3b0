using System.Xml.Linq;

namespace Strongroom.Tests.Server.Iam;

public sealed class AccessKeyTests : IAsyncLifetime
{
    private RunningServer server = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        await server.Root.IamAsync("CreateUser", ("UserName", "app"));
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_new_key_signs_as_its_user()
    {
        var key = (await server.Root.IamAsync("CreateAccessKey", ("UserName", "app"))).Element("AccessKey")!;

        Assert.Equal(["UserName", "AccessKeyId", "Status", "SecretAccessKey", "CreateDate"], key.Elements().Select(e => e.Name.LocalName));
        Assert.Matches("^AKIA[A-Z2-7]{16}$", key.Element("AccessKeyId")!.Value);
        Assert.Matches("^[A-Za-z0-9/+]{40}$", key.Element("SecretAccessKey")!.Value);
        var identity = await ClientOf(key).StsAsync("GetCallerIdentity");
        Assert.Equal("arn:aws:iam::111122223333:user/app", identity.Element("Arn")!.Value);
        Assert.StartsWith("AIDA", identity.Element("UserId")!.Value, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_secret_is_in_no_record()
    {
        var key = (await server.Root.IamAsync("CreateAccessKey", ("UserName", "app"))).Element("AccessKey")!;

        var record = server.Records()[^1];

        Assert.Equal(key.Element("AccessKeyId")!.Value, (string?)record["responseElements"]!["accessKey"]!["accessKeyId"]);
        Assert.DoesNotContain(key.Element("SecretAccessKey")!.Value, record.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_has_two_keys_at_most()
    {
        await server.Root.IamAsync("CreateAccessKey", ("UserName", "app"));
        await server.Root.IamAsync("CreateAccessKey", ("UserName", "app"));

        Assert.Equal("Cannot exceed quota for AccessKeysPerUser: 2", await server.Root.IamFailsAsync("LimitExceeded", 409, "CreateAccessKey", ("UserName", "app")));
    }

    [Fact]
    public async Task Who_has_no_policy_may_do_nothing_and_learns_nothing()
    {
        var app = ClientOf((await server.Root.IamAsync("CreateAccessKey", ("UserName", "app"))).Element("AccessKey")!);

        var about = await app.IamFailsAsync("AccessDenied", 403, "GetUser", ("UserName", "other"));

        Assert.Equal(
            "User: arn:aws:iam::111122223333:user/app is not authorized to perform: iam:GetUser on resource: user other "
            + "because no identity-based policy allows the iam:GetUser action",
            about);
        Assert.Equal(
            "User: arn:aws:iam::111122223333:user/app is not authorized to perform: secretsmanager:GetSecretValue on resource: db "
            + "because no identity-based policy allows the secretsmanager:GetSecretValue action",
            await app.JsonFailsAsync("secretsmanager.GetSecretValue", new { SecretId = "db" }, "AccessDeniedException"));
        Assert.Equal("IAMUser", (string?)server.Records()[^1]["userIdentity"]!["type"]);
        Assert.Equal("app", (string?)server.Records()[^1]["userIdentity"]!["userName"]);
    }

    private TestClient ClientOf(XElement key) => new(server, key.Element("AccessKeyId")!.Value, key.Element("SecretAccessKey")!.Value);
}
