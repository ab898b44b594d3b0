namespace Strongroom.Protocol.SigV4;

/// <summary>Headers as a plain list of name and value in wire order: for signing, and for requests that did not come through a web server.</summary>
public readonly struct HeaderList(IReadOnlyList<KeyValuePair<string, string>> fields) : IHeaderSource
{
    /// <inheritdoc/>
    public HeaderValues Find(string name)
    {
        string? first = null;
        List<string>? all = null;
        foreach (var (key, value) in fields)
        {
            if (!key.Equals(name, StringComparison.OrdinalIgnoreCase))
                continue;
            if (first is null)
                first = value;
            else
                (all ??= [first]).Add(value);
        }

        return all is null ? new(first) : new(all.ToArray());
    }

    /// <inheritdoc/>
    public int CountAmzNames() => fields
        .Select(field => field.Key)
        .Where(name => name.StartsWith(SignedHeaderNames.AmzPrefix, StringComparison.OrdinalIgnoreCase))
        .Distinct(StringComparer.OrdinalIgnoreCase)
        .Count();
}
