using System.Text;
using Strongroom.Server.SecretsManager;

namespace Strongroom.Tests.Server.SecretsManager;

public sealed class RandomPasswordTests
{
    private const string Upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    private const string Lower = "abcdefghijklmnopqrstuvwxyz";
    private const string Digits = "0123456789";
    private const string Punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

    private readonly Random _chance = new(20261123);

    [Fact]
    public void Every_admitted_character_occurs_and_no_other()
    {
        var seen = string.Concat(Make(RandomPasswordRules.Default with { IncludeSpace = true }, 4096).Distinct().Order());
        Assert.Equal(string.Concat((Upper + Lower + Digits + Punctuation + " ").Order()), seen);

        Assert.DoesNotContain(' ', Make(RandomPasswordRules.Default, 4096));
    }

    [Theory]
    [InlineData(true, false, false, false, Lower + Digits + Punctuation)]
    [InlineData(false, true, false, false, Upper + Digits + Punctuation)]
    [InlineData(false, false, true, false, Upper + Lower + Punctuation)]
    [InlineData(false, false, false, true, Upper + Lower + Digits)]
    [InlineData(true, true, false, true, Digits)]
    public void Switches_take_a_type_away(bool upper, bool lower, bool numbers, bool punctuation, string left)
    {
        var rules = RandomPasswordRules.Default with
        {
            ExcludeUppercase = upper, ExcludeLowercase = lower, ExcludeNumbers = numbers, ExcludePunctuation = punctuation,
        };
        Assert.Equal(string.Concat(left.Order()), string.Concat(Make(rules, 4096).Distinct().Order()));
    }

    [Fact]
    public void The_shortest_password_has_one_of_each_type_in_any_order()
    {
        var orders = new HashSet<string>();
        for (var i = 0; i < 2000; i++)
        {
            var classes = Make(RandomPasswordRules.Default, 4).Select(c =>
                Upper.Contains(c) ? 'U' : Lower.Contains(c) ? 'L' : Digits.Contains(c) ? 'D' : 'P').ToArray();
            Assert.Equal("DLPU", string.Concat(classes.Order()));
            orders.Add(new string(classes));
        }

        Assert.Equal(24, orders.Count);
    }

    [Fact]
    public void Excluded_characters_are_kept_out()
    {
        var rules = RandomPasswordRules.Default with { ExcludeCharacters = "aA0/@\"'\\é€" };
        Assert.DoesNotContain(Make(rules, 4096), c => "aA0/@\"'\\".Contains(c));
    }

    [Fact]
    public void A_password_of_spaces_is_possible_but_a_space_is_never_required()
    {
        var none = new RandomPasswordRules(null, true, true, true, true, IncludeSpace: true, RequireEachIncludedType: true);
        Assert.Equal("   ", Make(none, 3));
        Assert.Equal(4, Make(RandomPasswordRules.Default with { IncludeSpace = true }, 4).Length);
    }

    [Theory]
    [InlineData(3, true, null, "Password length is too short based on the required types.")]
    [InlineData(3, false, null, "")]
    [InlineData(4, true, null, "")]
    [InlineData(32, true, Digits, "All characters of the desired type have been excluded")]
    [InlineData(32, false, Digits, "")]
    [InlineData(32, true, Upper + Lower + Digits + Punctuation, "All characters of the desired type have been excluded")]
    [InlineData(32, false, Upper + Lower + Digits + Punctuation, "All characters have been excluded from selection")]
    public void What_cannot_be_made_is_refused_in_words(int length, bool each, string? excluded, string message)
    {
        var buffer = new byte[length];
        var fault = RandomPassword.Fill(
            RandomPasswordRules.Default with { RequireEachIncludedType = each, ExcludeCharacters = excluded }, _chance.Next, buffer);

        Assert.Equal(message, RandomPassword.Message(fault));
        Assert.Equal(message != "", fault != RandomPasswordFault.None);
        if (fault != RandomPasswordFault.None)
            Assert.All(buffer, b => Assert.Equal(0, b));
    }

    [Fact]
    public void Everything_switched_off_leaves_nothing_to_select()
    {
        var none = new RandomPasswordRules(null, true, true, true, true, IncludeSpace: false, RequireEachIncludedType: true);
        Assert.Equal(RandomPasswordFault.AllExcluded, RandomPassword.Fill(none, _chance.Next, new byte[8]));
    }

    [Fact]
    public void An_excluded_type_is_not_missed()
    {
        var rules = RandomPasswordRules.Default with { ExcludeNumbers = true, ExcludeCharacters = Digits };
        Assert.Equal(3, Make(rules, 3).Length);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4097)]
    public void The_length_is_bounded(int length) =>
        Assert.Equal(RandomPasswordFault.LengthOutOfRange, RandomPassword.Fill(RandomPasswordRules.Default, _chance.Next, new byte[length]));

    private string Make(RandomPasswordRules rules, int length)
    {
        var buffer = new byte[length];
        Assert.Equal(RandomPasswordFault.None, RandomPassword.Fill(rules, _chance.Next, buffer));
        return Encoding.ASCII.GetString(buffer);
    }
}
