using System.Globalization;

namespace Strongroom.Protocol.AwsQuery;

/// <summary>
/// The parameters of a Query-protocol request as a tree: <c>Tags.member.1.Key=a</c> stands under <c>Tags</c>, <c>member</c>, <c>1</c>, <c>Key</c>.
/// Source: IAM fact sheet 0.2.
/// </summary>
/// <remarks>Bounded in size and depth. Names are case-sensitive; of a repeated name the last value counts.</remarks>
public sealed class QueryForm
{
    /// <summary>Far more than the longest list of structures of any operation served.</summary>
    private const int MaxParameters = 5_000;

    private const int MaxDepth = 12;

    private readonly Dictionary<string, QueryForm> children = new(StringComparer.Ordinal);

    private QueryForm()
    {
    }

    /// <summary>The value that stands here; null for a branch, or when nothing was sent.</summary>
    public string? Value { get; private set; }

    /// <summary>Parses <c>application/x-www-form-urlencoded</c> text: a body, or the query of a GET.</summary>
    /// <exception cref="ServiceException">MalformedQueryString: too many or too deeply nested parameters.</exception>
    public static QueryForm Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var root = new QueryForm();
        var count = 0;
        foreach (var range in text.AsSpan().Split('&'))
        {
            var pair = text.AsSpan(range);
            if (pair.IsEmpty)
                continue;
            if (++count > MaxParameters)
                throw Malformed("The request has too many parameters.");
            var equals = pair.IndexOf('=');
            root.Put(Decode(equals < 0 ? pair : pair[..equals]), equals < 0 ? "" : Decode(pair[(equals + 1)..]));
        }

        return root;
    }

    /// <summary>The values of one parameter as they came in another form: a REST request's path, query or header.</summary>
    internal static QueryForm Of(IReadOnlyList<string> values)
    {
        var form = new QueryForm { Value = values[^1] };
        for (var i = 0; i < values.Count; i++)
            form.Put(string.Create(CultureInfo.InvariantCulture, $"member.{i + 1}"), values[i]);
        return form;
    }

    /// <summary>What stands under a name; null when nothing does.</summary>
    public QueryForm? Find(string name) => children.GetValueOrDefault(name);

    /// <summary>The elements of a list in the order of their numbers; the numbers themselves need not be without gaps.</summary>
    public IEnumerable<QueryForm> Elements() => Find("member") is not { } members ? [] :
        from child in members.children
        let number = int.TryParse(child.Key, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : 0
        where number > 0
        orderby number
        select child.Value;

    private void Put(string name, string value)
    {
        var node = this;
        var depth = 0;
        foreach (var range in name.AsSpan().Split('.'))
        {
            if (++depth > MaxDepth)
                throw Malformed("A parameter's name is nested too deeply.");
            var part = name[range];
            if (!node.children.TryGetValue(part, out var child))
                node.children.Add(part, child = new QueryForm());
            node = child;
        }

        node.Value = value;
    }

    private static string Decode(ReadOnlySpan<char> text)
    {
        var plain = text.Contains('+') ? text.ToString().Replace('+', ' ') : text.ToString();
        return plain.Contains('%', StringComparison.Ordinal) ? Uri.UnescapeDataString(plain) : plain;
    }

    private static ServiceException Malformed(string message) => new("MalformedQueryString", message) { IsFrameworkError = true };
}
