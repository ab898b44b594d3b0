using System.Globalization;
using Strongroom.Policy;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;

namespace Strongroom.Server.Kms;

/// <summary>What a request says to the condition keys of KMS. What it does not carry is null: defaults are not filled in. Source: IAM fact sheet 7.6.</summary>
internal sealed record KmsRequestKeys
{
    public static KmsRequestKeys None { get; } = new();

    public IReadOnlyDictionary<string, string>? EncryptionContext { get; init; }
    public string? Algorithm { get; init; }

    /// <summary>The alias by which the request names the key.</summary>
    public string? Alias { get; init; }

    /// <summary>Such as <c>secretsmanager.us-east-1.amazonaws.com</c>.</summary>
    public string? ViaService { get; init; }

    public string? GranteePrincipal { get; init; }
    public string? RetiringPrincipal { get; init; }
    public IReadOnlyList<string>? GrantOperations { get; init; }
    public string? GrantConstraintType { get; init; }
    public long? PendingWindowInDays { get; init; }
    public long? RotationPeriodInDays { get; init; }
    public bool? BypassPolicyLockoutSafetyCheck { get; init; }
    public bool? ReEncryptOnSameKey { get; init; }

    /// <summary>Of a key that is about to be made.</summary>
    public bool IsNewKey { get; init; }

    public IReadOnlyList<string>? RequestTagKeys { get; init; }
}

/// <summary>What a KMS operation acts on: a key, an alias, or the account, in a snapshot of its account and region.</summary>
/// <param name="Directory">What the operation plans against; its change is stale when the directory changed since.</param>
/// <param name="ResourceArn">Of the key, existing or not; <c>*</c> for lists.</param>
/// <param name="Key">Null when there is none: only a caller whose policies allow the ARN learns that.</param>
internal sealed record KmsTarget(string CallerAccount, KmsDirectory Directory, string ResourceArn, KmsKey? Key) : INamedResource, IGrantedResource, IConditionKeys, IKeyUser
{
    public string? KeyArn => Key?.Arn;

    public KmsRequestKeys Request { get; init; } = KmsRequestKeys.None;

    public string Account => Directory.Account;

    /// <summary>Denials print the key's ARN, whatever the caller named it by. Source: IAM fact sheet 3.6.</summary>
    public string? RequestedId => ResourceArn;

    public ResourceKind Kind => Key is null ? ResourceKind.Ordinary : ResourceKind.Key;

    public CompiledPolicy? ResourcePolicy =>
        Key is null ? null : CompiledPolicies.Resource(Key.EffectivePolicy, PolicyKind.Resource, Key.PolicyPrincipals);

    public TagSet Tags => Key is null ? RequestTags ?? TagSet.Empty : TagSet.Of(Key.Tags.Select(tag => KeyValuePair.Create(tag.Key, tag.Value)));

    public TagSet? RequestTags { get; init; }

    public IConditionKeys ServiceKeys => this;

    /// <exception cref="Protocol.ServiceException">NotFoundException.</exception>
    public KmsKey Existing => Key ?? throw KmsErrors.NoSuchKey(ResourceArn);

    /// <summary>The key, when it can encrypt and decrypt. Source: IAM fact sheet 7.4.</summary>
    /// <exception cref="Protocol.ServiceException">DisabledException, KMSInvalidStateException.</exception>
    public KmsKey Usable => Changeable is { IsEnabled: true } key ? key : throw KmsErrors.Disabled(ResourceArn);

    /// <summary>The key, when it is not on its way out.</summary>
    /// <exception cref="Protocol.ServiceException">KMSInvalidStateException.</exception>
    public KmsKey Changeable => Existing.State != KeyStates.PendingDeletion ? Key! : throw KmsErrors.InvalidState(ResourceArn, "pending deletion");

    public PrincipalMatch GrantFor(Principal caller, string action) => FindGrant(caller, action).Match;

    /// <summary>The grant that allows an action most directly.</summary>
    /// <param name="action"><c>kms:Operation</c>, in any case.</param>
    public (KmsGrant? Grant, PrincipalMatch Match) FindGrant(Principal caller, string action)
    {
        var strongest = ((KmsGrant?)null, PrincipalMatch.None);
        if (Key is null)
            return strongest;
        var operation = action["kms:".Length..];
        foreach (var grant in Directory.GrantsOn(Key))
        {
            if (grant.Operations.Contains(operation, StringComparer.OrdinalIgnoreCase) && Grants.AllowsContext(grant, Request.EncryptionContext, operation)
                && Grants.Match(grant, grant.GranteePrincipal, caller) is var found && found > strongest.Item2)
                strongest = (grant, found);
        }

        return strongest;
    }

