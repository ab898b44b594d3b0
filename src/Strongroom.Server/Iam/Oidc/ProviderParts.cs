using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Oidc;

/// <summary>Checks what providers are made of. Source: IAM fact sheet 6.2, 6.5.</summary>
internal static class ProviderParts
{
    private const int MaxClientIds = 100;
    private const int MaxThumbprints = 5;
    private const string Scheme = "https://";

    /// <summary>The issuer as it is kept: without the scheme, otherwise as given, a slash at its end too: tokens and Terraform spell it so.</summary>
    /// <remarks>Differs from AWS: a port may be given; an issuer inside a network seldom has 443.</remarks>
    /// <exception cref="Protocol.ServiceException">ValidationError.</exception>
    public static string CheckUrl(string url)
    {
        // Not only https: what Uri takes for well-formed may still carry a name and a password, or a query that no issuer has.
        var isRight = url.StartsWith(Scheme, StringComparison.Ordinal)
            && url.All(c => c is > ' ' and < '\x7f')
            && Uri.TryCreate(url, UriKind.Absolute, out var uri)
            && uri is { UserInfo: "", Query: "", Fragment: "" }
            && uri.Host.Length > 0
            && !url.AsSpan().ContainsAny('?', '#', '@');
        return isRight ? url[Scheme.Length..] : throw IamErrors.Validation("Invalid Open ID Connect Provider URL");
    }

    /// <summary>The issuer as answers show it: without the scheme, as AWS does.</summary>
    /// <remarks>Differs from AWS: with the scheme where there is a port, which AWS never has: to Terraform <c>host:8443</c> is no URL, and it would replace the
    /// provider with every plan.</remarks>
    public static string Show(string url) => url.Split('/')[0].Contains(':', StringComparison.Ordinal) ? Scheme + url : url;

    /// <exception cref="Protocol.ServiceException">LimitExceeded, InvalidInput.</exception>
    public static IReadOnlyList<string> CheckClientIds(IEnumerable<string> ids)
    {
        IReadOnlyList<string> distinct = [.. ids.Distinct(StringComparer.Ordinal)];
        if (distinct.FirstOrDefault(id => !XmlParts.CanHold(id)) is not null)
            throw IamErrors.InvalidInput("The specified value for clientID is invalid. It must not contain control characters.");
        return distinct.Count <= MaxClientIds ? distinct : throw IamErrors.QuotaExceeded("ClientIdsPerOpenIdConnectProvider", MaxClientIds);
    }

    /// <exception cref="Protocol.ServiceException">InvalidInput.</exception>
    public static IReadOnlyList<string> CheckThumbprints(IReadOnlyList<string> thumbprints)
    {
        if (thumbprints.Count > MaxThumbprints)
            throw IamErrors.InvalidInput("Thumbprint list must contain fewer than 5 entries.");
        return thumbprints.All(print => print.All(char.IsAsciiHexDigit))
            ? [.. thumbprints.Select(print => print.ToLowerInvariant())]
            : throw IamErrors.InvalidInput("Thumbprint must be 40 hexadecimal digits.");
    }
}
