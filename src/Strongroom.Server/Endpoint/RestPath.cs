namespace Strongroom.Server.Endpoint;

/// <summary>Method and path of a REST operation, as the service model has them.</summary>
/// <param name="Template">Such as <c>/2015-03-31/functions/{FunctionName}/code</c>; a name in braces stands for one segment.</param>
/// <param name="Status">Of a success.</param>
internal sealed record RestPath(string Method, string Template, int Status = 200)
{
    /// <summary>Whether its requests carry code, and may be as large as that.</summary>
    public bool HasCode { get; init; }

    /// <summary>What a body that is too large is called; AWS has several codes.</summary>
    public string TooLargeCode { get; init; } = "RequestEntityTooLargeException";

    private readonly string[] segments = Template.Split('/');

    /// <summary>The variable segments by their names, when the path is this one.</summary>
    /// <param name="path">As it was on the wire: a slash that is part of a value is encoded there.</param>
    public Dictionary<string, string>? Match(string[] path)
    {
        // Older clients end some paths with a slash.
        var length = path[^1].Length == 0 ? path.Length - 1 : path.Length;
        if (length != segments.Length)
            return null;
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i < length; i++)
        {
            if (segments[i].StartsWith('{'))
            {
                // A signature is made over the path without these segments, so they must not be anybody's name.
                if (path[i] is "" or "." or "..")
                    return null;
                values.Add(segments[i][1..^1], Uri.UnescapeDataString(path[i]));
            }
            else if (segments[i] != path[i])
            {
                return null;
            }
        }

        return values;
    }
}

/// <summary>What a REST answer has beside its body.</summary>
internal sealed record RestReply(int Status, params IReadOnlyList<(string Name, string Value)> Headers);
