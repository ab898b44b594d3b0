namespace Strongroom.Conformance.Tests.Operations;

public sealed class TagTests(SharedServer server) : OperationTest(server)
{
    [Theory, EveryClient("TagResource")]
    public async Task TagResource_adds_and_replaces(string client)
    {
        await CreateAsync();
        _ = (await RawAsync("TagResource", new() { ["SecretId"] = Name, ["Tags"] = Json.Tags(("a", "1")) })).Ok;

        var result = (await CallAsync(client, "TagResource", new() { ["SecretId"] = Name, ["Tags"] = Json.Tags(("a", "2"), ("A", "3")) })).Ok;

        Assert.Empty(result);
        Assert.Equal("""[{"Key":"a","Value":"2"},{"Key":"A","Value":"3"}]""", (await DescribeAsync())["Tags"]!.ToJsonString());
    }

    [Theory, EveryClient("UntagResource")]
    public async Task UntagResource_leaves_an_empty_list(string client)
    {
        await CreateAsync();
        _ = (await RawAsync("TagResource", new() { ["SecretId"] = Name, ["Tags"] = Json.Tags(("a", "1")) })).Ok;

        var result = (await CallAsync(client, "UntagResource", new() { ["SecretId"] = Name, ["TagKeys"] = Json.Array("a", "unknown") })).Ok;

        Assert.Empty(result);
        Assert.Equal("[]", (await DescribeAsync())["Tags"]!.ToJsonString());
    }
}
