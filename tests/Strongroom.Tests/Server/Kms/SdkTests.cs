using Amazon.KeyManagementService;
using Amazon.KeyManagementService.Model;
using Amazon.Runtime;
using Strongroom.Tests.Server.Endpoint;
using static Strongroom.Tests.Server.Kms.KmsClient;

namespace Strongroom.Tests.Server.Kms;

/// <summary>AWS's own .NET client, unmodified, calls every operation of KMS that is served.</summary>
public sealed class SdkTests : IAsyncLifetime
{
    private readonly CancellationToken ct = CancellationToken.None;
    private RunningServer server = null!;

    public async ValueTask InitializeAsync()
    {
        server = await RunningServer.StartAsync();
        server.Time.SetUtcNow(TimeProvider.System.GetUtcNow()); // the client signs by its own clock
    }

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Fact]
    public async Task It_calls_every_operation()
    {
        using var kms = Client(RunningServer.AccessKeyId, RunningServer.SecretAccessKey);
        var called = new HashSet<string>(StringComparer.Ordinal);
        kms.BeforeRequestEvent += (_, e) => called.Add(((WebServiceRequestEventArgs)e).Request.GetType().Name[..^"Request".Length]);

        var key = await LiveAsync(kms);
        await EncryptAsync(kms, key);
        await PermitAsync(kms, key);
        await RotateAsync(kms, key);
        await EndAsync(kms, key);

        Assert.Equal(
            ServiceModelTests.Table.Entries.Where(e => e.Name.Service == "kms").Select(e => e.Name.Name).Order(StringComparer.Ordinal), called.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task It_understands_the_errors()
    {
        var caller = await server.NewUserAsync("app");
        using var root = Client(RunningServer.AccessKeyId, RunningServer.SecretAccessKey);
        using var app = Client(caller.AccessKeyId, caller.SecretAccessKey);
        var key = (await root.CreateKeyAsync(new CreateKeyRequest(), ct)).KeyMetadata;

        var denied = await Assert.ThrowsAsync<AmazonKeyManagementServiceException>(() => app.DescribeKeyAsync(new DescribeKeyRequest { KeyId = key.KeyId }, ct));
        Assert.Equal("AccessDeniedException", denied.ErrorCode);
        Assert.EndsWith(" because no identity-based policy allows the kms:DescribeKey action", denied.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<NotFoundException>(() => root.DescribeKeyAsync(new DescribeKeyRequest { KeyId = Guid.Empty.ToString() }, ct));
        await Assert.ThrowsAsync<KMSInvalidStateException>(() => root.CancelKeyDeletionAsync(new CancelKeyDeletionRequest { KeyId = key.KeyId }, ct));
        await Assert.ThrowsAsync<InvalidCiphertextException>(() => root.DecryptAsync(new DecryptRequest { CiphertextBlob = new MemoryStream(new byte[99]), KeyId = key.KeyId }, ct));
        await root.DisableKeyAsync(new DisableKeyRequest { KeyId = key.KeyId }, ct);
        await Assert.ThrowsAsync<DisabledException>(() => root.GenerateDataKeyAsync(new GenerateDataKeyRequest { KeyId = key.KeyId, KeySpec = DataKeySpec.AES_256 }, ct));
    }

    private async Task<string> LiveAsync(AmazonKeyManagementServiceClient kms)
    {
        var made = (await kms.CreateKeyAsync(new CreateKeyRequest { Description = "d", Tags = [new Tag { TagKey = "a", TagValue = "1" }] }, ct)).KeyMetadata;
        Assert.Equal((KeyArn(made.KeyId), KeyState.Enabled, KeySpec.SYMMETRIC_DEFAULT), (made.Arn, made.KeyState, made.KeySpec));
        await kms.UpdateKeyDescriptionAsync(new UpdateKeyDescriptionRequest { KeyId = made.KeyId, Description = "e" }, ct);
        await kms.DisableKeyAsync(new DisableKeyRequest { KeyId = made.KeyId }, ct);
        await kms.EnableKeyAsync(new EnableKeyRequest { KeyId = made.KeyId }, ct);
        await kms.TagResourceAsync(new TagResourceRequest { KeyId = made.KeyId, Tags = [new Tag { TagKey = "b", TagValue = "2" }] }, ct);
        await kms.UntagResourceAsync(new UntagResourceRequest { KeyId = made.KeyId, TagKeys = ["a"] }, ct);
        Assert.Equal("b", Assert.Single((await kms.ListResourceTagsAsync(new ListResourceTagsRequest { KeyId = made.KeyId }, ct)).Tags).TagKey);
        Assert.Contains((await kms.ListKeysAsync(new ListKeysRequest(), ct)).Keys, k => k.KeyArn == made.Arn);

        await kms.CreateAliasAsync(new CreateAliasRequest { AliasName = "alias/one", TargetKeyId = made.KeyId }, ct);
        await kms.UpdateAliasAsync(new UpdateAliasRequest { AliasName = "alias/one", TargetKeyId = made.Arn }, ct);
        Assert.Equal(made.KeyId, Assert.Single((await kms.ListAliasesAsync(new ListAliasesRequest { KeyId = made.KeyId }, ct)).Aliases).TargetKeyId);
        Assert.Equal("e", (await kms.DescribeKeyAsync(new DescribeKeyRequest { KeyId = "alias/one" }, ct)).KeyMetadata.Description);
        await kms.DeleteAliasAsync(new DeleteAliasRequest { AliasName = "alias/one" }, ct);
        return made.KeyId;
    }

    private async Task EncryptAsync(AmazonKeyManagementServiceClient kms, string key)
    {
        Dictionary<string, string> context = new() { ["a"] = "b" };
        var blob = (await kms.EncryptAsync(new EncryptRequest { KeyId = key, Plaintext = new MemoryStream([1, 2, 3]), EncryptionContext = context }, ct)).CiphertextBlob;
        var again = await kms.ReEncryptAsync(new ReEncryptRequest { CiphertextBlob = blob, SourceEncryptionContext = context, DestinationKeyId = key }, ct);
        Assert.Equal([1, 2, 3], (await kms.DecryptAsync(new DecryptRequest { CiphertextBlob = again.CiphertextBlob }, ct)).Plaintext.ToArray());
        Assert.Equal(16, (await kms.GenerateDataKeyAsync(new GenerateDataKeyRequest { KeyId = key, KeySpec = DataKeySpec.AES_128 }, ct)).Plaintext.Length);
        Assert.Equal(KeyArn(key), (await kms.GenerateDataKeyWithoutPlaintextAsync(new GenerateDataKeyWithoutPlaintextRequest { KeyId = key, NumberOfBytes = 20 }, ct)).KeyId);
        Assert.Equal(9, (await kms.GenerateRandomAsync(new GenerateRandomRequest { NumberOfBytes = 9 }, ct)).Plaintext.Length);
    }

    private async Task PermitAsync(AmazonKeyManagementServiceClient kms, string key)
    {
        const string Grantee = "arn:aws:iam::111122223333:root";
        var policy = (await kms.GetKeyPolicyAsync(new GetKeyPolicyRequest { KeyId = key }, ct)).Policy;
        await kms.PutKeyPolicyAsync(new PutKeyPolicyRequest { KeyId = key, Policy = policy }, ct);
        Assert.Equal(["default"], (await kms.ListKeyPoliciesAsync(new ListKeyPoliciesRequest { KeyId = key }, ct)).PolicyNames);

        async Task<CreateGrantResponse> GrantAsync() => await kms.CreateGrantAsync(
            new CreateGrantRequest { KeyId = key, GranteePrincipal = Grantee, RetiringPrincipal = Grantee, Operations = [GrantOperation.Decrypt.Value] }, ct);
        var (first, second) = (await GrantAsync(), await GrantAsync());
        Assert.Equal(2, (await kms.ListRetirableGrantsAsync(new ListRetirableGrantsRequest { RetiringPrincipal = Grantee }, ct)).Grants.Count);
        await kms.RevokeGrantAsync(new RevokeGrantRequest { KeyId = key, GrantId = first.GrantId }, ct);
        Assert.Equal(second.GrantId, Assert.Single((await kms.ListGrantsAsync(new ListGrantsRequest { KeyId = key }, ct)).Grants).GrantId);
        await kms.RetireGrantAsync(new RetireGrantRequest { GrantToken = second.GrantToken }, ct);
    }

    private async Task RotateAsync(AmazonKeyManagementServiceClient kms, string key)
    {
        await kms.EnableKeyRotationAsync(new EnableKeyRotationRequest { KeyId = key, RotationPeriodInDays = 100 }, ct);
        Assert.Equal(100, (await kms.GetKeyRotationStatusAsync(new GetKeyRotationStatusRequest { KeyId = key }, ct)).RotationPeriodInDays);
        await kms.DisableKeyRotationAsync(new DisableKeyRotationRequest { KeyId = key }, ct);
        await kms.RotateKeyOnDemandAsync(new RotateKeyOnDemandRequest { KeyId = key }, ct);
        Assert.Equal(RotationType.ON_DEMAND, Assert.Single((await kms.ListKeyRotationsAsync(new ListKeyRotationsRequest { KeyId = key }, ct)).Rotations).RotationType);
    }

    private async Task EndAsync(AmazonKeyManagementServiceClient kms, string key)
    {
        var ending = await kms.ScheduleKeyDeletionAsync(new ScheduleKeyDeletionRequest { KeyId = key, PendingWindowInDays = 7 }, ct);
        Assert.Equal((KeyState.PendingDeletion, 7), (ending.KeyState, ending.PendingWindowInDays));
        Assert.Equal(KeyArn(key), (await kms.CancelKeyDeletionAsync(new CancelKeyDeletionRequest { KeyId = key }, ct)).KeyId);
    }

    private AmazonKeyManagementServiceClient Client(string accessKeyId, string secretAccessKey) => new(
        new BasicAWSCredentials(accessKeyId, secretAccessKey),
        new AmazonKeyManagementServiceConfig { ServiceURL = server.Url().ToString(), AuthenticationRegion = "us-east-1", MaxErrorRetry = 0 });
}
