namespace Strongroom.Protocol.SigV4;

/// <summary>Reads the <c>X-Amz-*</c> query parameters of a presigned request. Their names are case-sensitive; the first of several counts.</summary>
internal static class PresignedCarrier
{
    /// <param name="namesAlgorithm">True when X-Amz-Algorithm is there, which settles that the query is meant to carry a signature.</param>
    /// <returns>True when any parameter is there that only a presigned request has.</returns>
    public static bool TryRead(ReadOnlySpan<char> query, SigV4Authorization authorization, out bool namesAlgorithm)
    {
        namesAlgorithm = false;
        if (query.IsEmpty)
            return false;

        string? algorithm = null, credential = null, signature = null, signedHeaders = null, date = null, expires = null, token = null;
        var parameters = new QueryParameters(query);
        while (parameters.MoveNext())
        {
            var name = parameters.Name;
            // A name may be encoded ("X%2DAmz%2DDate"); the canonical query decodes it, so it must mean the same here.
            if (name.Contains('%'))
                name = QueryParameters.Decode(name);

            switch (name)
            {
                case "X-Amz-Algorithm": algorithm ??= QueryParameters.Decode(parameters.Value); break;
                case "X-Amz-Credential": credential ??= QueryParameters.Decode(parameters.Value); break;
                case "X-Amz-Signature": signature ??= QueryParameters.Decode(parameters.Value); break;
                case "X-Amz-SignedHeaders": signedHeaders ??= QueryParameters.Decode(parameters.Value); break;
                case "X-Amz-Date": date ??= QueryParameters.Decode(parameters.Value); break;
                case "X-Amz-Expires": expires ??= QueryParameters.Decode(parameters.Value); break;
                case "X-Amz-Security-Token": token ??= QueryParameters.Decode(parameters.Value); break;
            }
        }

        authorization.Algorithm = algorithm.AsMemory();
        authorization.Credential = credential.AsMemory();
        authorization.Signature = signature.AsMemory();
        authorization.SignedHeaders = signedHeaders.AsMemory();
        authorization.DateText = date;
        authorization.ExpiresText = expires;
        authorization.SessionToken = token;
        namesAlgorithm = algorithm is not null;
        return (algorithm ?? credential ?? signature ?? signedHeaders ?? date) is not null;
    }

    /// <summary>The required parameters that are missing or empty, in the order AWS lists them.</summary>
    public static IEnumerable<string> MissingNames(SigV4Authorization authorization, SigV4Options options)
    {
        if (authorization.Algorithm.IsEmpty)
            yield return "X-Amz-Algorithm";
        if (authorization.Credential.IsEmpty)
            yield return "X-Amz-Credential";
        if (authorization.Signature.IsEmpty)
            yield return "X-Amz-Signature";
        if (authorization.SignedHeaders.IsEmpty)
            yield return "X-Amz-SignedHeaders";
        if (string.IsNullOrEmpty(authorization.DateText))
            yield return "X-Amz-Date";
        if (string.IsNullOrEmpty(authorization.ExpiresText) && !options.IgnoresExpires)
            yield return "X-Amz-Expires";
    }
}
