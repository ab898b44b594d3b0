namespace Strongroom.Server.Audit;

/// <summary>Something the service did by itself. Source: IAM fact sheet 8.5.</summary>
/// <param name="Name">CloudTrail's event name, such as <c>EndSecretVersionDelete</c>.</param>
/// <param name="RequestId">CloudTrail's <c>requestID</c>; for rotations <c>Rotation-ARN-TOKEN</c>; null otherwise.</param>
internal sealed record ServiceEvent(string Name, string Account, string Region, string SecretArn, string? VersionId = null, string? RequestId = null)
{
    /// <summary>The date that it is about, such as that of a purge.</summary>
    public DateTimeOffset? Due { get; init; }

    /// <summary>What went wrong; null for what did not fail.</summary>
    public string? ErrorMessage { get; init; }

    /// <summary>The step of a rotation; null for others.</summary>
    public string? Step { get; init; }

    /// <summary>For what KMS did: the key. There is no secret then.</summary>
    public string? KeyArn { get; private init; }

    public static ServiceEvent OfKey(string name, Kms.KmsKey key) =>
        Protocol.Arn.TryParse(key.Arn) is { } arn ? new(name, arn.Account, arn.Region, "") { KeyArn = key.Arn } : throw new ArgumentException("Not a key.", nameof(key));
}

/// <summary>A use of a customer's KMS key that a call made as its caller.</summary>
/// <param name="Operation"><c>GenerateDataKey</c> or <c>Decrypt</c>.</param>
/// <param name="Error">Null when it succeeded.</param>
internal sealed record KeyUse(string Operation, string KeyArn, IReadOnlyDictionary<string, string> Context, Protocol.ServiceException? Error = null);
