using System.Globalization;

namespace Strongroom.Protocol.SigV4;

/// <summary>
/// First half of authentication: everything that can be decided before the signer's secret is known, in the order AWS decides it.
/// Pure and thread-safe; never throws on account of a request.
/// </summary>
public static class SigV4Parser
{
    private const int MaxExpiresSeconds = 604_800;

    /// <summary>Reads the signature's claims and checks their form, the clock and the scope.</summary>
    /// <param name="now">The server's time.</param>
    /// <param name="authorization">The claims; after a failure only good for describing it.</param>
    /// <returns>False with the first failure in AWS's order of checks.</returns>
    public static bool TryParse<THeaders>(
        in SignedRequest<THeaders> request, SigV4Options options, DateTimeOffset now, out SigV4Authorization authorization, out SigV4Failure failure)
        where THeaders : struct, IHeaderSource
    {
        authorization = new();
        failure = ReadCarrier(request, options, authorization);
        if (failure == SigV4Failure.None)
            failure = ReadTimes(options, authorization);
        if (failure == SigV4Failure.None)
            failure = CheckClock(options, now, authorization);
        if (failure == SigV4Failure.None)
            failure = ReadScope(options, authorization);
        return failure == SigV4Failure.None;
    }

    private static SigV4Failure ReadCarrier<THeaders>(in SignedRequest<THeaders> request, SigV4Options options, SigV4Authorization authorization)
        where THeaders : struct, IHeaderSource
    {
        var header = request.Headers.Find(SignedHeaderNames.Authorization);
        var isQuery = PresignedCarrier.TryRead(request.Query, authorization, out var namesAlgorithm);

        if (header.Count > 0 && namesAlgorithm)
            return SigV4Failure.BothCarriers;

        if (header.Count > 0)
        {
            authorization.IsPresigned = false;
            return HeaderCarrier.Read(header, request.Headers, authorization);
        }

        if (!isQuery)
            return SigV4Failure.MissingAuthentication;

        authorization.IsPresigned = true;
        if (authorization.SessionToken is null && request.Headers.Find(SignedHeaderNames.SecurityToken) is { Count: > 0 } token)
            authorization.SessionToken = token.Joined();
        return PresignedCarrier.MissingNames(authorization, options).Any() ? SigV4Failure.MissingParts : SigV4Failure.None;
    }

    private static SigV4Failure ReadTimes(SigV4Options options, SigV4Authorization authorization)
    {
        var text = authorization.DateText.AsSpan().Trim();
        if (SigV4Timestamp.TryParseBasic(text, out var instant))
            authorization.Timestamp = text.Length == authorization.DateText!.Length ? authorization.DateText : text.ToString();
        else if (SigV4Timestamp.TryParseHttp(text, out instant))
            authorization.Timestamp = SigV4Timestamp.Format(instant);
        else
            return SigV4Failure.MalformedDate;
        authorization.RequestTime = instant;

        if (authorization.IsPresigned && !options.IgnoresExpires)
        {
            if (!int.TryParse(authorization.ExpiresText, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
                || seconds is < 1 or > MaxExpiresSeconds)
            {
                return SigV4Failure.MalformedExpires;
            }

            authorization.Expires = TimeSpan.FromSeconds(seconds);
        }

        return SigV4Failure.None;
    }

    private static SigV4Failure CheckClock(SigV4Options options, DateTimeOffset now, SigV4Authorization authorization)
    {
        // Whole seconds, as in the message; subtracting cannot overflow, adding could.
        var age = WholeSeconds(now) - authorization.RequestTime;
        if (age > (authorization.Expires ?? options.ClockWindow))
            return SigV4Failure.Expired;
        return age < -options.ClockWindow ? SigV4Failure.NotYetCurrent : SigV4Failure.None;
    }

    private static SigV4Failure ReadScope(SigV4Options options, SigV4Authorization authorization)
    {
        var hostIsSigned = false;
        foreach (var range in authorization.SignedHeaders.Span.Split(';'))
            hostIsSigned |= authorization.SignedHeaders.Span[range] is "host";
        if (!hostIsSigned)
            return SigV4Failure.HostNotSigned;

        if (authorization.Algorithm.Span is not Signature.Algorithm)
            return SigV4Failure.UnsupportedAlgorithm;

        var credential = authorization.Credential.Span;
        Span<Range> parts = stackalloc Range[6];
        if (credential.Split(parts, '/') != 5)
            return SigV4Failure.MalformedCredential;

        authorization.AccessKeyId = credential[parts[0]].ToString();
        authorization.Date = credential[parts[1]].ToString();
        authorization.Region = credential[parts[2]].ToString();
        authorization.Service = credential[parts[3]].SequenceEqual(options.Service) ? options.Service : credential[parts[3]].ToString();
        authorization.Terminator = credential[parts[4]] is Signature.Terminator ? Signature.Terminator : credential[parts[4]].ToString();

        return authorization.FindScopeFaults(options) == ScopeFaults.None ? SigV4Failure.None : SigV4Failure.WrongScope;
    }

    internal static DateTimeOffset WholeSeconds(DateTimeOffset instant) => instant.AddTicks(-(instant.Ticks % TimeSpan.TicksPerSecond));
}
