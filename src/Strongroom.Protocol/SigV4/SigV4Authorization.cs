namespace Strongroom.Protocol.SigV4;

/// <summary>
/// What a request claims about its signer. Nothing in it is true until <see cref="SigV4Verifier"/> has said so. After a failed parse it holds as
/// much as was read, for <see cref="SigV4Failures.Describe"/> only.
/// </summary>
public sealed class SigV4Authorization
{
    internal SigV4Authorization()
    {
    }

    /// <summary>True when the query carries the signature, false when the Authorization header does.</summary>
    public bool IsPresigned { get; internal set; }

    /// <summary>First part of the credential.</summary>
    public string AccessKeyId { get; internal set; } = "";

    /// <summary>The scope's date, <c>yyyymmdd</c>; the UTC date of <see cref="RequestTime"/>.</summary>
    public string Date { get; internal set; } = "";

    /// <summary>The scope's region: the one whose secrets and keys the request is about.</summary>
    public string Region { get; internal set; } = "";

    /// <summary>The scope's service.</summary>
    public string Service { get; internal set; } = "";

    /// <summary>The session token, from the carrier of the signature; null when there is none.</summary>
    public string? SessionToken { get; internal set; }

    /// <summary>
    /// Whether a session token is there exactly when the access key is a temporary one (<c>ASIA…</c>). When not, AWS treats the key as unknown.
    /// </summary>
    public bool TokenFitsAccessKey => AccessKeyId.StartsWith("ASIA", StringComparison.Ordinal) == (SessionToken is not null);

    /// <summary>When the request says it was signed.</summary>
    public DateTimeOffset RequestTime { get; internal set; }

    /// <summary>How long a presigned request asked to be valid; null for other requests and where the service ignores it.</summary>
    public TimeSpan? Expires { get; internal set; }

    /// <summary>The client's list of signed headers, verbatim.</summary>
    public ReadOnlyMemory<char> SignedHeaders { get; internal set; }

    /// <summary>The signature as sent; not known to be 64 hex digits.</summary>
    public ReadOnlyMemory<char> Signature { get; internal set; }

    internal ReadOnlyMemory<char> Algorithm { get; set; }

    internal ReadOnlyMemory<char> Credential { get; set; }

    internal string Terminator { get; set; } = "";

    /// <summary>The date as sent.</summary>
    internal string? DateText { get; set; }

    /// <summary>The date in ISO 8601 basic, whatever form it was sent in: the second line of the string to sign.</summary>
    internal string Timestamp { get; set; } = "";

    /// <summary>The X-Amz-Expires as sent.</summary>
    internal string? ExpiresText { get; set; }

    /// <summary>The whole Authorization header.</summary>
    internal string Header { get; set; } = "";

    /// <summary>The part of the Authorization header that is no key=value pair.</summary>
    internal string BadPart { get; set; } = "";

    /// <summary>The credential without its access key id.</summary>
    internal ReadOnlyMemory<char> Scope => Credential[(AccessKeyId.Length + 1)..];

    internal ScopeFaults FindScopeFaults(SigV4Options options) =>
        (options.IsRegion(Region) ? 0 : ScopeFaults.Region)
        | (Service == options.Service ? 0 : ScopeFaults.Service)
        | (Terminator == SigV4.Signature.Terminator ? 0 : ScopeFaults.Terminator)
        | (Timestamp.AsSpan(0, 8).SequenceEqual(Date) ? 0 : ScopeFaults.Date);
}

/// <summary>What is wrong with a credential's scope; AWS reports all of it in one message.</summary>
[Flags]
internal enum ScopeFaults
{
    None = 0,
    Region = 1,
    Service = 2,
    Terminator = 4,
    Date = 8,
}
