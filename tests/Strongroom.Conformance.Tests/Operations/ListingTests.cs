namespace Strongroom.Conformance.Tests.Operations;

public sealed class ListingTests(SharedServer server) : OperationTest(server)
{
    [Theory, EveryClient("DescribeSecret")]
    public async Task DescribeSecret_shows_a_plain_secret_with_the_members_AWS_shows(string client)
    {
        var (arn, version) = await CreateAsync();

        var result = (await CallAsync(client, "DescribeSecret", new() { ["SecretId"] = arn })).Ok;

        Assert.Equal("ARN CreatedDate LastChangedDate Name VersionIdsToStages", result.Names());
        Assert.Equal((arn, Name), (result.Text("ARN"), result.Text("Name")));
        Assert.Equal($$"""{"{{version}}":["AWSCURRENT"]}""", result["VersionIdsToStages"]!.ToJsonString());
    }

    [Theory, EveryClient("ListSecrets")]
    public async Task ListSecrets_filters_sorts_and_pages(string client)
    {
        foreach (var n in (int[])[2, 1, 3])
            await CreateAsync($"{Name}/{n}");
        JsonObject Page(string? token)
        {
            var parameters = new JsonObject
            {
                ["Filters"] = new JsonArray(new JsonObject { ["Key"] = "name", ["Values"] = Json.Array(Name) }),
                ["SortBy"] = "name",
                ["SortOrder"] = "desc",
                ["MaxResults"] = 2,
            };
            if (token is not null)
                parameters["NextToken"] = token;
            return parameters;
        }

        var first = (await CallAsync(client, "ListSecrets", Page(null))).Ok;
        var second = (await CallAsync(client, "ListSecrets", Page(first.Text("NextToken")))).Ok;

        Assert.Equal([$"{Name}/3", $"{Name}/2"], first["SecretList"]!.AsArray().Select(s => s!["Name"]!.GetValue<string>()));
        Assert.Equal([$"{Name}/1"], second["SecretList"]!.AsArray().Select(s => s!["Name"]!.GetValue<string>()));
        Assert.False(second.ContainsKey("NextToken"));
        Assert.Equal("ARN CreatedDate LastChangedDate Name SecretVersionsToStages", second["SecretList"]![0]!.AsObject().Names());
    }

    [Theory, EveryClient("GetRandomPassword")]
    public async Task GetRandomPassword_keeps_to_the_rules(string client)
    {
        var result = (await CallAsync(client, "GetRandomPassword", new() { ["PasswordLength"] = 64, ["ExcludePunctuation"] = true, ["ExcludeCharacters"] = "aA0" })).Ok;

        Assert.Matches("^[b-zB-Z1-9]{64}$", result.Text("RandomPassword"));
    }

    [Theory, EveryClient("GetRandomPassword")]
    public async Task GetRandomPassword_refuses_a_length_that_the_required_types_do_not_fit(string client) =>
        (await CallAsync(client, "GetRandomPassword", new() { ["PasswordLength"] = 3 }))
            .Fails("InvalidParameterException", "Password length is too short based on the required types.");
}
