using System.Text;
using System.Text.Json;
using CsCheck;
using Strongroom.Server.Functions;

namespace Strongroom.Tests.Server.Functions;

public sealed class RedactionTests
{
    private const string Password = "p4$s'w\\o\"rd <é> & 100%/=+";

    [Fact]
    public void A_value_is_taken_out_in_every_form_that_programs_print_it_in()
    {
        using var redaction = new Redaction();
        redaction.Add(Password);
        var utf8 = Encoding.UTF8.GetBytes(Password);
        string[] forms =
        [
            Password,
            JsonSerializer.Serialize(Password), // .NET's JSON
            "p4$s'w\\\\o\\\"rd <é> & 100%/=+", // JSON.stringify
            "p4$s'w\\\\o\\\"rd <\\u00e9> & 100%/=+", // json.dumps
            "p4$s\\'w\\\\o\"rd <é> & 100%/=+", // repr, within '
            Uri.EscapeDataString(Password),
            "p4%24s%27w%5Co%22rd+%3C%C3%A9%3E+%26+100%25%2F%3D%2B", // urllib.parse.quote_plus
            "p4%24s%27w%5Co%22rd%20%3C%C3%A9%3E%20%26%20100%25/%3D%2B", // urllib.parse.quote
            "p4%24s'w%5Co%22rd%20%3C%C3%A9%3E%20%26%20100%25%2F%3D%2B", // encodeURIComponent
            "p4%24s%27w%5co%22rd%20%3c%c3%a9%3e%20%26%20100%25%2f%3d%2b",
            Convert.ToHexString(utf8),
            Convert.ToHexStringLower(utf8),
        ];

        foreach (var form in forms)
        {
            var shown = redaction.Apply($"before {form} after");
            Assert.Matches("\\Abefore \"?\\[redacted\\]\"? after\\z", shown);
        }
    }

    [Fact]
    public void A_value_inside_base64_leaves_too_little_to_tell()
    {
        using var redaction = new Redaction();
        redaction.Add("correct-horse-battery");
        foreach (var around in (string[])["", "u", "us", "use", "user:"])
        {
            var encoded = Convert.ToBase64String(Encoding.UTF8.GetBytes(around + "correct-horse-battery" + around));
            var shown = redaction.Apply(encoded);

            Assert.Contains("[redacted]", shown, StringComparison.Ordinal);
            // What is left on both sides holds at most parts of the first and of the last character.
            var left = shown.Split("[redacted]");
            Assert.All(left, rest => Assert.InRange(rest.Length, 0, Convert.ToBase64String(Encoding.UTF8.GetBytes(around)).Length + 3));
        }
    }

    [Fact]
    public void Members_of_a_json_secret_count_and_places_do_not()
    {
        using var redaction = new Redaction();
        redaction.Add("""{"engine":"postgres","host":"db.example.com","username":"app_user","password":"hunter22","port":5432,"dbname":"orders","pin":482910,"more":{"keys":["key-one1"]},"short":"abc"}"""u8);

        Assert.Equal(
            "app_user at db.example.com:5432/orders (postgres): [redacted], [redacted], [redacted], abc",
            redaction.Apply("app_user at db.example.com:5432/orders (postgres): hunter22, 482910, key-one1, abc"));
    }

    [Fact]
    public void A_value_of_fewer_than_four_characters_stays()
    {
        using var redaction = new Redaction();
        redaction.Add("abc");
        redaction.Add("abcd");

        Assert.Equal("abc [redacted]", redaction.Apply("abc abcd"));
    }

    [Fact]
    public void Overlapping_values_leave_no_rest()
    {
        using var redaction = new Redaction();
        redaction.Add("true");
        redaction.Add("structures");
        redaction.Add("mytruestory");

        Assert.Equal("[redacted] [redacted]", redaction.Apply("mytruestory truestructures"));
        Assert.Equal("[redacted]", redaction.Apply("mytruestorystructures"));
    }

    [Fact]
    public void Lines_of_a_key_are_taken_out_one_by_one()
    {
        using var redaction = new Redaction();
        redaction.Add("-----BEGIN X-----\nMIIEvQIBADANBgkqhkiG9w0\nBAQEFAASCBKcwggSjAgEAAo\n-----END X-----\n");

        Assert.Equal("log: [redacted]\nlog: [redacted]\n", redaction.Apply("log: MIIEvQIBADANBgkqhkiG9w0\nlog: BAQEFAASCBKcwggSjAgEAAo\n"));
    }

    [Fact]
    public void The_rest_of_a_value_whose_beginning_was_cut_off_is_taken_out()
    {
        using var redaction = new Redaction();
        redaction.Add("correct-horse-battery");

        Assert.Equal("[redacted] and on", redaction.Apply("battery and on", isCut: true));
        Assert.Equal("battery and on", redaction.Apply("battery and on", isCut: false));
    }

    [Fact]
    public void Where_a_value_cannot_be_known_nothing_is_shown()
    {
        using var redaction = new Redaction { Withheld = "withheld: why" };

        Assert.Equal("[withheld: why]", redaction.Apply("something"));
        Assert.Equal("", redaction.Apply(""));
    }

    [Fact]
    public void Whatever_the_value_no_plain_copy_of_it_is_left() =>
        Gen.Select(Gen.Byte.Array[4, 200], Gen.Byte.Array[0, 50], Gen.Byte.Array[0, 50]).Sample((value, before, after) =>
        {
            using var redaction = new Redaction();
            redaction.Add(value);

            var shown = redaction.Apply([.. before, .. value, .. after], isCut: false);

            return shown.Contains("[redacted]", StringComparison.Ordinal) && Encoding.UTF8.GetBytes(shown).AsSpan().IndexOf(value) < 0;
        }, iter: 2000);

    [Fact]
    public void The_end_of_the_output_is_kept_whatever_its_pieces()
    {
        var random = new Random(7);
        foreach (var size in (int[])[0, 1, 1000, OutputTail.MaxBytes - 1, OutputTail.MaxBytes, OutputTail.MaxBytes + 1, 300_000])
        {
            var all = new byte[size];
            random.NextBytes(all);
            var tail = new OutputTail();
            for (var at = 0; at < size;)
            {
                var piece = Math.Min(size - at, random.Next(1, 100_000));
                tail.Append(all.AsSpan(at, piece));
                at += piece;
            }

            Assert.Equal(size > OutputTail.MaxBytes, tail.IsCut);
            Assert.Equal(all[^Math.Min(size, OutputTail.MaxBytes)..], tail.Take());
            Assert.Empty(tail.Take());
        }
    }
}
