using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Strongroom.Cli.Aws;

/// <summary>Writes environment variables in the syntax of a shell.</summary>
internal static class ShellText
{
    // Left over from work with another endpoint, each of these would win over what we set, or be sent along with it.
    private static readonly string[] InTheWay =
        ["AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL_STS", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"];

    /// <param name="syntax"><c>bash</c>, <c>fish</c>, <c>powershell</c> or <c>json</c>.</param>
    public static string Format(string syntax, IReadOnlyList<KeyValuePair<string, string>> variables)
    {
        if (syntax == "json")
            return Json(variables);

        var text = new StringBuilder();
        foreach (var name in InTheWay)
            text.Append(syntax switch { "fish" => $"set -e {name};\n", "powershell" => $"$env:{name} = $null\n", _ => $"unset {name}\n" });
        foreach (var (name, value) in variables)
        {
            text.Append(syntax switch
            {
                "fish" => $"set -gx {name} {QuoteForFish(value)};\n",
                "powershell" => $"$env:{name} = {QuoteForPowerShell(value)}\n",
                _ => $"export {name}={QuoteForPosix(value)}\n",
            });
        }

        return text.ToString();
    }

    /// <summary>One word of a POSIX shell's command line, quoted only if it must be.</summary>
    public static string Word(string value) =>
        value.Length > 0 && value.All(c => char.IsAsciiLetterOrDigit(c) || "/._-+:,@%".Contains(c, StringComparison.Ordinal)) ? value : QuoteForPosix(value);

    // Nothing is special between single quotes but the quote itself, which therefore stands outside of them.
    private static string QuoteForPosix(string value) => "'" + value.Replace("'", @"'\''", StringComparison.Ordinal) + "'";

    private static string QuoteForFish(string value) =>
        "'" + value.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("'", @"\'", StringComparison.Ordinal) + "'";

    private static string QuoteForPowerShell(string value) => "'" + value.Replace("'", "''", StringComparison.Ordinal) + "'";

    private static string Json(IReadOnlyList<KeyValuePair<string, string>> variables)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            foreach (var (name, value) in variables)
                writer.WriteString(name, value);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray()) + "\n";
    }
}
