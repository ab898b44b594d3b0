namespace Strongroom.Protocol.SigV4;

/// <summary>The parts of a request that a signature covers, exactly as they came over the wire. The body travels beside it.</summary>
public readonly ref struct SignedRequest<THeaders>
    where THeaders : struct, IHeaderSource
{
    /// <param name="method">The method as received.</param>
    /// <param name="rawTarget">Path and query before any decoding. The absolute form (<c>http://host/path</c>) is read as its path and query.</param>
    /// <param name="headers">See <see cref="IHeaderSource"/>.</param>
    public SignedRequest(string method, string rawTarget, THeaders headers)
    {
        Method = method;
        Headers = headers;

        var target = rawTarget.AsSpan();
        if (target is not ['/', ..] && target.IndexOf("://") is >= 0 and var scheme)
        {
            target = target[(scheme + 3)..];
            var authorityEnd = target.IndexOfAny('/', '?');
            target = authorityEnd < 0 ? [] : target[authorityEnd..];
        }

        var question = target.IndexOf('?');
        Path = question < 0 ? target : target[..question];
        Query = question < 0 ? [] : target[(question + 1)..];
    }

    public string Method { get; }

    public THeaders Headers { get; }

    /// <summary>Everything before the first question mark.</summary>
    public ReadOnlySpan<char> Path { get; }

    /// <summary>Everything after the first question mark; empty without one.</summary>
    public ReadOnlySpan<char> Query { get; }
}
