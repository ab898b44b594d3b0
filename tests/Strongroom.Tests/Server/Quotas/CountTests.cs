using System.Globalization;
using Strongroom.Tests.Server.Kms;

namespace Strongroom.Tests.Server.Quotas;

/// <summary>AWS's limits on counts that no other test meets.</summary>
public sealed class CountTests
{
    [Fact]
    public async Task An_account_may_have_so_many_secrets_in_a_region()
    {
        await using var server = await StartAsync();
        for (var i = 0; i < 5; i++)
            await CreateAsync(server, $"s{i}");

        await server.FailAsync("CreateSecret", New("s5"), "LimitExceededException");
        await server.CallAsync("CreateSecret", New("s5"), region: "eu-west-1");
        await server.CallAsync("DeleteSecret", new { SecretId = "s0", ForceDeleteWithoutRecovery = true });
        server.Time.Advance(TimeSpan.FromSeconds(2)); // a region that was full is not counted anew for each call
        await CreateAsync(server, "s5");
        await server.FailAsync("CreateSecret", New("s6"), "LimitExceededException");
    }

    [Fact]
    public async Task Replicas_count_in_their_region()
    {
        await using var server = await StartAsync();
        for (var i = 0; i < 5; i++)
            await server.CallAsync("CreateSecret", New($"there{i}"), region: "eu-west-1");
        await CreateAsync(server, "here");

        await server.FailAsync("ReplicateSecretToRegions", new { SecretId = "here", AddReplicaRegions = new[] { new { Region = "eu-west-1" } } }, "LimitExceededException");
        await server.CallAsync("ReplicateSecretToRegions", new { SecretId = "here", AddReplicaRegions = new[] { new { Region = "eu-west-2" } } });
    }

    [Fact]
    public async Task A_repeated_creation_needs_no_room()
    {
        await using var server = await StartAsync();
        var last = New("s4");
        for (var i = 0; i < 4; i++)
            await CreateAsync(server, $"s{i}");
        await server.CallAsync("CreateSecret", last);

        await server.CallAsync("CreateSecret", last);
    }

    [Fact]
    public async Task A_key_may_have_fifty_aliases()
    {
        await using var server = await RunningServer.StartAsync();
        var (key, other) = (await server.Root.NewKeyAsync(), await server.Root.NewKeyAsync());
        for (var i = 0; i < 50; i++)
            await server.Root.KmsAsync("CreateAlias", new { AliasName = "alias/a" + i.ToString(CultureInfo.InvariantCulture), TargetKeyId = key });
        await server.Root.KmsAsync("CreateAlias", new { AliasName = "alias/b", TargetKeyId = other });

        await server.Root.KmsFailsAsync("CreateAlias", new { AliasName = "alias/c", TargetKeyId = key }, "LimitExceededException");
        await server.Root.KmsFailsAsync("UpdateAlias", new { AliasName = "alias/b", TargetKeyId = key }, "LimitExceededException");
        await server.Root.KmsAsync("UpdateAlias", new { AliasName = "alias/a0", TargetKeyId = key });
    }

    [Fact]
    public async Task A_key_policy_may_have_32_KiB()
    {
        await using var server = await RunningServer.StartAsync();
        var key = await server.Root.NewKeyAsync();
        var policy = """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}]}""";

        await server.Root.KmsAsync("PutKeyPolicy", new { KeyId = key, PolicyName = "default", Policy = policy.PadRight(32_768) });
        await server.Root.KmsFailsAsync("PutKeyPolicy", new { KeyId = key, PolicyName = "default", Policy = policy.PadRight(32_769) }, "LimitExceededException");
        await server.Root.KmsFailsAsync("CreateKey", new { Policy = policy.PadRight(32_769) }, "LimitExceededException");
    }

    private static Task<RunningServer> StartAsync() => RunningServer.StartAsync(configure: o => o with { Limits = o.Limits with { MaxSecrets = 5 } });

    private static Task CreateAsync(RunningServer server, string name) => server.CallAsync("CreateSecret", New(name));

    private static object New(string name) => new { Name = name, ClientRequestToken = Guid.NewGuid().ToString(), SecretString = "x" };
}
