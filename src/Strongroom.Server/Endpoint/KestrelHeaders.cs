using Microsoft.AspNetCore.Http;
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
        var count = 0;
        foreach (var header in headers)
        {
            if (header.Key.StartsWith("x-amz-", StringComparison.OrdinalIgnoreCase))
                count++;
        }

        return count;
    }
}
