using CsCheck;
using Strongroom.Server.SecretsManager;

namespace Strongroom.Tests.Server.SecretsManager;

public sealed class WordMatchTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("+ -", "")]
    [InlineData("one", "one")]
    [InlineData("one two", "one|two")]
    [InlineData("prod-App/db_main", "prod|App|db|main")]
    [InlineData("SecretOne", "Secret|One")]
    [InlineData("COMPANYthings", "COMPAN|Ythings")]
    [InlineData("SecretFTag", "Secret|F|Tag")]
    [InlineData("HTTPServer", "HTTP|Server")]
    [InlineData("COMPANY", "COMPANY")]
    [InlineData("Ythings", "Ythings")]
    [InlineData("db2", "db|2")]
    [InlineData("2fa", "2|fa")]
    [InlineData("A1B", "A|1|B")]
    public void A_text_is_split_into_words(string text, string words)
    {
        var found = new List<string>();
        ReadOnlySpan<char> rest = text;
        while (WordMatch.TryNextWord(ref rest, out var word))
            found.Add(word.ToString());

        Assert.Equal(words, string.Join('|', found));
    }

    [Theory] // the table measured against AWS
    [InlineData("one two", "one two", true)]
    [InlineData("one and two", "one two", true)]
    [InlineData("one two", "o t", true)]
    [InlineData("one and two", "o t", true)]
    [InlineData("one two", "t", true)]
    [InlineData("one", "one two", false)]
    [InlineData("one", "o t", false)]
    [InlineData("one", "t", false)]
    [InlineData("two", "one two", false)]
    [InlineData("two", "o t", false)]
    [InlineData("two", "t", true)]
    [InlineData("two one", "one two", true)]
    [InlineData("One Two", "oNE tWO", false)] // tWO is the words t and WO
    [InlineData("ONE TWO", "one two", true)]
    [InlineData("COMPANYthings", "company", false)]
    [InlineData("COMPANYthings", "things", false)]
    [InlineData("COMPANYthings", "pany", false)]
    [InlineData("COMPANYthings", "N", false)]
    [InlineData("COMPANYthings", "Ythings", true)]
    [InlineData("COMPANYthings", "compan", true)]
    [InlineData("Secret", "ret", false)]
    [InlineData("a + b", "+", false)]
    [InlineData("anything", "", false)]
    [InlineData("apple app", "app apple", true)]
    [InlineData("apple", "app apple", true)] // one word may serve two
    [InlineData("app", "app apple", false)]
    public void Every_word_of_the_value_begins_some_word(string text, string value, bool matches) =>
        Assert.Equal(matches, new WordMatch(value).Matches(text));

    [Fact]
    public void Nothing_matches_an_absent_text() => Assert.False(new WordMatch("a").Matches(null));

    [Fact]
    public void The_search_agrees_with_the_definition()
    {
        var text = Gen.OneOf('a', 'b', 'A', 'B', '1', ' ').Array[0, 30].Select(c => new string(c));
        Gen.Select(text, text).Sample((value, attribute) =>
        {
            var wanted = Words(value);
            var expected = wanted.Count > 0
                && wanted.TrueForAll(w => Words(attribute).Exists(a => a.StartsWith(w, StringComparison.OrdinalIgnoreCase)));
            return new WordMatch(value).Matches(attribute) == expected;
        }, iter: 20_000);
    }

    private static List<string> Words(string text)
    {
        var words = new List<string>();
        ReadOnlySpan<char> rest = text;
        while (WordMatch.TryNextWord(ref rest, out var word))
            words.Add(word.ToString());
        return words;
    }
}
