namespace Strongroom.Policy;

/// <summary>What the connection and the headers say about a request, for the global condition keys. What is null is an absent key.</summary>
/// <remarks>Source: IAM fact sheet 2.6. A simulation knows little: it starts from <see cref="Unknown"/> and sets what it was told.</remarks>
public sealed record RequestFacts
{
    /// <summary>Nothing known: every key that depends on the request is absent.</summary>
    public static RequestFacts Unknown { get; } = new();

    /// <summary>Conditions see whole seconds.</summary>
    public DateTimeOffset? Now { get; init; }

    /// <summary>The peer's address, or the one a trusted proxy forwarded. Not seen by policies when <see cref="ViaService"/> is set.</summary>
    public string? SourceIp { get; init; }

    /// <summary>Whether the caller's connection is encrypted, at a trusted proxy included.</summary>
    public bool? SecureTransport { get; init; }

    public string? UserAgent { get; init; }

    public string? Referer { get; init; }

    /// <summary>From the credential scope.</summary>
    public string? RequestedRegion { get; init; }

    /// <summary>The service that calls with the caller's credentials, such as <c>secretsmanager.amazonaws.com</c> asking for a data key.</summary>
    public string? ViaService { get; init; }

    /// <summary>On calls that a service makes for itself: the resource it acts for.</summary>
    public string? SourceArn { get; init; }

    /// <summary>On calls that a service makes for itself: the account of that resource.</summary>
    public string? SourceAccount { get; init; }
}
