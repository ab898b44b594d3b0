using System.Text.Json;
using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Kms;

/// <summary>What an encryption context must be for a grant to count.</summary>
internal sealed class GrantConstraintsParameter
{
    public IReadOnlyDictionary<string, string>? EncryptionContextSubset { get; private set; }
    public IReadOnlyDictionary<string, string>? EncryptionContextEquals { get; private set; }

    public static Shape<GrantConstraintsParameter> Shape { get; } = new(
        Member.Map<GrantConstraintsParameter>("EncryptionContextSubset", r => r.EncryptionContextSubset, (r, v) => r.EncryptionContextSubset = v),
        Member.Map<GrantConstraintsParameter>("EncryptionContextEquals", r => r.EncryptionContextEquals, (r, v) => r.EncryptionContextEquals = v));
}

/// <summary>Source: KMS model, CreateGrant.</summary>
internal sealed class CreateGrantRequest
{
    public string? KeyId { get; private set; }
    public string? GranteePrincipal { get; private set; }
    public string? RetiringPrincipal { get; private set; }
    public IReadOnlyList<string>? Operations { get; private set; }
    public GrantConstraintsParameter? Constraints { get; private set; }
    public IReadOnlyList<string>? GrantTokens { get; private set; }
    public string? Name { get; private set; }
    public bool? DryRun { get; private set; }

    public static Shape<CreateGrantRequest> Shape { get; } = new(
        Member.String<CreateGrantRequest>("KeyId", r => r.KeyId, (r, v) => r.KeyId = v, KmsLimits.KeyId, required: true),
        Member.String<CreateGrantRequest>("GranteePrincipal", r => r.GranteePrincipal, (r, v) => r.GranteePrincipal = v, KmsLimits.Principal, required: true),
        Member.String<CreateGrantRequest>("RetiringPrincipal", r => r.RetiringPrincipal, (r, v) => r.RetiringPrincipal = v, KmsLimits.Principal),
        Member.Strings<CreateGrantRequest>(
            "Operations", r => r.Operations, (r, v) => r.Operations = v, Constraint.Enum(
                "Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo", "Sign", "Verify", "GetPublicKey",
                "CreateGrant", "RetireGrant", "DescribeKey", "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext", "GenerateMac", "VerifyMac",
                "DeriveSharedSecret"), required: true),
        Member.Struct<CreateGrantRequest, GrantConstraintsParameter>(
            "Constraints", GrantConstraintsParameter.Shape, r => r.Constraints, (r, v) => r.Constraints = v),
        Member.Strings<CreateGrantRequest>("GrantTokens", r => r.GrantTokens, (r, v) => r.GrantTokens = v, KmsLimits.GrantToken, 0, 10),
        Member.String<CreateGrantRequest>("Name", r => r.Name, (r, v) => r.Name = v, Constraint.Matching(1, 256, "^[a-zA-Z0-9:/_-]+$")),
        Member.Bool<CreateGrantRequest>("DryRun", r => r.DryRun, (r, v) => r.DryRun = v));
}

internal sealed record CreateGrantResponse(string KeyArn, string GrantId, string GrantToken) : IResponse
{
    public bool HasAuditElements => true;

    public IReadOnlyList<string> DisclosedArns => [KeyArn];

    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteString("GrantId"u8, GrantId);
        writer.WriteString("GrantToken"u8, GrantToken);
    }

    public void WriteAuditElements(Utf8JsonWriter writer) => writer.WriteString("grantId"u8, GrantId);
}

