using Strongroom.Protocol.SigV4;

namespace Strongroom.Server.Endpoint;

/// <summary>A service as requests name it: how calls find it, sign for it and are answered.</summary>
/// <param name="Name">Signing name, such as <c>secretsmanager</c>.</param>
/// <param name="TargetPrefix">What <c>X-Amz-Target</c> begins with, dot included; null for a Query or REST service.</param>
/// <param name="QueryVersion">The <c>Version</c> of its Query requests; null for a JSON or REST service.</param>
/// <param name="XmlNamespace">Of its Query answers.</param>
internal sealed record ServiceProtocol(string Name, string? TargetPrefix, string? QueryVersion, string? XmlNamespace)
{
    /// <summary>A second prefix that some callers use; null for none.</summary>
    public string? OtherTargetPrefix { get; init; }

    public static ServiceProtocol SecretsManager { get; } = Json("secretsmanager", "secretsmanager.");

    public static ServiceProtocol Kms { get; } = Json("kms", "TrentService.");

    /// <summary>SDKs send the long prefix. Source: IAM fact sheet 0.1.</summary>
    public static ServiceProtocol CloudTrail { get; } =
        Json("cloudtrail", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.") with { OtherTargetPrefix = "CloudTrail_20131101." };

    /// <summary>Our own operations: the same protocol under our own name. Source: architecture.md section 9.</summary>
    public static ServiceProtocol Strongroom { get; } = Json("strongroom", "Strongroom.");

    public static ServiceProtocol Sts { get; } = Query("sts", "2011-06-15", "https://sts.amazonaws.com/doc/2011-06-15/");

    public static ServiceProtocol Iam { get; } = Query("iam", "2010-05-08", "https://iam.amazonaws.com/doc/2010-05-08/");

    public static ServiceProtocol Lambda { get; } = new("lambda", null, null, null);

    public static IReadOnlyList<ServiceProtocol> All { get; } = [SecretsManager, Kms, CloudTrail, Strongroom, Sts, Iam, Lambda];

    /// <summary>Whether its operations are found by method and path, and its errors named in a header.</summary>
    public bool IsRest => TargetPrefix is null && QueryVersion is null;

    public SigV4Options Signing(Regions regions) =>
        QueryVersion is null ? SigV4Options.Json(Name, regions.IsValid) : SigV4Options.Query(Name, regions.IsValid);

    private static ServiceProtocol Json(string name, string prefix) => new(name, prefix, null, null);

    private static ServiceProtocol Query(string name, string version, string xmlNamespace) => new(name, null, version, xmlNamespace);
}
