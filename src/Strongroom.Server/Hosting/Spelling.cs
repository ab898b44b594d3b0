namespace Strongroom.Server.Hosting;

/// <summary>Guesses what a mistyped name meant.</summary>
internal static class Spelling
{
    /// <summary>The candidate that the fewest insertions, deletions and replacements of letters turn into the name.</summary>
    public static string Nearest(string name, IEnumerable<string> candidates) => candidates.MinBy(c => Distance(name, c))!;

    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var replaced = diagonal + (char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
