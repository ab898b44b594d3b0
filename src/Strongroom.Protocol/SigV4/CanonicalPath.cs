namespace Strongroom.Protocol.SigV4;

/// <summary>The path line of the canonical request, for every service but S3.</summary>
internal static class CanonicalPath
{
    /// <summary>
    /// Drops <c>.</c>, <c>..</c> and empty segments, keeps a trailing slash, then percent-encodes. The path is taken as it was on the wire,
    /// so an encoded byte is encoded a second time: <c>%3A</c> becomes <c>%253A</c>.
    /// </summary>
    public static void Append(ref CanonicalBuffer buffer, ReadOnlySpan<char> path)
    {
        var root = buffer.Length;
        buffer.Append((byte)'/');
        if (path is "" or "/")
            return;

        var kept = 0;
        foreach (var range in path.Split('/'))
        {
            var segment = path[range];
            if (segment is "" or ".")
                continue;

            if (segment is "..")
            {
                if (kept == 0)
                    continue;
                var separator = root + buffer.Written[root..].LastIndexOf((byte)'/');
                buffer.Truncate(Math.Max(separator, root + 1)); // the root slash stays
                kept--;
                continue;
            }

            if (kept++ > 0)
                buffer.Append((byte)'/');
            buffer.AppendEncoded(segment);
        }

        if (kept > 0 && path[^1] == '/')
            buffer.Append((byte)'/');
    }
}
