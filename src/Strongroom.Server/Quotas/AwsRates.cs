namespace Strongroom.Server.Quotas;

/// <summary>
/// The request rates that AWS publishes, for <c>rate-limit aws</c>. Sources: API fact sheet 2.8; KMS Developer Guide, "Request quotas"; IAM User Guide, "IAM and AWS STS
/// quotas"; CloudTrail User Guide, "Quotas". AWS publishes none for IAM.
/// </summary>
internal static class AwsRates
{
    public static IReadOnlyList<RateRule> Rules { get; } =
    [
        SecretsManager(40_000, "DescribeSecret"),
        SecretsManager(10_000, "GetSecretValue"),
        SecretsManager(100, "BatchGetSecretValue"),
        SecretsManager(100, "ListSecrets"),
        SecretsManager(50, "ListSecretVersionIds"),
        SecretsManager(50, "CreateSecret"),
        SecretsManager(50, "DeleteSecret"),
        SecretsManager(50, "RestoreSecret"),
        SecretsManager(50, "GetRandomPassword"),
        SecretsManager(50, "PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy", "ValidateResourcePolicy"),
        SecretsManager(
            50, "PutSecretValue", "UpdateSecret", "UpdateSecretVersionStage", "ReplicateSecretToRegions", "RemoveRegionsFromReplication", "StopReplicationToReplica"),
        SecretsManager(50, "RotateSecret", "CancelRotateSecret"),
        SecretsManager(50, "TagResource", "UntagResource"),

        // The rate of most regions.
        Kms(20_000, "Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "GenerateRandom", "ReEncrypt"),
        Kms(2000, "DescribeKey"),
        Kms(2000, "ListResourceTags"),
        Kms(1000, "GetKeyPolicy"),
        Kms(1000, "GetKeyRotationStatus"),
        Kms(500, "ListAliases"),
        Kms(500, "ListKeys"),
        Kms(100, "ListGrants"),
        Kms(100, "ListKeyPolicies"),
        Kms(100, "ListRetirableGrants"),
        Kms(50, "CreateGrant"),
        Kms(30, "RetireGrant"),
        Kms(30, "RevokeGrant"),
        Kms(15, "DeleteAlias"),
        Kms(15, "EnableKeyRotation"),
        Kms(15, "PutKeyPolicy"),
        Kms(15, "ScheduleKeyDeletion"),
        Kms(10, "TagResource"),
        Kms(5, "CancelKeyDeletion"),
        Kms(5, "CreateAlias"),
        Kms(5, "CreateKey"),
        Kms(5, "DisableKey"),
        Kms(5, "DisableKeyRotation"),
        Kms(5, "EnableKey"),
        Kms(5, "UntagResource"),
        Kms(5, "UpdateAlias"),
        Kms(5, "UpdateKeyDescription"),

        Of("sts", 600, "AssumeRole", "GetAccessKeyInfo", "GetCallerIdentity", "GetFederationToken", "GetSessionToken"),
        Of("cloudtrail", 2, "LookupEvents"),
    ];

    private static RateRule SecretsManager(int perSecond, params string[] operations) => Of("secretsmanager", perSecond, operations);

    private static RateRule Kms(int perSecond, params string[] operations) => Of("kms", perSecond, operations);

    private static RateRule Of(string service, int perSecond, params string[] operations) =>
        new(RateScope.Account, [.. operations.Select(name => $"{service}:{name}")], null, new Rate(perSecond, perSecond));
}
