using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Kms;

/// <summary>Source: KMS model, CreateKey; IAM fact sheet 7.1, 7.2.</summary>
internal sealed class CreateKeyRequest
{
    public string? Policy { get; private set; }
    public string? Description { get; private set; }
    public string? KeyUsage { get; private set; }
    public string? CustomerMasterKeySpec { get; private set; }
    public string? KeySpec { get; private set; }
    public string? Origin { get; private set; }
    public string? CustomKeyStoreId { get; private set; }
    public bool? BypassPolicyLockoutSafetyCheck { get; private set; }
    public IReadOnlyList<KmsTagParameter>? Tags { get; private set; }
    public bool? MultiRegion { get; private set; }
    public string? XksKeyId { get; private set; }

    public static Shape<CreateKeyRequest> Shape { get; } = new(
        Member.String<CreateKeyRequest>("Policy", r => r.Policy, (r, v) => r.Policy = v, KmsLimits.Policy),
        Member.String<CreateKeyRequest>("Description", r => r.Description, (r, v) => r.Description = v, KmsLimits.Description),
        Member.String<CreateKeyRequest>(
            "KeyUsage", r => r.KeyUsage, (r, v) => r.KeyUsage = v, Constraint.Enum("SIGN_VERIFY", "ENCRYPT_DECRYPT", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT")),
        Member.String<CreateKeyRequest>(
            "CustomerMasterKeySpec", r => r.CustomerMasterKeySpec, (r, v) => r.CustomerMasterKeySpec = v, Constraint.Enum(
                "RSA_2048", "RSA_3072", "RSA_4096", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1", "SYMMETRIC_DEFAULT",
                "HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512", "SM2")),
        Member.String<CreateKeyRequest>(
            "KeySpec", r => r.KeySpec, (r, v) => r.KeySpec = v, Constraint.Enum(
                "RSA_2048", "RSA_3072", "RSA_4096", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1", "SYMMETRIC_DEFAULT",
                "HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512", "SM2", "ML_DSA_44", "ML_DSA_65", "ML_DSA_87", "ECC_NIST_EDWARDS25519")),
        Member.String<CreateKeyRequest>(
            "Origin", r => r.Origin, (r, v) => r.Origin = v, Constraint.Enum("AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE")),
        Member.String<CreateKeyRequest>("CustomKeyStoreId", r => r.CustomKeyStoreId, (r, v) => r.CustomKeyStoreId = v, KmsLimits.CustomKeyStoreId),
        Member.Bool<CreateKeyRequest>(
            "BypassPolicyLockoutSafetyCheck", r => r.BypassPolicyLockoutSafetyCheck, (r, v) => r.BypassPolicyLockoutSafetyCheck = v),
        Member.Structs<CreateKeyRequest, KmsTagParameter>("Tags", KmsTagParameter.Shape, r => r.Tags, (r, v) => r.Tags = v),
        Member.Bool<CreateKeyRequest>("MultiRegion", r => r.MultiRegion, (r, v) => r.MultiRegion = v),
        Member.String<CreateKeyRequest>(
            "XksKeyId", r => r.XksKeyId, (r, v) => r.XksKeyId = v, Constraint.Matching(1, 128, "^[a-zA-Z0-9-_.]+$")));
}

internal sealed class CreateKey(KmsTargets targets, KeyPolicyChecks policies, Keyring keyring) : IOperation<CreateKeyRequest, KmsTarget, KeyMetadataResponse>
{
    // Source: KMS Developer Guide, "Resource quotas", AWS KMS keys.
    private const int MaxKeys = 100_000;

    public async ValueTask<KmsTarget> ResolveAsync(CallContext call, CreateKeyRequest request, CancellationToken ct) =>
        await targets.AccountAsync(call, new KmsRequestKeys
        {
            IsNewKey = true,
            BypassPolicyLockoutSafetyCheck = request.BypassPolicyLockoutSafetyCheck,
        }, ct) with { RequestTags = KmsTagParameter.ToTagSet(request.Tags) };

    public async ValueTask<Plan<KeyMetadataResponse>> PlanAsync(
        CallContext call, Authorized<CreateKeyRequest, KmsTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        CheckSupported(request);
        var tags = KmsTagParameter.Merge([], request.Tags);
        if (tags.Count > 0)
            AccessDenied.Demand(call, "kms:TagResource", target with { ResourceArn = KmsArn.Key(target.Account, target.Directory.Region, "*") });

        if (target.Directory.KeyCount >= MaxKeys)
            throw KmsErrors.LimitExceeded($"The limit of {MaxKeys} KMS keys in this account and Region has been reached.");

        var made = keyring.NewKey(target.Account, target.Directory.Region, call.Now);
        var now = call.Now.ToUnixTimeMilliseconds();
        var key = new KmsKey
        {
            Description = request.Description ?? "",
            Tags = tags,
            Versions = [new KmsKeyVersion(1, now)],
            CreatedAtMs = now,
        }.At(made.KeyId, made.Account, made.Region);
        if (request.Policy is { } text)
        {
            var about = target with { ResourceArn = key.Arn, Key = key };
            var principals = await policies.CheckAsync(call, about, text, request.BypassPolicyLockoutSafetyCheck ?? false, ct);
            key = (key with { Policy = text, PolicyPrincipals = principals }).At(made.KeyId, made.Account, made.Region);
        }

        return new Plan<KeyMetadataResponse>(new KeyMetadataResponse(target.Account, key) { HasAuditElements = true }, target.Directory.Change([key])) { Keys = [made] };
    }

    private static void CheckSupported(CreateKeyRequest request)
    {
        if (request is { KeySpec: { } spec, CustomerMasterKeySpec: { } old } && spec != old)
            throw KmsErrors.Validation("You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.");
        // Differs from AWS: symmetric keys of its own material are what Secrets Manager can use; see docs/compatibility/kms.md.
        if ((request.KeySpec ?? request.CustomerMasterKeySpec ?? KmsLimits.SymmetricDefault) != KmsLimits.SymmetricDefault
            || (request.Origin ?? "AWS_KMS") != "AWS_KMS" || request.CustomKeyStoreId is not null || request.XksKeyId is not null || request.MultiRegion == true)
            throw KmsErrors.Unsupported("Only symmetric single-Region keys with key material from AWS_KMS are supported.");
        if ((request.KeyUsage ?? "ENCRYPT_DECRYPT") != "ENCRYPT_DECRYPT")
            throw KmsErrors.Validation($"KeyUsage {request.KeyUsage} is not compatible with KeySpec SYMMETRIC_DEFAULT");
    }
}
