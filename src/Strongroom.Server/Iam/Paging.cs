using System.Text;
using Strongroom.Crypto;
using Strongroom.Protocol.AwsJson;

namespace Strongroom.Server.Iam;

/// <summary>The paging parameters that every IAM list has. Source: IAM fact sheet 6.4.</summary>
internal abstract class PagedRequest
{
    public string? Marker { get; private set; }
    public long? MaxItems { get; private set; }

    protected static Member<T>[] Members<T>(params Member<T>[] members)
        where T : PagedRequest =>
    [
        .. members,
        Member.String<T>("Marker", r => r.Marker, (r, v) => r.Marker = v, Constraint.Matching(1, 320, @"[\u0020-\u00FF]+")),
        Member.Long<T>("MaxItems", r => r.MaxItems, (r, v) => r.MaxItems = v, 1, 1000),
    ];
}

/// <summary>A page of a list with what comes next.</summary>
/// <param name="Marker">Null on the last page.</param>
internal sealed record Page<T>(IReadOnlyList<T> Items, string? Marker)
{
    /// <summary>After the list itself. Source: IAM fact sheet 6.4: IsTruncated is always there.</summary>
    public void WriteEnd(System.Xml.XmlWriter writer)
    {
        Endpoint.XmlParts.WriteBool(writer, "IsTruncated", Marker is not null);
        Endpoint.XmlParts.WriteOptional(writer, "Marker", Marker);
    }
}

/// <summary>Cuts lists into pages. The marker names the last item shown, sealed, so that pages stay right while entities come and go.</summary>
internal sealed class Paging(Keyring keyring)
{
    private const string Purpose = "iam-marker";
    private const int DefaultItems = 100;

    /// <param name="items">In order of their keys, ordinal.</param>
    /// <exception cref="Protocol.ServiceException">ValidationError: a marker that did not come from here.</exception>
    public Page<T> Cut<T>(IEnumerable<T> items, Func<T, string> key, PagedRequest request)
    {
        var after = request.Marker is { } marker ? Open(marker) : null;
        var size = (int)(request.MaxItems ?? DefaultItems);
        var rest = items.SkipWhile(item => after is not null && string.CompareOrdinal(key(item), after) <= 0).Take(size + 1).ToList();
        return rest.Count <= size
            ? new Page<T>(rest, null)
            : new Page<T>(rest[..size], Convert.ToBase64String(keyring.ProtectToken(Purpose, Encoding.UTF8.GetBytes(key(rest[size - 1])))));
    }

    private string Open(string marker)
    {
        var bytes = new byte[marker.Length];
        return Convert.TryFromBase64String(marker, bytes, out var length) && keyring.TryOpenToken(Purpose, bytes.AsSpan(0, length), out var key)
            ? Encoding.UTF8.GetString(key)
            : throw IamErrors.Validation("Invalid Marker.");
    }
}
