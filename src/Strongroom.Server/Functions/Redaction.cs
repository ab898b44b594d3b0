using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Strongroom.Crypto;

namespace Strongroom.Server.Functions;

/// <summary>
/// Takes known secret values out of text that a function wrote, in each form in which programs print them: as they are, in JSON, as a quoted literal, in base64 at
/// any place of a longer text, percent-encoded, in hexadecimal. What is shorter than <see cref="MinLength"/> stays: it would black out half of every log.
/// </summary>
/// <remarks>Protects against carelessness. A function that wants to tell a value can: it reverses it, or prints it letter by letter.</remarks>
internal sealed class Redaction : IDisposable
{
    public const int MinLength = 4;

    /// <summary>A line of a longer secret, such as of a PEM key, counts as one of its own from here on.</summary>
    private const int MinLine = 12;

    private const int MaxLineLength = 8 << 10;

    private static ReadOnlySpan<byte> Mark => "[redacted]"u8;

    // Members of AWS's secret structures that say where and as whom, which logs need. Source: API fact sheet 4.7.
    private static readonly HashSet<string> Open = new(StringComparer.OrdinalIgnoreCase)
    {
        "engine", "host", "port", "username", "dbname", "dbInstanceIdentifier", "dbClusterIdentifier", "masterarn", "superuserarn", "ssl", "readOnly",
    };

    private readonly HashSet<byte[]> patterns = new(new SameBytes());

    /// <summary>Adds values that came to be while the function ran; asked once the text is there, before it is used.</summary>
    public Func<Redaction, CancellationToken, ValueTask>? More { get; init; }

    /// <summary>Why nothing can be shown, in words, when there are values that could not be added; null while all is well.</summary>
    public string? Withheld { get; set; }

    public ValueTask CompleteAsync(CancellationToken ct) => More?.Invoke(this, ct) ?? default;

    /// <summary>Adds a value; in a JSON object or array also the texts in it, except those that AWS's structures have in the open.</summary>
    public void Add(ReadOnlySpan<byte> value)
    {
        AddForms(value);
        if (value.Length > 1 && value[0] is (byte)'{' or (byte)'[')
            AddMembers(value);
    }

    public void Add(SecretBytes value) => Add(value.Reveal());

    public void Add(string? value)
    {
        if (value is null)
            return;
        var bytes = Encoding.UTF8.GetBytes(value);
        Add(bytes);
        CryptographicOperations.ZeroMemory(bytes);
    }

    /// <summary>The text without them; long lines are cut.</summary>
    /// <param name="isCut">Whether its beginning is missing, where the rest of a value may stand.</param>
    public string Apply(ReadOnlySpan<byte> text, bool isCut)
    {
        if (Withheld is not null)
            return text.IsEmpty ? "" : $"[{Withheld}]";
        var hidden = new bool[text.Length];
        foreach (var pattern in patterns)
        {
            for (var at = 0; text[at..].IndexOf(pattern) is >= 0 and var next; at += next + 1)
                hidden.AsSpan(at + next, pattern.Length).Fill(true);
            for (var rest = Math.Min(pattern.Length - 1, isCut ? text.Length : 0); rest >= MinLength; rest--)
            {
                if (text.StartsWith(pattern.AsSpan(pattern.Length - rest)))
                {
                    hidden.AsSpan(0, rest).Fill(true);
                    break;
                }
            }
        }

        var output = new ArrayBufferWriter<byte>(text.Length + Mark.Length);
        for (var at = 0; at < text.Length;)
        {
            var run = hidden.AsSpan(at).IndexOf(!hidden[at]) is >= 0 and var length ? length : text.Length - at;
            output.Write(hidden[at] ? Mark : text.Slice(at, run));
            at += run;
        }

        return CutLines(Encoding.UTF8.GetString(output.WrittenSpan));
    }

    public string Apply(string text, bool isCut = false) => Apply(Encoding.UTF8.GetBytes(text), isCut);

    public void Dispose()
    {
        foreach (var pattern in patterns)
            CryptographicOperations.ZeroMemory(pattern);
        patterns.Clear();
    }

    private static string CutLines(string text) => text.Length <= MaxLineLength ? text : string.Join(
        '\n', text.Split('\n').Select(line => line.Length > MaxLineLength ? string.Concat(line.AsSpan(0, MaxLineLength), " [cut]") : line));

    private void AddMembers(ReadOnlySpan<byte> json)
    {
        try
        {
            using var document = JsonDocument.Parse(json.ToArray(), new JsonDocumentOptions { MaxDepth = 64 });
            AddTexts(document.RootElement);
        }
        catch (JsonException)
        {
            // A value that only looks like JSON.
        }
    }

