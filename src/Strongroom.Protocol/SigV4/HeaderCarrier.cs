namespace Strongroom.Protocol.SigV4;

/// <summary>Reads <c>Authorization: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…</c>: parts in any order, spaces optional.</summary>
internal static class HeaderCarrier
{
    public static SigV4Failure Read<THeaders>(HeaderValues values, THeaders headers, SigV4Authorization authorization)
        where THeaders : struct, IHeaderSource
    {
        var header = authorization.Header = values.Joined();
        var rest = header.AsMemory().Trim();
        if (!rest.Span.StartsWith("AWS4-"))
            return SigV4Failure.MissingAuthentication;

        var space = rest.Span.IndexOf(' ');
        authorization.Algorithm = space < 0 ? rest : rest[..space];
        rest = space < 0 ? default : rest[(space + 1)..];

        // Whether the second of two says the same or not, some proxy on the way may have believed the other one.
        var repeated = values.Count > 1;
        ReadOnlyMemory<char>? credential = null, signedHeaders = null, signature = null;
        while (!rest.IsEmpty)
        {
            var comma = rest.Span.IndexOf(',');
            var part = (comma < 0 ? rest : rest[..comma]).Trim();
            rest = comma < 0 ? default : rest[(comma + 1)..];
            if (part.IsEmpty)
                continue;

            var equals = part.Span.IndexOf('=');
            if (equals < 0)
            {
                authorization.BadPart = part.ToString();
                return SigV4Failure.NotKeyValue;
            }

            var value = part[(equals + 1)..];
            switch (part.Span[..equals])
            {
                case "Credential":
                    repeated |= credential is not null;
                    credential = value;
                    break;
                case "SignedHeaders":
                    repeated |= signedHeaders is not null;
                    signedHeaders = value;
                    break;
                case "Signature":
                    repeated |= signature is not null;
                    signature = value;
                    break;
            }
        }

        authorization.Credential = credential ?? default;
        authorization.SignedHeaders = signedHeaders ?? default;
        authorization.Signature = signature ?? default;
        authorization.DateText = Text(headers.Find(SignedHeaderNames.AmzDate)) ?? Text(headers.Find(SignedHeaderNames.Date));
        authorization.SessionToken = Text(headers.Find(SignedHeaderNames.SecurityToken));

        if (repeated)
            return SigV4Failure.Repeated;
        return authorization.Credential.IsEmpty || authorization.Signature.IsEmpty || authorization.SignedHeaders.IsEmpty || authorization.DateText is null
            ? SigV4Failure.MissingParts
            : SigV4Failure.None;
    }

    private static string? Text(HeaderValues values) => values.Count == 0 ? null : values.Joined();
}
