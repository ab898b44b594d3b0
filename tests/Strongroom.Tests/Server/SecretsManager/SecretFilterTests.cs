using Strongroom.Server.SecretsManager;
using Strongroom.Storage;

namespace Strongroom.Tests.Server.SecretsManager;

public sealed class SecretFilterTests
{
    private static readonly StoredSecret Secret = new()
    {
        Account = "111122223333",
        Region = "eu-west-1",
        Name = "prod/OrdersDb",
        Suffix = "Ab3dEf",
        CreatedAt = DateTimeOffset.UnixEpoch,
        ChangedAt = DateTimeOffset.UnixEpoch,
        Document = new()
        {
            Description = "Password for the billing COMPANYthings",
            OwningService = "rds",
            PrimaryRegion = "us-east-1",
            Tags = [new("Team", "Blue"), new("CostCenter", "four two")],
        },
    };

    private static readonly StoredSecret Bare = Secret with { Name = "bare", Document = new() };

    [Theory]
    [InlineData("name", "prod/", true)]
    [InlineData("name", "prod/OrdersDb", true)]
    [InlineData("name", "Prod/", false)]     // sensitive
    [InlineData("name", "Orders", false)]    // no words
    [InlineData("name", "prod Orders", false)]
    [InlineData("name", "", true)]
    [InlineData("name", "!prod", false)]
    [InlineData("name", "!test", true)]
    [InlineData("tag-key", "Cost", true)]
    [InlineData("tag-key", "cost", false)]
    [InlineData("tag-key", "Center", false)]
    [InlineData("tag-key", "Blue", false)]
    [InlineData("tag-key", "!Team", false)]
    [InlineData("tag-key", "!Owner", true)]
    [InlineData("tag-value", "Bl", true)]
    [InlineData("tag-value", "two", false)]
    [InlineData("tag-value", "Team", false)]
    [InlineData("primary-region", "us-", true)]
    [InlineData("primary-region", "US-", false)]
    [InlineData("primary-region", "eu-", false)]
    [InlineData("owning-service", "RD", true)]
    [InlineData("owning-service", "redshift", false)]
    [InlineData("description", "bill pass", true)]
    [InlineData("description", "ill", false)]
    [InlineData("description", "company", false)]
    [InlineData("description", "orders", false)]
    [InlineData("description", "!orders", true)]
    [InlineData("all", "orders", true)]
    [InlineData("all", "BILLING", true)]
    [InlineData("all", "center cost", true)]
    [InlineData("all", "two", true)]
    [InlineData("all", "orders billing", false)] // words of different attributes
    [InlineData("all", "us", false)]             // not over the region
    [InlineData("all", "!two", false)]
    [InlineData("all", "!three", true)]
    [InlineData("all", "+", false)]
    public void A_value_is_looked_for_in_its_attribute(string key, string value, bool matches) =>
        Assert.Equal(matches, Compile((key, [value])).Matches(Secret));

    [Theory]
    [InlineData("tag-key")]
    [InlineData("tag-value")]
    [InlineData("primary-region")]
    [InlineData("owning-service")]
    [InlineData("description")]
    public void An_absent_attribute_matches_no_value_and_every_negated_one(string key)
    {
        Assert.False(Compile((key, ["a"])).Matches(Bare));
        Assert.False(Compile((key, [""])).Matches(Bare));
        Assert.True(Compile((key, ["!a"])).Matches(Bare));
    }

    [Fact]
    public void Values_are_alternatives()
    {
        Assert.True(Compile(("name", ["test", "prod"])).Matches(Secret));
        Assert.True(Compile(("name", ["test", "!bare"])).Matches(Secret));
        Assert.False(Compile(("name", ["test", "!prod"])).Matches(Secret));
    }

    [Fact]
    public void Filters_add_up_even_with_one_key()
    {
        Assert.True(Compile(("tag-key", ["Team"]), ("tag-key", ["Cost"])).Matches(Secret));
        Assert.False(Compile(("tag-key", ["Team"]), ("tag-key", ["Owner"])).Matches(Secret));
        Assert.False(Compile(("name", ["prod"]), ("owning-service", ["redshift"])).Matches(Secret));
    }

    [Fact]
    public void No_filter_matches_everything()
    {
        Assert.True(Compile().Matches(Bare));
        Assert.True(SecretFilter.None.Matches(Secret));
    }

    [Fact]
    public void An_unknown_key_is_named_with_its_place()
    {
        Assert.False(SecretFilter.TryCompile([("name", ["a"]), ("invalid", ["a"])], out _, out var error));
        Assert.StartsWith(
            "1 validation error detected: Value 'invalid' at 'filters.2.member.key' failed to satisfy constraint: "
            + "Member must satisfy enum value set: [all, name, tag-key, description, tag-value", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Name")]
    [InlineData("")]
    [InlineData(null)]
    public void Keys_are_exact(string? key)
    {
        Assert.False(SecretFilter.TryCompile([(key, ["a"])], out _, out var error));
        Assert.Equal("filters.1.member.key", error.Path);
    }

    [Theory]
    [InlineData("a*")]
    [InlineData("a#")]
    [InlineData("a,b")]
    [InlineData("é")]
    [InlineData("a\n")]
    public void Values_outside_the_pattern_are_refused(string value)
    {
        Assert.False(SecretFilter.TryCompile([("name", ["a", value])], out _, out var error));
        Assert.Equal("filters.1.member.values", error.Path);
    }

    [Fact]
    public void Numbers_and_lengths_are_bounded()
    {
        Assert.True(SecretFilter.TryCompile([.. Enumerable.Repeat(Filter(10, 512), 10)], out _, out _));
        Assert.False(SecretFilter.TryCompile([.. Enumerable.Repeat(Filter(1, 1), 11)], out _, out _));
        Assert.False(SecretFilter.TryCompile([Filter(11, 1)], out _, out _));
        Assert.False(SecretFilter.TryCompile([Filter(0, 1)], out _, out _));
        Assert.False(SecretFilter.TryCompile([Filter(1, 513)], out _, out _));
        Assert.False(SecretFilter.TryCompile([("name", null)], out _, out _));

        static (string?, IReadOnlyList<string>?) Filter(int values, int length) => ("all", [.. Enumerable.Repeat(new string('a', length), values)]);
    }

    [Fact]
    public void Matching_allocates_nothing()
    {
        var filter = Compile(("all", ["nothing here", "cost center"]), ("tag-value", ["x", "Bl"]), ("owning-service", ["!redshift"]));
        Assert.True(filter.Matches(Secret));

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            filter.Matches(Secret);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private static SecretFilter Compile(params (string?, IReadOnlyList<string>?)[] filters)
    {
        Assert.True(SecretFilter.TryCompile(filters, out var filter, out var error), error.Message);
        return filter;
    }
}