    private void AddTexts(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                AddForms(Encoding.UTF8.GetBytes(element.GetString()!));
                break;
            case JsonValueKind.Number:
                AddForms(Encoding.UTF8.GetBytes(element.GetRawText()));
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                    AddTexts(item);
                break;
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject().Where(member => !Open.Contains(member.Name)))
                    AddTexts(member.Value);
                break;
        }
    }

    private void AddForms(ReadOnlySpan<byte> value)
    {
        AddPattern(value);
        if (value.Length < MinLength)
            return;
        if (value.Contains((byte)'\n'))
        {
            foreach (var line in value.Split((byte)'\n'))
            {
                if (value[line].TrimEnd((byte)'\r') is { Length: >= MinLine } part)
                    AddForms(part);
            }
        }

        AddPattern(Encoding.ASCII.GetBytes(Convert.ToHexStringLower(value)));
        AddPattern(Encoding.ASCII.GetBytes(Convert.ToHexString(value)));
        AddBase64(value);
        // Not text: programs print it in one of the forms above.
        if (!System.Text.Unicode.Utf8.IsValid(value))
            return;
        var text = Encoding.UTF8.GetString(value);
        foreach (var form in TextForms(text).Distinct(StringComparer.Ordinal).Where(form => form != text))
            AddPattern(Encoding.UTF8.GetBytes(form));
    }

    private static IEnumerable<string> TextForms(string text)
    {
        yield return Escape(text, isAscii: false, quote: '"');
        yield return Escape(text, isAscii: true, quote: '"');
        yield return Escape(text, isAscii: false, quote: '\'');
        yield return Escape(text, isAscii: false, quote: null);
        yield return JsonSerializer.Serialize(text, RedactionJson.Default.String)[1..^1];
        var escaped = Uri.EscapeDataString(text);
        yield return escaped;
        yield return Lower(escaped);
        yield return escaped.Replace("%20", "+", StringComparison.Ordinal);
        // What clients leave as it is differs: these keep every character that some of them keep.
        foreach (var kept in (string[])["/", "!*'()", "/!*'()~"])
        {
            var other = kept.Aggregate(escaped, (so, c) => so.Replace(Uri.HexEscape(c), c.ToString(), StringComparison.Ordinal));
            yield return other;
            yield return Lower(other);
        }
    }

    // As Python, JavaScript and most others write a text between quotes.
    private static string Escape(string text, bool isAscii, char? quote)
    {
        var escaped = new StringBuilder(text.Length + 8);
        foreach (var c in text)
        {
            escaped.Append(c switch
            {
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\b' when quote == '"' => "\\b",
                '\f' when quote == '"' => "\\f",
                _ when c == quote => "\\" + c,
                < ' ' or '\x7f' when quote == '"' => $"\\u{(int)c:x4}",
                < ' ' or '\x7f' => $"\\x{(int)c:x2}",
                > '\x7f' when isAscii => $"\\u{(int)c:x4}",
                _ => c.ToString(),
            });
        }

        return escaped.ToString();
    }

    private static string Lower(string escaped)
    {
        var lower = escaped.ToCharArray();
        for (var i = 0; i + 2 < lower.Length; i++)
        {
            if (lower[i] == '%')
                (lower[i + 1], lower[i + 2]) = (char.ToLowerInvariant(lower[i + 1]), char.ToLowerInvariant(lower[i + 2]));
        }

        return new string(lower);
    }

    // Inside a longer text base64 of a value depends on where it stands; these are the characters that depend on the value alone.
    private void AddBase64(ReadOnlySpan<byte> value)
    {
        for (var shift = 0; shift < 3; shift++)
        {
            var shifted = new byte[shift + value.Length];
            value.CopyTo(shifted.AsSpan(shift));
            var whole = Convert.ToBase64String(shifted).TrimEnd('=');
            var first = shift == 0 ? 0 : shift + 1;
            var last = whole.Length - (shifted.Length % 3 == 0 ? 0 : 1);
            // Fewer characters are chance.
            if (last - first >= 6)
            {
                var own = whole[first..last];
                AddPattern(Encoding.ASCII.GetBytes(own));
                AddPattern(Encoding.ASCII.GetBytes(own.Replace('+', '-').Replace('/', '_')));
            }

            CryptographicOperations.ZeroMemory(shifted);
        }
    }

    private void AddPattern(ReadOnlySpan<byte> pattern)
    {
        if (pattern.Length >= MinLength)
            patterns.Add(pattern.ToArray());
    }

    private sealed class SameBytes : IEqualityComparer<byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] obj)
        {
            var hash = new HashCode();
            hash.AddBytes(obj);
            return hash.ToHashCode();
        }
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(string))]
internal sealed partial class RedactionJson : System.Text.Json.Serialization.JsonSerializerContext;
