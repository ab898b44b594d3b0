namespace Strongroom.Server.Rotation.BuiltIn.Databases;

/// <summary>What <c>ACL GETUSER</c> answers, as rules for <c>ACL SETUSER</c> that give another user the same rights and no password. Pure.</summary>
internal static class RedisRules
{
    /// <param name="answer">As Redis 6 or 7 answers: names and values in turn.</param>
    /// <exception cref="DatabaseException">It is something else, or there is no such user.</exception>
    public static IReadOnlyList<string> Of(object? answer)
    {
        var user = FieldsOf(answer);
        List<string> rules = ["reset", "on"];
        foreach (var flag in Items(user.GetValueOrDefault("flags")))
        {
            // "on" is said, and a user whom no password stops would not be rotated; the others repeat what keys, channels and commands say.
            if (flag is "skip-sanitize-payload" or "sanitize-payload")
                rules.Add((string)flag);
        }

        if (user.ContainsKey("channels"))
            rules.Add("resetchannels"); // what a reset leaves is up to the server's settings
        rules.AddRange(RightsOf(user));
        foreach (var selector in Items(user.GetValueOrDefault("selectors")))
            rules.Add($"({string.Join(' ', RightsOf(FieldsOf(selector)))})");
        return rules;
    }

    private static IEnumerable<string> RightsOf(Dictionary<string, object?> fields) =>
        [.. Patterns(fields.GetValueOrDefault("keys"), '~'), .. Patterns(fields.GetValueOrDefault("channels"), '&'), .. Patterns(fields.GetValueOrDefault("commands"), '+')];

    // Redis 7 writes rules as they are set; Redis 6 lists keys and channels without their signs.
    private static IEnumerable<string> Patterns(object? value, char sign) =>
        value is string text ? text.Split(' ', StringSplitOptions.RemoveEmptyEntries) : Items(value).OfType<string>().Select(pattern => sign + pattern);

    private static List<object?> Items(object? value) => value as List<object?> ?? [];

    private static Dictionary<string, object?> FieldsOf(object? value)
    {
        var fields = new Dictionary<string, object?>(StringComparer.Ordinal);
        if (value is not List<object?> { Count: > 0 } list || list.Count % 2 != 0)
            throw new DatabaseException(DatabaseFault.Refused, "the user whose rights are to be copied is not there");
        for (var i = 0; i < list.Count; i += 2)
            fields[list[i] as string ?? ""] = list[i + 1];
        return fields;
    }
}
