namespace Strongroom.Server.Rotation.BuiltIn.Databases;

/// <summary>What <c>SHOW GRANTS</c> answers for one user, as statements for another one. Pure.</summary>
internal static class MySqlGrants
{
    /// <summary>The statements, for the user <c>@clone</c>.</summary>
    /// <param name="shown">Lines as the server wrote them, with its quoting of names.</param>
    public static IEnumerable<string> For(IEnumerable<string> shown)
    {
        foreach (var line in shown)
        {
            // What follows the user is the password's hash, TLS demands (copied otherwise) and, as in AWS's templates left out, the right to grant on.
            if (line.StartsWith("GRANT ", StringComparison.Ordinal) && Cut(line, " TO ") is { } grant)
                yield return $"{grant} TO @clone";
            // MySQL 8: rights that are taken back for single databases.
            else if (line.StartsWith("REVOKE ", StringComparison.Ordinal) && Cut(line, " FROM ") is { } revoke)
                yield return $"{revoke} FROM @clone";
            else if (line.StartsWith("SET DEFAULT ROLE ", StringComparison.Ordinal) && Cut(line, " FOR ") is { } role)
                yield return $"{role} FOR @clone";
        }
    }

    /// <summary>What stands before the first such word that is no part of a name. Names are in quotes, which are doubled inside.</summary>
    private static string? Cut(string line, string word)
    {
        var quote = '\0';
        for (var i = 0; i < line.Length; i++)
        {
            if (quote != '\0')
                quote = line[i] == quote ? '\0' : quote; // a doubled one closes and opens again
            else if (line[i] is '`' or '\'' or '"')
                quote = line[i];
            else if (line.AsSpan(i).StartsWith(word, StringComparison.Ordinal))
                return line[..i];
        }

        return null;
    }
}
