namespace Strongroom.Protocol.SigV4;

/// <summary>
/// Why a request is not authenticated, in the order AWS checks. Nothing throws before authentication, so a flood of bad signatures stays cheap;
/// <see cref="SigV4Failures.Describe"/> makes the text once somebody needs it.
/// </summary>
public enum SigV4Failure
{
    /// <summary>Not a failure.</summary>
    None,

    /// <summary>Credentials both in the query and in the Authorization header.</summary>
    BothCarriers,

    /// <summary>No credentials, or an Authorization header of another scheme.</summary>
    MissingAuthentication,

    /// <summary>A part of the Authorization header has no equals sign.</summary>
    NotKeyValue,

    /// <summary>The Authorization header, or one of its parts, was given twice.</summary>
    Repeated,

    /// <summary>A required part is missing.</summary>
    MissingParts,

    /// <summary>The date is not ISO 8601 basic.</summary>
    MalformedDate,

    /// <summary>X-Amz-Expires is not a number of seconds from 1 to 604800.</summary>
    MalformedExpires,

    /// <summary>Signed too long ago.</summary>
    Expired,

    /// <summary>Signed in the future.</summary>
    NotYetCurrent,

    /// <summary><c>host</c> is not among the signed headers.</summary>
    HostNotSigned,

    /// <summary>Any algorithm but AWS4-HMAC-SHA256.</summary>
    UnsupportedAlgorithm,

    /// <summary>The credential does not have five parts.</summary>
    MalformedCredential,

    /// <summary>The credential is scoped to a wrong region, service, terminator or date.</summary>
    WrongScope,

    /// <summary>For the caller to report: the access key is unknown or inactive, or carries a token it should not have, or lacks one.</summary>
    UnknownAccessKey,

    /// <summary>The request is not what the holder of the secret signed.</summary>
    SignatureMismatch,

    /// <summary>For the caller to report: the session token is not valid for the access key.</summary>
    UnknownSessionToken,

    /// <summary>For the caller to report: the session is over.</summary>
    ExpiredSessionToken,
}
