namespace Strongroom.Protocol.SigV4;

/// <summary>How errors travel: JSON 1.1 (Secrets Manager, KMS, CloudTrail) or Query (STS, IAM).</summary>
public enum SigV4Protocol
{
    /// <summary>Codes end in <c>Exception</c>, the status is always 400.</summary>
    Json,

    /// <summary>XML codes, mostly with status 403.</summary>
    Query,
}

/// <summary>What a request must be signed for, which the server knows from routing before it authenticates. Make one per service and keep it.</summary>
public sealed class SigV4Options
{
    /// <summary>The service name the credential must be scoped to, for example <c>secretsmanager</c>.</summary>
    public required string Service { get; init; }

    /// <summary>Whether a region exists here. Called with unauthenticated text; must not throw.</summary>
    public required Func<string, bool> IsRegion { get; init; }

    /// <summary>Which codes and statuses <see cref="SigV4Failures.Describe"/> uses. Default: <see cref="SigV4Protocol.Json"/>.</summary>
    public SigV4Protocol Protocol { get; init; } = SigV4Protocol.Json;

    /// <summary>How far the signing time may lie from now, either way; whole minutes. Default: 5 minutes.</summary>
    public TimeSpan ClockWindow { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// True for STS: a presigned request is good for <see cref="ClockWindow"/> whatever X-Amz-Expires says. Kubernetes authenticators
    /// send 60 seconds and depend on 15 minutes.
    /// </summary>
    public bool IgnoresExpires { get; init; }

    /// <summary>Options of a JSON service: 5 minutes.</summary>
    public static SigV4Options Json(string service, Func<string, bool> isRegion) => new() { Service = service, IsRegion = isRegion };

    /// <summary>Options of STS or IAM: 15 minutes, X-Amz-Expires ignored by STS only.</summary>
    public static SigV4Options Query(string service, Func<string, bool> isRegion) => new()
    {
        Service = service,
        IsRegion = isRegion,
        Protocol = SigV4Protocol.Query,
        ClockWindow = TimeSpan.FromMinutes(15),
        IgnoresExpires = service == "sts",
    };
}