internal sealed class CreateGrant(KmsTargets targets, GrantPrincipals principals, GrantTokens tokens, Entropy entropy)
    : IOperation<CreateGrantRequest, KmsTarget, CreateGrantResponse>
{
    // Source: KMS Developer Guide, "Resource quotas", grants per KMS key.
    private const int MaxGrants = 50_000;

    private static readonly string[] Symmetric =
    [
        "Decrypt", "Encrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo", "CreateGrant", "RetireGrant", "DescribeKey",
        "GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext",
    ];

    public ValueTask<KmsTarget> ResolveAsync(CallContext call, CreateGrantRequest request, CancellationToken ct)
    {
        tokens.Check(request.GrantTokens);
        return targets.ResolveKeyAsync(call, request.KeyId!, new KmsRequestKeys
        {
            GranteePrincipal = request.GranteePrincipal,
            RetiringPrincipal = request.RetiringPrincipal,
            GrantOperations = request.Operations,
            GrantConstraintType = request.Constraints is { EncryptionContextEquals: not null } ? "EncryptionContextEquals"
                : request.Constraints is { EncryptionContextSubset: not null } ? "EncryptionContextSubset"
                : null,
        }, ct);
    }

    public async ValueTask<Plan<CreateGrantResponse>> PlanAsync(
        CallContext call, Authorized<CreateGrantRequest, KmsTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var key = target.Usable;
        Check(request, key);
        RequireSubset(call, target, request);

        var grant = new KmsGrant
        {
            EntryName = Convert.ToHexStringLower([.. entropy.NewGuid().ToByteArray(), .. entropy.NewGuid().ToByteArray()]),
            KeyId = key.EntryName,
            Name = request.Name,
            GranteePrincipal = request.GranteePrincipal!,
            RetiringPrincipal = request.RetiringPrincipal,
            IssuingAccount = call.Caller.Account,
            Operations = [.. request.Operations!.Distinct(StringComparer.Ordinal)],
            EncryptionContextSubset = request.Constraints?.EncryptionContextSubset,
            EncryptionContextEquals = request.Constraints?.EncryptionContextEquals,
            PrincipalIds = await principals.ResolveAsync(new[] { request.GranteePrincipal, request.RetiringPrincipal }.OfType<string>(), ct),
            CreatedAtMs = call.Now.ToUnixTimeMilliseconds(),
        };

        // A name makes the call repeatable: the same grant again is the same grant. Source: KMS API Reference, CreateGrant, Name.
        if (grant.Name is not null && target.Directory.GrantsOn(key).FirstOrDefault(known => IsSame(known, grant)) is { } known)
            grant = known;
        else if (target.Directory.GrantsOn(key).Count() >= MaxGrants)
            throw KmsErrors.LimitExceeded($"The grant limit of {MaxGrants} for key {key.Arn} has been reached.");
        if (request.DryRun == true)
            throw KmsErrors.DryRun();
        return new Plan<CreateGrantResponse>(
            new CreateGrantResponse(key.Arn, grant.EntryName, tokens.Make(target.Directory, grant)), target.Directory.Change([grant]));
    }

    private static void Check(CreateGrantRequest request, KmsKey key)
    {
        if (request.Operations!.Count == 0)
            throw KmsErrors.Validation("Operations must not be empty");
        if (request.Operations.FirstOrDefault(operation => !Symmetric.Contains(operation, StringComparer.Ordinal)) is { } wrong)
            throw KmsErrors.Validation($"{key.Arn} has key usage ENCRYPT_DECRYPT, which does not allow the grant operation {wrong}.");
        if (request.Constraints is { EncryptionContextEquals: not null, EncryptionContextSubset: not null })
            throw KmsErrors.Validation("A grant can have one constraint: EncryptionContextEquals or EncryptionContextSubset.");
    }

    // Who may grant by a grant alone may pass on what that grant allows, and with no looser constraints. Source: KMS Developer Guide, "Granting CreateGrant permission".
    private static void RequireSubset(CallContext call, KmsTarget target, CreateGrantRequest request)
    {
        var caller = call.Caller;
        if (PolicyEvaluator.Evaluate(new AccessRequest(caller.Principal, "kms:CreateGrant", target, call.Facts), caller.Policies).IsAllowed)
            return;
        if (!target.Directory.GrantsOn(target.Existing).Any(grant => Grants.Match(grant, grant.GranteePrincipal, caller.Principal) != PrincipalMatch.None
                && grant.Operations.Contains("CreateGrant", StringComparer.Ordinal)
                && request.Operations!.All(operation => grant.Operations.Contains(operation, StringComparer.Ordinal))
                && IsAsStrict(grant, request.Constraints)))
            throw AccessDenied.With(call, $"User: {caller.Principal.Arn} is not authorized to perform: kms:CreateGrant on resource: {target.ResourceArn}");
    }

    private static bool IsAsStrict(KmsGrant parent, GrantConstraintsParameter? child)
    {
        var given = child?.EncryptionContextEquals ?? child?.EncryptionContextSubset;
        if (parent.EncryptionContextEquals is { } equal)
            return child?.EncryptionContextEquals is { } same && IsEqual(same, equal);
        return parent.EncryptionContextSubset is not { } subset
            || given is not null && subset.All(pair => given.TryGetValue(pair.Key, out var value) && value == pair.Value);
    }

    private static bool IsSame(KmsGrant known, KmsGrant wanted) =>
        known.Name == wanted.Name && known.GranteePrincipal == wanted.GranteePrincipal && known.RetiringPrincipal == wanted.RetiringPrincipal
        && known.Operations.Order(StringComparer.Ordinal).SequenceEqual(wanted.Operations.Order(StringComparer.Ordinal), StringComparer.Ordinal)
        && IsEqual(known.EncryptionContextEquals, wanted.EncryptionContextEquals) && IsEqual(known.EncryptionContextSubset, wanted.EncryptionContextSubset);

    private static bool IsEqual(IReadOnlyDictionary<string, string>? one, IReadOnlyDictionary<string, string>? other) =>
        one is null || other is null
            ? one is null && other is null
            : one.Count == other.Count && one.All(pair => other.TryGetValue(pair.Key, out var value) && value == pair.Value);
}
