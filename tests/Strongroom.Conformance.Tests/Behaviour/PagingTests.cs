using Strongroom.Conformance.Tests.Operations;

namespace Strongroom.Conformance.Tests.Behaviour;

/// <summary>Source: API fact sheet, section 6, paging.</summary>
public sealed class PagingTests(SharedServer server) : OperationTest(server)
{
    private JsonObject Page(string? token, string order = "asc", string operation = "ListSecrets")
    {
        var parameters = new JsonObject
        {
            ["Filters"] = new JsonArray(new JsonObject { ["Key"] = "name", ["Values"] = Json.Array(Name) }), ["MaxResults"] = 3,
        };
        if (operation == "ListSecrets")
            parameters["SortOrder"] = order;
        if (token is not null)
            parameters["NextToken"] = token;
        return parameters;
    }

    [Fact]
    public async Task Pages_show_every_lasting_secret_once_while_others_come_and_go()
    {
        for (var i = 0; i < 10; i++)
            await CreateAsync($"{Name}/stays-{i}");
        await CreateAsync($"{Name}/goes");
        var seen = new List<string>();
        string? token = null;
        do
        {
            var page = (await RawAsync("ListSecrets", Page(token))).Ok;
            seen.AddRange(page["SecretList"]!.AsArray().Select(s => s!["Name"]!.GetValue<string>()));
            token = page["NextToken"]?.GetValue<string>();
            await CreateAsync($"{Name}/comes-{seen.Count}");
            _ = (await RawAsync("DeleteSecret", new() { ["SecretId"] = $"{Name}/goes", ["ForceDeleteWithoutRecovery"] = true })).Ok;
            Assert.InRange(seen.Count, 0, 100);
        }
        while (token is not null && seen.Count < 40);

        Assert.Equal(seen.Distinct(), seen);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"{Name}/stays-{i}"), seen.Where(n => n.Contains("stays", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_token_does_for_its_own_listing_only()
    {
        for (var i = 0; i < 4; i++)
            await CreateAsync($"{Name}/{i}");
        var token = (await RawAsync("ListSecrets", Page(null))).Ok.Text("NextToken");
        var altered = (token[0] == 'A' ? 'B' : 'A') + token[1..];

        Assert.Single((await RawAsync("ListSecrets", Page(token))).Ok["SecretList"]!.AsArray());
        (await RawAsync("ListSecrets", Page(altered))).Fails("InvalidNextTokenException");
        (await RawAsync("ListSecrets", Page("x"))).Fails("InvalidNextTokenException");
        (await RawAsync("ListSecrets", Page(token, order: "desc"))).Fails("InvalidNextTokenException");
        (await RawAsync("ListSecrets", Page(token), "eu-west-1")).Fails("InvalidNextTokenException");
        (await RawAsync("BatchGetSecretValue", Page(token, operation: "BatchGetSecretValue"))).Fails("InvalidNextTokenException");
        (await RawAsync("ListSecretVersionIds", new() { ["SecretId"] = $"{Name}/0", ["NextToken"] = token })).Fails("InvalidNextTokenException");
    }

    [Fact]
    public async Task Versions_are_paged_with_and_without_deprecated_ones()
    {
        await CreateAsync();
        for (var i = 2; i <= 7; i++)
            await PutAsync($"s{i}", "AWSCURRENT", $"L{i}");
        await PutAsync("s8");
        await PutAsync("s9");
        var ids = new List<string>();
        string? token = null;
        do
        {
            var parameters = new JsonObject { ["SecretId"] = Name, ["MaxResults"] = 2, ["IncludeDeprecated"] = true };
            if (token is not null)
                parameters["NextToken"] = token;
            var page = (await RawAsync("ListSecretVersionIds", parameters)).Ok;
            ids.AddRange(page["Versions"]!.AsArray().Select(v => v!["VersionId"]!.GetValue<string>()));
            token = page["NextToken"]?.GetValue<string>();
        }
        while (token is not null && ids.Count < 40);

        Assert.Equal(9, ids.Distinct().Count());
        Assert.Equal(9, ids.Count);
        Assert.Equal(8, (await RawAsync("ListSecretVersionIds", new() { ["SecretId"] = Name })).Ok["Versions"]!.AsArray().Count);
    }
}
