using Amazon.Runtime;
using Amazon.SecurityToken;
using Amazon.SecurityToken.Model;
using static Strongroom.Tests.Server.Sts.Identities;

namespace Strongroom.Tests.Server.Sts;

/// <summary>AWS's own .NET client, unmodified.</summary>
public sealed class SdkTests : IAsyncLifetime
{
    private RunningServer server = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        server.Time.SetUtcNow(TimeProvider.System.GetUtcNow()); // the client signs by its own clock
        await server.PutAsync(User("app"), Role("reader", Trust("arn:aws:iam::111122223333:user/app", "\"sts:*\"")));
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task It_assumes_a_role_and_calls_as_the_session()
    {
        var key = (await server.Root.IamAsync("CreateAccessKey", ("UserName", "app"))).Element("AccessKey")!;
        using var app = Client(new BasicAWSCredentials(key.Element("AccessKeyId")!.Value, key.Element("SecretAccessKey")!.Value));

        var answer = await app.AssumeRoleAsync(new AssumeRoleRequest
        {
            RoleArn = RoleArn("reader"),
            RoleSessionName = "sdk",
            DurationSeconds = 900,
            Policy = Allow("*"),
            Tags = [new Tag { Key = "team", Value = "red" }],
            TransitiveTagKeys = ["team"],
            SourceIdentity = "ann",
        }, CancellationToken.None);

        Assert.Equal("arn:aws:sts::111122223333:assumed-role/reader/sdk", answer.AssumedRoleUser.Arn);
        Assert.Equal("ann", answer.SourceIdentity);
        Assert.Equal(server.Time.GetUtcNow().UtcDateTime.AddSeconds(900), answer.Credentials.Expiration!.Value.ToUniversalTime(), TimeSpan.FromSeconds(1));
        using var session = Client(answer.Credentials);
        var identity = await session.GetCallerIdentityAsync(new GetCallerIdentityRequest(), CancellationToken.None);
        Assert.Equal("arn:aws:sts::111122223333:assumed-role/reader/sdk", identity.Arn);
    }

    [Fact]
    public async Task It_gets_sessions_of_users_and_asks_about_keys()
    {
        using var root = Client(new BasicAWSCredentials(RunningServer.AccessKeyId, RunningServer.SecretAccessKey));

        using var own = Client((await root.GetSessionTokenAsync(new GetSessionTokenRequest { DurationSeconds = 900 }, CancellationToken.None)).Credentials);
        Assert.Equal("arn:aws:iam::111122223333:root", (await own.GetCallerIdentityAsync(new GetCallerIdentityRequest(), CancellationToken.None)).Arn);
        var federated = await root.GetFederationTokenAsync(new GetFederationTokenRequest { Name = "bob", Policy = Allow("*") }, CancellationToken.None);
        Assert.Equal(("arn:aws:sts::111122223333:federated-user/bob", "111122223333:bob"), (federated.FederatedUser.Arn, federated.FederatedUser.FederatedUserId));
        Assert.Equal("111122223333", (await root.GetAccessKeyInfoAsync(new GetAccessKeyInfoRequest { AccessKeyId = RunningServer.AccessKeyId }, CancellationToken.None)).Account);
        await Assert.ThrowsAsync<InvalidAuthorizationMessageException>(() => root.DecodeAuthorizationMessageAsync(new DecodeAuthorizationMessageRequest { EncodedMessage = "x" }, CancellationToken.None));
    }

    [Fact]
    public async Task It_understands_denials_and_expiry()
    {
        using var root = Client(new BasicAWSCredentials(RunningServer.AccessKeyId, RunningServer.SecretAccessKey));

        var denied = await Assert.ThrowsAsync<AmazonSecurityTokenServiceException>(() => root.AssumeRoleAsync(
            new AssumeRoleRequest { RoleArn = RoleArn("reader"), RoleSessionName = "sdk" }, CancellationToken.None));
        var malformed = await Assert.ThrowsAsync<MalformedPolicyDocumentException>(() => root.GetFederationTokenAsync(
            new GetFederationTokenRequest { Name = "bob", Policy = "{}" }, CancellationToken.None));
        var foreign = await Assert.ThrowsAsync<InvalidIdentityTokenException>(() => root.AssumeRoleWithWebIdentityAsync(
            new AssumeRoleWithWebIdentityRequest { RoleArn = RoleArn("reader"), RoleSessionName = "sdk", WebIdentityToken = "an access token" }, CancellationToken.None));

        Assert.Equal(("AccessDenied", "Roles may not be assumed by root accounts."), (denied.ErrorCode, denied.Message));
        Assert.NotEmpty(malformed.Message);
        Assert.StartsWith("The ID Token provided is not a valid JWT.", foreign.Message, StringComparison.Ordinal);
    }

    private AmazonSecurityTokenServiceClient Client(AWSCredentials credentials) => new(credentials, new AmazonSecurityTokenServiceConfig
    {
        ServiceURL = server.Url().ToString(),
        AuthenticationRegion = "us-east-1",
        MaxErrorRetry = 0,
    });
}
