namespace Strongroom.Protocol.AwsRest;

/// <summary>Where a member of a request stands on the wire.</summary>
public enum MemberLocation
{
    /// <summary>In the JSON of the body, or among the parameters of a Query request.</summary>
    Body,

    /// <summary>A segment of the path.</summary>
    Path,

    /// <summary>In the query of the URL.</summary>
    Query,

    Header,

    /// <summary>The whole body, whatever it is.</summary>
    Payload,
}

/// <summary>The parts of a REST request that are not its body.</summary>
/// <param name="path">The variable segments of the path, decoded, by their names in the template.</param>
/// <param name="query">The query of the URL as it was on the wire, without the question mark.</param>
/// <param name="header">Finds a header; null when it was not sent.</param>
public sealed class RestRequest(IReadOnlyDictionary<string, string> path, string query, Func<string, string?> header)
{
    /// <summary>What was sent for a member; empty when nothing was.</summary>
    /// <remarks>A plus in a query is a plus: clients that mean a blank send <c>%20</c>. Source: IAM fact sheet 1.3.</remarks>
    internal IReadOnlyList<string> Find(MemberLocation location, string name) => location switch
    {
        MemberLocation.Path => path.TryGetValue(name, out var segment) ? [segment] : [],
        MemberLocation.Header => header(name) is { } value ? [value] : [],
        MemberLocation.Query => FindInQuery(name),
        _ => [],
    };

    private List<string> FindInQuery(string name)
    {
        var found = new List<string>();
        foreach (var range in query.AsSpan().Split('&'))
        {
            var pair = query.AsSpan(range);
            var equals = pair.IndexOf('=');
            if (Uri.UnescapeDataString(equals < 0 ? pair : pair[..equals]) == name)
                found.Add(equals < 0 ? "" : Uri.UnescapeDataString(pair[(equals + 1)..]));
        }

        return found;
    }
}
