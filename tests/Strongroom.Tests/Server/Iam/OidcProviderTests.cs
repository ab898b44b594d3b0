using static Strongroom.Tests.Server.Iam.IamCalls;

namespace Strongroom.Tests.Server.Iam;

public sealed class OidcProviderTests : IAsyncLifetime
{
    private const string Arn = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com:8443/id/X";
    private const string Thumbprint = "AABBCCDDEEFF00112233445566778899AABBCCDD";

    private RunningServer server = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        await server.Root.DoAsync(
            "CreateOpenIDConnectProvider", "Url=https://oidc.example.com:8443/id/X", "ClientIDList.member.1=sts.amazonaws.com", $"ThumbprintList.member.1={Thumbprint}",
            "Tags.member.1.Key=Env", "Tags.member.1.Value=prod");
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task A_provider_comes_back_as_it_was_made_after_a_restart_too()
    {
        var made = await server.Root.DoAsync("CreateOpenIDConnectProvider", "Url=https://token.actions.example.com/");
        Assert.Equal(["OpenIDConnectProviderArn"], made.Names());
        Assert.Equal("arn:aws:iam::111122223333:oidc-provider/token.actions.example.com/", made.Element("OpenIDConnectProviderArn")!.Value);
        Assert.Equal(made.Element("OpenIDConnectProviderArn")!.Value, (string?)server.Records()[^1]["responseElements"]!["openIDConnectProviderArn"]);
        await server.CloseAsync();
        await server.OpenAsync();

        var read = await server.Root.DoAsync("GetOpenIDConnectProvider", $"OpenIDConnectProviderArn={Arn}");
        Assert.Equal(["Url", "ClientIDList", "ThumbprintList", "CreateDate", "Tags"], read.Names());
        Assert.Equal("https://oidc.example.com:8443/id/X", read.Element("Url")!.Value); // with a port, which AWS never has, Terraform needs the scheme
        Assert.Equal(
            "token.actions.example.com/",
            (await server.Root.DoAsync("GetOpenIDConnectProvider", $"OpenIDConnectProviderArn={made.Element("OpenIDConnectProviderArn")!.Value}")).Element("Url")!.Value);
        Assert.Equal(["sts.amazonaws.com"], read.Element("ClientIDList")!.All("member"));
        Assert.Equal([Thumbprint.ToLowerInvariant()], read.Element("ThumbprintList")!.All("member"));
        Assert.Equal("2026-02-03T10:20:30Z", read.Element("CreateDate")!.Value);
        var listed = await server.Root.DoAsync("ListOpenIDConnectProviders");
        Assert.Equal(["OpenIDConnectProviderList"], listed.Names());
        Assert.Equal([Arn, made.Element("OpenIDConnectProviderArn")!.Value], listed.All("Arn"));
    }

    [Theory]
    [InlineData("EntityAlreadyExists", 409, "Provider with url https://oidc.example.com:8443/id/X already exists.", "CreateOpenIDConnectProvider", "Url=https://oidc.example.com:8443/id/X")]
    [InlineData("ValidationError", 400, "Invalid Open ID Connect Provider URL", "CreateOpenIDConnectProvider", "Url=http://oidc.example.com")]
    [InlineData("ValidationError", 400, "Invalid Open ID Connect Provider URL", "CreateOpenIDConnectProvider", "Url=oidc.example.com")]
    [InlineData("ValidationError", 400, "Invalid Open ID Connect Provider URL", "CreateOpenIDConnectProvider", "Url=https://oidc.example.com?a=b")]
    [InlineData("ValidationError", 400, "Invalid Open ID Connect Provider URL", "CreateOpenIDConnectProvider", "Url=https://oidc.example.com/#f")]
    [InlineData("ValidationError", 400, "Invalid Open ID Connect Provider URL", "CreateOpenIDConnectProvider", "Url=https://user:pw@oidc.example.com")]
    [InlineData("ValidationError", 400, "Invalid Open ID Connect Provider URL", "CreateOpenIDConnectProvider", "Url=https://")]
    [InlineData("ValidationError", 400, "Invalid Open ID Connect Provider URL", "CreateOpenIDConnectProvider", "Url=https://oidc.example.com/\u0001")]
    [InlineData("InvalidInput", 400, "Thumbprint list must contain fewer than 5 entries.", "UpdateOpenIDConnectProviderThumbprint", "OpenIDConnectProviderArn=" + Arn,
        "ThumbprintList.member.1=" + Thumbprint, "ThumbprintList.member.2=" + Thumbprint, "ThumbprintList.member.3=" + Thumbprint,
        "ThumbprintList.member.4=" + Thumbprint, "ThumbprintList.member.5=" + Thumbprint, "ThumbprintList.member.6=" + Thumbprint)]
    [InlineData("InvalidInput", 400, "Thumbprint must be 40 hexadecimal digits.", "UpdateOpenIDConnectProviderThumbprint", "OpenIDConnectProviderArn=" + Arn,
        "ThumbprintList.member.1=zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz")]
    [InlineData("NoSuchEntity", 404, "OpenIDConnect Provider not found for arn arn:aws:iam::111122223333:oidc-provider/none", "GetOpenIDConnectProvider", "OpenIDConnectProviderArn=arn:aws:iam::111122223333:oidc-provider/none")]
    [InlineData("NoSuchEntity", 404, "OpenIDConnect Provider not found for arn arn:aws:iam::999988887777:oidc-provider/oidc.example.com:8443/id/X", "GetOpenIDConnectProvider", "OpenIDConnectProviderArn=arn:aws:iam::999988887777:oidc-provider/oidc.example.com:8443/id/X")]
    [InlineData("NoSuchEntity", 404, "OpenIDConnect Provider not found for arn arn:aws:iam::111122223333:oidc-provider/none", "UpdateOpenIDConnectProviderThumbprint", "OpenIDConnectProviderArn=arn:aws:iam::111122223333:oidc-provider/none", "ThumbprintList.member.1=" + Thumbprint)]
    [InlineData("NoSuchEntity", 404, "OpenIDConnect Provider not found for arn arn:aws:iam::111122223333:oidc-provider/none", "AddClientIDToOpenIDConnectProvider", "OpenIDConnectProviderArn=arn:aws:iam::111122223333:oidc-provider/none", "ClientID=a")]
    [InlineData("NoSuchEntity", 404, "OpenIDConnect Provider not found for arn arn:aws:iam::111122223333:oidc-provider/none", "RemoveClientIDFromOpenIDConnectProvider", "OpenIDConnectProviderArn=arn:aws:iam::111122223333:oidc-provider/none", "ClientID=a")]
    [InlineData("NoSuchEntity", 404, "OpenIDConnect Provider not found for arn arn:aws:iam::111122223333:oidc-provider/none", "TagOpenIDConnectProvider", "OpenIDConnectProviderArn=arn:aws:iam::111122223333:oidc-provider/none", "Tags.member.1.Key=a", "Tags.member.1.Value=b")]
    [InlineData("NoSuchEntity", 404, "OpenIDConnect Provider not found for arn arn:aws:iam::111122223333:oidc-provider/none", "UntagOpenIDConnectProvider", "OpenIDConnectProviderArn=arn:aws:iam::111122223333:oidc-provider/none", "TagKeys.member.1=a")]
    [InlineData("NoSuchEntity", 404, "OpenIDConnect Provider not found for arn arn:aws:iam::111122223333:oidc-provider/none", "ListOpenIDConnectProviderTags", "OpenIDConnectProviderArn=arn:aws:iam::111122223333:oidc-provider/none")]
    [InlineData("ValidationError", 400, "Invalid ARN:  Could not be parsed!", "DeleteOpenIDConnectProvider", "OpenIDConnectProviderArn=not-an-arn-but-long-enough")]
    [InlineData("InvalidInput", 400, "ARN arn:aws:iam::111122223333:user/app is not valid.", "DeleteOpenIDConnectProvider", "OpenIDConnectProviderArn=arn:aws:iam::111122223333:user/app")]
    [InlineData("InvalidInput", 400, "The specified value for clientID is invalid. It must not contain control characters.", "AddClientIDToOpenIDConnectProvider", "OpenIDConnectProviderArn=" + Arn, "ClientID=\u0001")]
    public async Task Errors_are_AWSs(string code, int status, string message, string operation, params string[] parameters) =>
        Assert.Equal(message, await server.Root.IamFailsAsync(code, status, operation, Pairs(parameters)));

