using System.Xml.Linq;

namespace Strongroom.Tests.Server.Iam;

/// <summary>What becomes of access keys: listed, used, deactivated, deleted; of users and of the root.</summary>
public sealed class AccessKeyLifeTests : IAsyncLifetime
{
    private RunningServer server = null!;
    private XElement key = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        await server.Root.IamAsync("CreateUser", ("UserName", "App"));
        key = (await server.Root.IamAsync("CreateAccessKey", ("UserName", "app"))).Element("AccessKey")!;
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task Keys_are_listed_without_their_secrets()
    {
        var second = (await server.Root.IamAsync("CreateAccessKey", ("UserName", "app"))).Element("AccessKey")!;

        var first = await server.Root.IamAsync("ListAccessKeys", ("UserName", "app"), ("MaxItems", "1"));
        var rest = await server.Root.IamAsync("ListAccessKeys", ("UserName", "app"), ("Marker", first.Element("Marker")!.Value));

        Assert.Equal(["UserName", "AccessKeyId", "Status", "CreateDate"], first.Element("AccessKeyMetadata")!.Elements().Single().Elements().Select(e => e.Name.LocalName));
        Assert.Equal(
            new[] { Id(key), Id(second) }.Order(StringComparer.Ordinal),
            first.Descendants("AccessKeyId").Concat(rest.Descendants("AccessKeyId")).Select(e => e.Value));
    }

    [Fact]
    public async Task An_inactive_key_is_answered_as_one_that_nobody_has_and_works_again_when_activated()
    {
        var app = ClientOf(key);
        var unknown = await new TestClient(server, "AKIANONENONENONENONE", "x").StsFailsAsync("InvalidClientTokenId", 403, "GetCallerIdentity");

        await server.Root.IamAsync("UpdateAccessKey", ("UserName", "app"), ("AccessKeyId", Id(key)), ("Status", "Inactive"));
        Assert.Equal(unknown, await app.StsFailsAsync("InvalidClientTokenId", 403, "GetCallerIdentity"));
        Assert.Equal("Inactive", (await server.Root.IamAsync("ListAccessKeys", ("UserName", "app"))).Descendants("Status").Single().Value);

        await server.CloseAsync();
        await server.OpenAsync();
        Assert.Equal(unknown, await app.StsFailsAsync("InvalidClientTokenId", 403, "GetCallerIdentity"));
        await server.Root.IamAsync("UpdateAccessKey", ("UserName", "app"), ("AccessKeyId", Id(key)), ("Status", "Active"));
        await app.StsAsync("GetCallerIdentity");
    }

    [Fact]
    public async Task A_deleted_key_is_gone_at_once()
    {
        await server.Root.IamAsync("DeleteAccessKey", ("UserName", "app"), ("AccessKeyId", Id(key)));

        await ClientOf(key).StsFailsAsync("InvalidClientTokenId", 403, "GetCallerIdentity");
        Assert.Empty((await server.Root.IamAsync("ListAccessKeys", ("UserName", "app"))).Descendants("AccessKeyId"));
        Assert.Equal($"The Access Key with id {Id(key)} cannot be found.", await server.Root.IamFailsAsync("NoSuchEntity", 404, "DeleteAccessKey", ("UserName", "app"), ("AccessKeyId", Id(key))));
    }

    [Fact]
    public async Task Last_use_is_told()
    {
        var never = await server.Root.IamAsync("GetAccessKeyLastUsed", ("AccessKeyId", Id(key)));
        Assert.Equal(
            "<GetAccessKeyLastUsedResult><UserName>App</UserName><AccessKeyLastUsed><ServiceName>N/A</ServiceName><Region>N/A</Region></AccessKeyLastUsed></GetAccessKeyLastUsedResult>",
            never.ToString(SaveOptions.DisableFormatting));

        await ClientOf(key).StsAsync("GetCallerIdentity");

        var used = (await server.Root.IamAsync("GetAccessKeyLastUsed", ("AccessKeyId", Id(key)))).Element("AccessKeyLastUsed")!;
        Assert.Equal(["2026-02-03T10:20:30Z", "sts", "us-east-1"], used.Elements().Select(e => e.Value));
    }

