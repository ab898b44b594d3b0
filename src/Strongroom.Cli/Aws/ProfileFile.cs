using System.Text;
using System.Text.RegularExpressions;

namespace Strongroom.Cli.Aws;

/// <summary>Changes one section of an AWS configuration file and keeps every other byte.</summary>
internal static partial class ProfileFile
{
    /// <summary>Tells sections that we may change from those that a person or another tool wrote.</summary>
    private const string Marker = "# Written by: strongroom profile";

    /// <summary>The file with the section's keys set. Keys of the section that are not named stay, unless the section was not ours.</summary>
    /// <param name="text">The file, each byte one character (Latin-1), so that any encoding survives.</param>
    /// <param name="section">Such as <c>profile strongroom</c>.</param>
    /// <param name="keys">In the order to write. A null value removes the key.</param>
    /// <returns>Null when the section is somebody else's and not forced.</returns>
    public static string? Set(string text, string section, IReadOnlyList<KeyValuePair<string, string?>> keys, bool force)
    {
        var lines = Lines().Matches(text).Select(m => m.Value).ToList();
        var start = lines.FindIndex(l => IsHeader(l, section));
        var wanted = keys.Where(k => k.Value is not null).Select(k => $"{k.Key} = {ToLatin1(k.Value!)}\n").ToList();
        if (start < 0)
        {
            var gap = text.Length == 0 ? "" : text.EndsWith('\n') ? "\n" : "\n\n";
            return $"{text}{gap}[{section}]\n{Marker}\n{string.Concat(wanted)}";
        }

        var next = lines.FindIndex(start + 1, l => l.StartsWith('['));
        var body = lines[(start + 1)..(next < 0 ? lines.Count : next)];

        // Blank lines and comments before the next section are that section's.
        var end = body.FindLastIndex(l => !IsBlankOrComment(l) || IsMarker(l)) + 1;
        var (content, trailing) = (body[..end], body[end..]);
        var isOurs = content.Any(IsMarker);
        if (!isOurs && !force)
            return null;

        var kept = isOurs ? content.Where(l => !IsMarker(l) && !keys.Any(k => IsKey(l, k.Key))) : [];
        List<string> result = [.. lines[..start], Ended(lines[start]), Marker + "\n", .. wanted, .. kept.Select(Ended), .. trailing, .. next < 0 ? [] : lines[next..]];
        return string.Concat(result);
    }

    private static bool IsHeader(string line, string section)
    {
        var match = Header().Match(line);
        return match.Success && string.Join(' ', match.Groups[1].Value.Replace("\"", "", StringComparison.Ordinal).Replace("'", "", StringComparison.Ordinal)
            .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)) == section;
    }

    private static bool IsBlankOrComment(string line) => line.Trim() is "" || line.TrimStart()[0] is '#' or ';';

    private static bool IsMarker(string line) => line.TrimEnd() == Marker;

    private static bool IsKey(string line, string key) =>
        !char.IsWhiteSpace(line[0]) && line.Split('=', 2) is [var name, _] && name.Trim().Equals(key, StringComparison.OrdinalIgnoreCase);

    private static string Ended(string line) => line.EndsWith('\n') ? line : line + "\n";

    private static string ToLatin1(string value) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(value));

    [GeneratedRegex(@"[^\n]*\n|[^\n]+\z", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Lines();

    [GeneratedRegex(@"\A\[([^\]]*)\]", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Header();
}