    public ConditionValues Find(ConditionKey key) => key.Name switch
    {
        "kms:calleraccount" => CallerAccount,
        "kms:viaservice" => Request.ViaService,
        "kms:encryptionalgorithm" => Request.Algorithm,
        "kms:encryptioncontextkeys" => new ConditionValues(Request.EncryptionContext is { Count: > 0 } context ? [.. context.Keys] : null),
        "kms:requestalias" => Request.Alias,
        "kms:resourcealiases" => new ConditionValues(Key is null ? null : [.. Directory.AliasesOf(Key).Select(alias => alias.EntryName)]),
        "kms:keyspec" or "kms:customermasterkeyspec" => HasKey ? "SYMMETRIC_DEFAULT" : null,
        "kms:keyusage" or "kms:customermasterkeyusage" => HasKey ? "ENCRYPT_DECRYPT" : null,
        "kms:keyorigin" => HasKey ? "AWS_KMS" : null,
        "kms:multiregion" => HasKey ? "false" : null,
        "kms:multiregionkeytype" => null,
        "kms:granteeprincipal" => Request.GranteePrincipal,
        "kms:retiringprincipal" => Request.RetiringPrincipal,
        "kms:grantoperations" => new ConditionValues(Request.GrantOperations),
        "kms:grantconstrainttype" => Request.GrantConstraintType,
        "kms:grantisforawsresource" => Request.GranteePrincipal is null ? null : "false",
        "kms:schedulekeydeletionpendingwindowindays" => Number(Request.PendingWindowInDays),
        "kms:rotationperiodindays" => Number(Request.RotationPeriodInDays),
        "kms:bypasspolicylockoutsafetycheck" => Bool(Request.BypassPolicyLockoutSafetyCheck),
        "kms:reencryptonsamekey" => Bool(Request.ReEncryptOnSameKey),
        "aws:tagkeys" => new ConditionValues(Request.RequestTagKeys),
        var name when name.StartsWith(ContextPrefix, StringComparison.Ordinal) => ContextValue(key.Text[ContextPrefix.Length..]),
        _ => default,
    };

    private bool HasKey => Key is not null || Request.IsNewKey;

    // Condition keys ignore case, the names of an encryption context with them.
    private string? ContextValue(string name) =>
        Request.EncryptionContext?.FirstOrDefault(pair => pair.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    private static string? Number(long? value) => value?.ToString(CultureInfo.InvariantCulture);

    private static string? Bool(bool? value) => value switch { true => "true", false => "false", null => null };

    private const string ContextPrefix = "kms:encryptioncontext:";
}

/// <summary>The rules of grants. Source: KMS Developer Guide, "Grants in AWS KMS"; IAM fact sheet 3.3.</summary>
internal static class Grants
{
    private static readonly string[] WithoutContext = ["DescribeKey", "CreateGrant", "RetireGrant"];

    /// <summary>Whether the grant's constraint lets this encryption context pass; operations without one are not constrained.</summary>
    public static bool AllowsContext(KmsGrant grant, IReadOnlyDictionary<string, string>? context, string operation)
    {
        if (WithoutContext.Contains(operation, StringComparer.OrdinalIgnoreCase))
            return true;
        if (grant.EncryptionContextEquals is { } equal)
            return (context?.Count ?? 0) == equal.Count && Holds(context, equal);
        return grant.EncryptionContextSubset is not { } subset || Holds(context, subset);
    }

    public static PrincipalMatch Match(KmsGrant grant, string principal, Principal caller) =>
        PrincipalMatching.Match(new PolicyPrincipal(PrincipalType.Aws, principal), caller, grant.PrincipalIds?.GetValueOrDefault(principal));

    private static bool Holds(IReadOnlyDictionary<string, string>? context, IReadOnlyDictionary<string, string> wanted) =>
        wanted.All(pair => context is not null && context.TryGetValue(pair.Key, out var value) && value == pair.Value);
}
