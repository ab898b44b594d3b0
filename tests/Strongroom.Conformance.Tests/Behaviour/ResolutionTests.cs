using Strongroom.Conformance.Tests.Operations;

namespace Strongroom.Conformance.Tests.Behaviour;

/// <summary>What a SecretId finds. Source: API fact sheet 2.3.</summary>
public sealed class ResolutionTests(SharedServer server) : OperationTest(server)
{
    private async Task<string> FindAsync(string id) => (await RawAsync("GetSecretValue", new() { ["SecretId"] = id })).Code ?? "found";

    [Theory]
    [InlineData("-a1b2", "found")]
    [InlineData("-a1b2c3-", "found")]
    [InlineData("-a1b2c3", "ResourceNotFoundException")]
    public async Task A_tail_like_a_suffix_hides_a_secret_from_its_partial_ARN_only(string tail, string byPartialArn)
    {
        var name = Name + tail;
        var (arn, _) = await CreateAsync(name);

        Assert.Equal("found", await FindAsync(name));
        Assert.Equal("found", await FindAsync(arn));
        Assert.Equal(byPartialArn, await FindAsync(arn[..^7]));
    }

    [Fact]
    public async Task A_name_with_its_suffix_another_account_and_another_region_find_nothing()
    {
        var (arn, _) = await CreateAsync();
        var account = arn.Split(':')[4];

        Assert.Equal("ResourceNotFoundException", await FindAsync($"{Name}-{arn[^6..]}"));
        Assert.Equal("ResourceNotFoundException", await FindAsync(arn.Replace("us-east-1", "eu-west-1", StringComparison.Ordinal)));
        Assert.Equal("ResourceNotFoundException", await FindAsync(arn[..^6] + "AAAAAA"));
        Assert.NotEqual("found", await FindAsync(arn.Replace(account, "999999999999", StringComparison.Ordinal)));
        Assert.Equal("ResourceNotFoundException", await FindAsync(Name.ToUpperInvariant()));
    }
}
