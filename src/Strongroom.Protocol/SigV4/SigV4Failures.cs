using System.Globalization;
using System.Text;

namespace Strongroom.Protocol.SigV4;

/// <summary>What a refused caller is told.</summary>
/// <param name="Code">For JSON the value of <c>__type</c>, for Query that of <c>Code</c>.</param>
/// <param name="HttpStatus">400 or 403.</param>
public readonly record struct SigV4Error(string Code, string Message, int HttpStatus);

/// <summary>AWS's codes, texts and statuses for each <see cref="SigV4Failure"/>.</summary>
/// <remarks>
/// Texts recorded from AWS, except those of <see cref="SigV4Failure.Repeated"/> and <see cref="SigV4Failure.MalformedExpires"/>, which are ours.
/// They quote the request, never a secret, a session token or the canonical request.
/// </remarks>
public static class SigV4Failures
{
    /// <param name="authorization">As left by the parser.</param>
    /// <param name="now">The time that was given to the parser.</param>
    public static SigV4Error Describe(SigV4Failure failure, SigV4Authorization authorization, SigV4Options options, DateTimeOffset now)
    {
        var message = failure switch
        {
            SigV4Failure.BothCarriers => "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
            SigV4Failure.MissingAuthentication => "Request is missing Authentication Token",
            SigV4Failure.NotKeyValue =>
                $"'{authorization.BadPart}' not a valid key=value pair (missing equal-sign) in Authorization header: '{authorization.Header}'.",
            SigV4Failure.Repeated => $"Authorization header and each of its parts must be given once: '{authorization.Header}'.",
            SigV4Failure.MissingParts => authorization.IsPresigned ? MissingQueryParts(authorization, options) : MissingHeaderParts(authorization),
            SigV4Failure.MalformedDate =>
                $"Date must be in ISO-8601 'basic format'. Got '{authorization.DateText}'. See http://en.wikipedia.org/wiki/ISO_8601",
            SigV4Failure.MalformedExpires => $"X-Amz-Expires must be a number of seconds from 1 to 604800. Got '{authorization.ExpiresText}'.",
            SigV4Failure.Expired => Expired(authorization, options, SigV4Parser.WholeSeconds(now)),
            SigV4Failure.NotYetCurrent => NotYetCurrent(authorization, options, SigV4Parser.WholeSeconds(now)),
            SigV4Failure.HostNotSigned => "'Host' must be a 'SignedHeader' in the AWS Authorization.",
            SigV4Failure.UnsupportedAlgorithm => $"Unsupported AWS 'algorithm': '{authorization.Algorithm}' (only AWS4-HMAC-SHA256 for now). ",
            SigV4Failure.MalformedCredential =>
                $"Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{authorization.Credential}'",
            SigV4Failure.WrongScope => WrongScope(authorization, options),
            SigV4Failure.UnknownAccessKey => "The security token included in the request is invalid.",
            SigV4Failure.SignatureMismatch =>
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. "
                + "Consult the service documentation for details.",
            SigV4Failure.UnknownSessionToken => "The security token included in the request is invalid",
            SigV4Failure.ExpiredSessionToken => "The security token included in the request is expired",
            _ => throw new ArgumentOutOfRangeException(nameof(failure)),
        };

        var (json, query, queryStatus) = Codes(failure);
        return options.Protocol == SigV4Protocol.Json ? new(json, message, 400) : new(query, message, queryStatus);
    }

    private static (string Json, string Query, int QueryStatus) Codes(SigV4Failure failure) => failure switch
    {
        SigV4Failure.MissingAuthentication => ("MissingAuthenticationTokenException", "MissingAuthenticationToken", 403),
        SigV4Failure.NotKeyValue or SigV4Failure.Repeated or SigV4Failure.MissingParts or SigV4Failure.MalformedDate
            or SigV4Failure.MalformedExpires or SigV4Failure.UnsupportedAlgorithm or SigV4Failure.MalformedCredential
            => ("IncompleteSignatureException", "IncompleteSignature", 400),
        SigV4Failure.UnknownAccessKey or SigV4Failure.UnknownSessionToken => ("UnrecognizedClientException", "InvalidClientTokenId", 403),
        SigV4Failure.ExpiredSessionToken => ("ExpiredTokenException", "ExpiredToken", 403),
        _ => ("InvalidSignatureException", "SignatureDoesNotMatch", 403),
    };

    private static string MissingHeaderParts(SigV4Authorization authorization)
    {
        var text = new StringBuilder();
        if (authorization.Credential.IsEmpty)
            text.Append("Authorization header requires 'Credential' parameter. ");
        if (authorization.Signature.IsEmpty)
            text.Append("Authorization header requires 'Signature' parameter. ");
        if (authorization.SignedHeaders.IsEmpty)
            text.Append("Authorization header requires 'SignedHeaders' parameter. ");
        if (authorization.DateText is null)
            text.Append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ");
        return text.Append("Authorization=").Append(authorization.Header).ToString();
    }

    private static string MissingQueryParts(SigV4Authorization authorization, SigV4Options options)
    {
        var text = new StringBuilder();
        foreach (var name in PresignedCarrier.MissingNames(authorization, options))
            text.Append("AWS query-string parameters must include '").Append(name).Append("'. ");
        return text.Append("Re-examine the query-string parameters.").ToString();
    }

    private static string Expired(SigV4Authorization authorization, SigV4Options options, DateTimeOffset now)
    {
        var allowed = authorization.Expires ?? options.ClockWindow;
        return $"Signature expired: {authorization.Timestamp} is now earlier than {SigV4Timestamp.Format(now - allowed)} "
            + $"({SigV4Timestamp.Format(now)} - {Length(allowed)})";
    }

    private static string NotYetCurrent(SigV4Authorization authorization, SigV4Options options, DateTimeOffset now) =>
        $"Signature not yet current: {authorization.Timestamp} is still later than {SigV4Timestamp.Format(now + options.ClockWindow)} "
        + $"({SigV4Timestamp.Format(now)} + {Length(options.ClockWindow)})";

    private static string Length(TimeSpan allowed) => allowed.Ticks % TimeSpan.TicksPerMinute == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{allowed.TotalMinutes} min.")
        : string.Create(CultureInfo.InvariantCulture, $"{allowed.TotalSeconds} sec.");

    private static string WrongScope(SigV4Authorization authorization, SigV4Options options)
    {
        var faults = authorization.FindScopeFaults(options);
        var text = new StringBuilder();
        if (faults.HasFlag(ScopeFaults.Region))
            text.Append("Credential should be scoped to a valid region, not '").Append(authorization.Region).Append("'. ");
        if (faults.HasFlag(ScopeFaults.Service))
            text.Append("Credential should be scoped to correct service: '").Append(options.Service).Append("'. ");
        if (faults.HasFlag(ScopeFaults.Terminator))
            text.Append("Credential should be scoped with a valid terminator: 'aws4_request', not '").Append(authorization.Terminator).Append("'. ");
        if (faults.HasFlag(ScopeFaults.Date))
        {
            text.Append("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '").Append(authorization.Date)
                .Append("' != '").Append(authorization.Timestamp.AsSpan(0, 8)).Append("', from '").Append(authorization.Timestamp).Append("'.");
        }

        return text.ToString();
    }
}
