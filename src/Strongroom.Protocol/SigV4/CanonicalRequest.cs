namespace Strongroom.Protocol.SigV4;

/// <summary>Writes the text whose hash is signed: method, path, query, headers, header names and payload hash, one per line.</summary>
/// <remarks>Source: IAM User Guide, "Create a signed AWS API request", step 1.</remarks>
internal static class CanonicalRequest
{
    /// <param name="signedHeaders">The client's list, which must be lower case, sorted and without duplicates.</param>
    /// <param name="payloadHash">Lower-case hex.</param>
    /// <returns>
    /// False when no signature over this request can be accepted: the list is malformed, names a header that did not arrive, or leaves out an
    /// <c>x-amz-*</c> header that did. Unsigned, such a header would let whoever captured a request swap the operation in it.
    /// </returns>
    public static bool TryAppend<THeaders>(
        ref CanonicalBuffer buffer,
        in SignedRequest<THeaders> request,
        ReadOnlySpan<char> signedHeaders,
        bool isPresigned,
        ReadOnlySpan<byte> payloadHash)
        where THeaders : struct, IHeaderSource
    {
        buffer.Append(request.Method);
        buffer.Append((byte)'\n');
        CanonicalPath.Append(ref buffer, request.Path);
        buffer.Append((byte)'\n');
        CanonicalQuery.Append(ref buffer, request.Query, withoutSignature: isPresigned);
        buffer.Append((byte)'\n');
        if (!TryAppendHeaders(ref buffer, request.Headers, signedHeaders))
            return false;
        buffer.Append((byte)'\n');
        buffer.Append(signedHeaders);
        buffer.Append((byte)'\n');
        buffer.Append(payloadHash);
        return !buffer.Unrepresentable;
    }

    private static bool TryAppendHeaders<THeaders>(ref CanonicalBuffer buffer, THeaders headers, ReadOnlySpan<char> signedHeaders)
        where THeaders : struct, IHeaderSource
    {
        var previous = ReadOnlySpan<char>.Empty;
        var signedAmzNames = 0;
        foreach (var range in signedHeaders.Split(';'))
        {
            var name = signedHeaders[range];
            // Strictly ascending also means non-empty and unique.
            if (name.SequenceCompareTo(previous) <= 0 || name.ContainsAnyInRange('A', 'Z'))
                return false;
            previous = name;

            var values = headers.Find(SignedHeaderNames.Get(name));
            if (values.Count == 0)
                return false;
            if (name.StartsWith(SignedHeaderNames.AmzPrefix))
                signedAmzNames++;

            buffer.Append(name);
            buffer.Append((byte)':');
            for (var i = 0; i < values.Count; i++)
            {
                if (i > 0)
                    buffer.Append((byte)',');
                buffer.AppendCollapsed(values[i]);
            }

            buffer.Append((byte)'\n');
        }

        // The signed names are distinct and all present, so equal counts mean equal sets.
        return signedAmzNames == headers.CountAmzNames();
    }
}
