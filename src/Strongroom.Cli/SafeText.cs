using System.Globalization;
using System.Text;

namespace Strongroom.Cli;

/// <summary>
/// Text of somebody else for a terminal. Names and user agents are what callers like them to be; raw, a control character could move the cursor or
/// hide a line, and a direction mark could turn one round.
/// </summary>
internal static class SafeText
{
    /// <summary>With everything that is not to be seen as itself spelled out, as in <c>\u001b</c>.</summary>
    public static string Of(string text)
    {
        if (!text.Any(c => IsUnsafe(c) || char.IsSurrogate(c)))
            return text;
        var safe = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]))
            {
                var isUnsafe = CharUnicodeInfo.GetUnicodeCategory(text, i) is UnicodeCategory.Format or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse;
                safe.Append(isUnsafe ? Spelled(text[i]) + Spelled(text[i + 1]) : text.AsSpan(i, 2).ToString());
                i++;
            }
            else if (IsUnsafe(text[i]) || char.IsSurrogate(text[i]))
                safe.Append(Spelled(text[i]));
            else
                safe.Append(text[i]);
        }

        return safe.ToString();
    }

    private static bool IsUnsafe(char c) => char.GetUnicodeCategory(c)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;

    private static string Spelled(char c) => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
}