    [Fact]
    public async Task Client_ids_are_added_and_removed_twice_without_harm()
    {
        foreach (var id in new[] { "b", "a", "b" })
            await server.Root.DoAsync("AddClientIDToOpenIDConnectProvider", $"OpenIDConnectProviderArn={Arn}", $"ClientID={id}");
        foreach (var id in new[] { "sts.amazonaws.com", "sts.amazonaws.com" })
            await server.Root.DoAsync("RemoveClientIDFromOpenIDConnectProvider", $"OpenIDConnectProviderArn={Arn}", $"ClientID={id}");

        Assert.Equal(["b", "a"], (await server.Root.DoAsync("GetOpenIDConnectProvider", $"OpenIDConnectProviderArn={Arn}")).Element("ClientIDList")!.All("member"));
    }

    [Fact]
    public async Task There_are_a_hundred_client_ids_at_most()
    {
        await server.Root.DoAsync(
            "CreateOpenIDConnectProvider", ["Url=https://many.example.com", .. Enumerable.Range(1, 100).Select(i => $"ClientIDList.member.{i}=c{i}")]);

        Assert.Equal(
            "Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: 100",
            await server.Root.IamFailsAsync(
                "LimitExceeded", 409, "AddClientIDToOpenIDConnectProvider", ("OpenIDConnectProviderArn", "arn:aws:iam::111122223333:oidc-provider/many.example.com"), ("ClientID", "c0")));
    }

    [Fact]
    public async Task Thumbprints_are_replaced_and_tags_change()
    {
        await server.Root.DoAsync("UpdateOpenIDConnectProviderThumbprint", $"OpenIDConnectProviderArn={Arn}", "ThumbprintList.member.1=0000000000000000000000000000000000000000");
        await server.Root.DoAsync("TagOpenIDConnectProvider", $"OpenIDConnectProviderArn={Arn}", "Tags.member.1.Key=a", "Tags.member.1.Value=b");
        await server.Root.DoAsync("UntagOpenIDConnectProvider", $"OpenIDConnectProviderArn={Arn}", "TagKeys.member.1=env");

        Assert.Equal(
            ["0000000000000000000000000000000000000000"],
            (await server.Root.DoAsync("GetOpenIDConnectProvider", $"OpenIDConnectProviderArn={Arn}")).Element("ThumbprintList")!.All("member"));
        Assert.Equal(["a"], (await server.Root.DoAsync("ListOpenIDConnectProviderTags", $"OpenIDConnectProviderArn={Arn}")).All("Key"));
    }

    [Fact]
    public async Task Deleting_succeeds_twice()
    {
        await server.Root.DoAsync("DeleteOpenIDConnectProvider", $"OpenIDConnectProviderArn={Arn}");
        await server.Root.DoAsync("DeleteOpenIDConnectProvider", $"OpenIDConnectProviderArn={Arn}");

        Assert.Empty((await server.Root.DoAsync("ListOpenIDConnectProviders")).All("Arn"));
    }
}