    [Theory]
    [InlineData("NoSuchEntity", 404, "The Access Key with id AKIANONENONENONENONE cannot be found.", "GetAccessKeyLastUsed", "AccessKeyId=AKIANONENONENONENONE")]
    [InlineData("NoSuchEntity", 404, "The Access Key with id AKIANONENONENONENONE cannot be found.", "UpdateAccessKey", "UserName=app", "AccessKeyId=AKIANONENONENONENONE", "Status=Active")]
    [InlineData("NoSuchEntity", 404, "The Access Key with id AKIAIOSFODNN7EXAMPLE cannot be found.", "UpdateAccessKey", "UserName=app", "AccessKeyId=AKIAIOSFODNN7EXAMPLE", "Status=Active")]
    [InlineData("NoSuchEntity", 404, "The Access Key with id AKIAIOSFODNN7EXAMPLE cannot be found.", "DeleteAccessKey", "UserName=app", "AccessKeyId=AKIAIOSFODNN7EXAMPLE")]
    [InlineData("NoSuchEntity", 404, "The user with name none cannot be found.", "ListAccessKeys", "UserName=none")]
    [InlineData("NoSuchEntity", 404, "The user with name none cannot be found.", "CreateAccessKey", "UserName=none")]
    [InlineData("NoSuchEntity", 404, "The user with name none cannot be found.", "UpdateAccessKey", "UserName=none", "AccessKeyId=AKIAIOSFODNN7EXAMPLE", "Status=Active")]
    [InlineData("NoSuchEntity", 404, "The user with name none cannot be found.", "DeleteAccessKey", "UserName=none", "AccessKeyId=AKIAIOSFODNN7EXAMPLE")]
    [InlineData("ValidationError", 400, "1 validation error detected: Value 'short' at 'accessKeyId' failed to satisfy constraint: Member must have length greater than or equal to 16", "GetAccessKeyLastUsed", "AccessKeyId=short")]
    [InlineData("ValidationError", 400, "1 validation error detected: Value 'Off' at 'status' failed to satisfy constraint: Member must satisfy enum value set: [Active, Inactive, Expired]", "UpdateAccessKey", "AccessKeyId=AKIAIOSFODNN7EXAMPLE", "Status=Off")]
    [InlineData("InvalidInput", 400, "The status of an access key can be set to Active or Inactive only.", "UpdateAccessKey", "AccessKeyId=AKIAIOSFODNN7EXAMPLE", "Status=Expired")]
    public async Task Errors_are_AWSs(string code, int status, string message, string operation, params string[] parameters) => Assert.Equal(
        message, await server.Root.IamFailsAsync(code, status, operation, [.. parameters.Select(p => (p.Split('=', 2)[0], p.Split('=', 2)[1]))]));

    [Fact]
    public async Task The_root_replaces_its_own_key()
    {
        Assert.Equal([RunningServer.AccessKeyId], (await server.Root.IamAsync("ListAccessKeys")).Descendants("AccessKeyId").Select(e => e.Value));
        var second = (await server.Root.IamAsync("CreateAccessKey")).Element("AccessKey")!;
        Assert.Null(second.Element("UserName"));
        Assert.Equal("Cannot exceed quota for AccessKeysPerUser: 2", await server.Root.IamFailsAsync("LimitExceeded", 409, "CreateAccessKey"));
        var root = ClientOf(second);
        Assert.Equal("arn:aws:iam::111122223333:root", (await root.StsAsync("GetCallerIdentity")).Element("Arn")!.Value);

        await root.IamAsync("UpdateAccessKey", ("AccessKeyId", RunningServer.AccessKeyId), ("Status", "Inactive"));
        await server.Root.StsFailsAsync("InvalidClientTokenId", 403, "GetCallerIdentity");
        await root.IamAsync("DeleteAccessKey", ("AccessKeyId", RunningServer.AccessKeyId));

        Assert.Equal([Id(second)], (await root.IamAsync("ListAccessKeys")).Descendants("AccessKeyId").Select(e => e.Value));
        Assert.Equal([Id(key)], (await root.IamAsync("ListAccessKeys", ("UserName", "app"))).Descendants("AccessKeyId").Select(e => e.Value));
    }

    [Fact]
    public async Task Of_many_keys_made_at_once_a_user_gets_two()
    {
        await server.Root.IamAsync("CreateUser", ("UserName", "other"));

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => server.Root.SendQueryAsync("iam", "2010-05-08", "CreateAccessKey", ("UserName", "other"))));

        Assert.Equal(2, answers.Count(a => a.Status == 200));
        Assert.Equal(6, answers.Count(a => a.Status == 409));
    }

    private static string Id(XElement key) => key.Element("AccessKeyId")!.Value;

    private TestClient ClientOf(XElement key) => new(server, Id(key), key.Element("SecretAccessKey")!.Value);
}
