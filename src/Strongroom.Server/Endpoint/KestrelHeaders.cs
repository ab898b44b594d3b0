using System.Buffers;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using Strongroom.Protocol.SigV4;

namespace Strongroom.Server.Endpoint;

/// <summary>Kestrel's headers as the verifier reads them. HTTP/2's <c>:authority</c> arrives in <see cref="IHeaderDictionary.Host"/> too.</summary>
internal readonly struct KestrelHeaders(IHeaderDictionary headers) : IHeaderSource
{
    public HeaderValues Find(string name)
    {
        if (!headers.TryGetValue(name, out var values))
            return default;
        return values.Count == 1 ? new HeaderValues(values.ToString()) : new HeaderValues([.. values]);
    }

    public int CountAmzNames()
    {
        // Copied out, because the enumerator behind this interface is boxed and costs two calls a header.
        var all = ArrayPool<KeyValuePair<string, StringValues>>.Shared.Rent(headers.Count);
        headers.CopyTo(all, 0);
        var count = 0;
        foreach (var header in all.AsSpan(0, headers.Count))
        {
            if (header.Key.StartsWith("x-amz-", StringComparison.OrdinalIgnoreCase))
                count++;
        }

        // Cleared: it may hold a session token.
        ArrayPool<KeyValuePair<string, StringValues>>.Shared.Return(all, clearArray: true);
        return count;
    }
}
