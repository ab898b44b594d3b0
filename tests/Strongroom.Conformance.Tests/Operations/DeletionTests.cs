namespace Strongroom.Conformance.Tests.Operations;

public sealed class DeletionTests(SharedServer server) : OperationTest(server)
{
    [Theory, EveryClient("DeleteSecret")]
    public async Task DeleteSecret_waits_for_the_recovery_window(string client)
    {
        var (arn, _) = await CreateAsync();

        var result = (await CallAsync(client, "DeleteSecret", new() { ["SecretId"] = Name, ["RecoveryWindowInDays"] = 7 })).Ok;

        Assert.Equal(("ARN DeletionDate Name", arn), (result.Names(), result.Text("ARN")));
        Assert.InRange(DateTimeOffset.Parse(result.Text("DeletionDate"), null) - DateTimeOffset.UtcNow, TimeSpan.FromDays(6.99), TimeSpan.FromDays(7.01));
        (await RawAsync("GetSecretValue", new() { ["SecretId"] = Name })).Fails(
            "InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion.");
        Assert.True((await DescribeAsync()).ContainsKey("DeletedDate"));
    }

    [Theory, EveryClient("DeleteSecret")]
    public async Task DeleteSecret_with_force_frees_the_name(string client)
    {
        var (arn, _) = await CreateAsync();

        (await CallAsync(client, "DeleteSecret", new() { ["SecretId"] = Name, ["ForceDeleteWithoutRecovery"] = true })).Ok.Text("DeletionDate");

        Assert.NotEqual(arn, (await CreateAsync()).Arn);
    }

    [Theory, EveryClient("RestoreSecret")]
    public async Task RestoreSecret_brings_the_secret_back(string client)
    {
        var (arn, _) = await CreateAsync();
        _ = (await RawAsync("DeleteSecret", new() { ["SecretId"] = Name })).Ok;

        var result = (await CallAsync(client, "RestoreSecret", new() { ["SecretId"] = Name })).Ok;

        Assert.Equal((arn, "ARN Name"), (result.Text("ARN"), result.Names()));
        Assert.Equal("s1", (await GetAsync()).Text("SecretString"));
        Assert.False((await DescribeAsync()).ContainsKey("DeletedDate"));
    }
}
