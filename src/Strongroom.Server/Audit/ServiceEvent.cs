namespace Strongroom.Server.Audit;

/// <summary>Something the service did by itself. Source: IAM fact sheet 8.5.</summary>
/// <param name="Name">CloudTrail's event name, such as <c>EndSecretVersionDelete</c>.</param>
/// <param name="RequestId">CloudTrail's <c>requestID</c>; for rotations <c>Rotation-ARN-TOKEN</c>; null otherwise.</param>
internal sealed record ServiceEvent(string Name, string Account, string Region, string SecretArn, string? VersionId = null, string? RequestId = null);
