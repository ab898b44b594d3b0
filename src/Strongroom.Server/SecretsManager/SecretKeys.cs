using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Server.Audit;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Keys;
using Strongroom.Server.Kms;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>
/// The KMS keys of secrets, used as the caller and with its permissions, as if Secrets Manager had called KMS for it. Source: IAM fact sheet 7.8.
/// </summary>
internal sealed class SecretKeys(KeyDirectory keys, Keyring keyring)
{
    public const string ThisService = "secretsmanager.amazonaws.com";
    private const string ProbeVersion = "RequestToValidateKeyAccess";

    /// <summary>Checks that the caller may have a stored value decrypted and that its key can, and loads the key.</summary>
    /// <exception cref="Protocol.ServiceException">AccessDeniedException, or DecryptionFailure: disabled, to be deleted, gone.</exception>
    public ValueTask OpenAsync(CallContext call, StoredSecret secret, StoredVersion version, CancellationToken ct)
    {
        // What nearly every read takes: the snapshot is there, the key is the one AWS manages, its material is loaded.
        if (Keyring.TryReadKey(version.Value!, out var id, out var number) && keyring.IsLoaded(id, number))
        {
            var directory = keys.GetAsync(secret.Account, secret.Region, ct);
            if (directory.IsCompletedSuccessfully && directory.Result.FindKey(id) is { } key && IsOpenTo(call.Caller.Account, key, secret))
                return default;
        }

        return OpenSlowlyAsync(call, secret, version, ct);
    }

    /// <summary>The key to seal versions of a secret with, loaded, when the caller may and the key can.</summary>
    /// <exception cref="Protocol.ServiceException">AccessDeniedException, or EncryptionFailure: unknown, disabled, to be deleted.</exception>
    public async ValueTask<KmsKey> SealAsync(CallContext call, StoredSecret secret, IEnumerable<string> versionIds, CancellationToken ct)
    {
        var (directory, key) = await FindAsync(secret, ct) ?? throw SecretsManagerErrors.EncryptionFailure();
        if (!IsOpenTo(call.Caller.Account, key, secret))
        {
            foreach (var versionId in versionIds)
                Use(call, "GenerateDataKey", directory, key, secret, versionId, SecretsManagerErrors.EncryptionFailure);
        }

        await keys.LoadAsync(key, ct);
        return key;
    }

    /// <inheritdoc cref="KeyDirectory.FindArnAsync"/>
    public ValueTask<string?> FindArnAsync(string account, string region, string name, CancellationToken ct) => keys.FindArnAsync(account, region, name, ct);

    /// <summary>What AWS does when a secret gets a key: asks for a data key and for its decryption, and throws both away.</summary>
    /// <exception cref="Protocol.ServiceException">AccessDeniedException, EncryptionFailure; InvalidParameterException: there is no such key.</exception>
    public async ValueTask ProbeAsync(CallContext call, StoredSecret secret, CancellationToken ct)
    {
        var (directory, key) = await FindAsync(secret, ct) ?? throw await RefuseAsync(call, secret, ct);
        if (IsOpenTo(call.Caller.Account, key, secret))
            return;
        Use(call, "GenerateDataKey", directory, key, secret, ProbeVersion, SecretsManagerErrors.EncryptionFailure);
        Use(call, "Decrypt", directory, key, secret, ProbeVersion, SecretsManagerErrors.EncryptionFailure);
    }

    /// <summary>What Secrets Manager would ask KMS for, to carry out an action on a secret for callers of an account.</summary>
    /// <param name="version">That a read opens, or that is current; null when there is none.</param>
    /// <returns>Null when no policy is asked, as for the default key, or no key is used.</returns>
    public async ValueTask<(string Action, KmsTarget Target)?> FindUseAsync(
        string caller, string action, StoredSecret secret, StoredVersion? version, CancellationToken ct)
    {
        switch (action.ToUpperInvariant())
        {
            case "SECRETSMANAGER:GETSECRETVALUE":
            case "SECRETSMANAGER:REPLICATESECRETTOREGIONS":
                if (version?.Value is not { } value || !Keyring.TryReadKey(value, out var id, out _) || await keys.FindAnywhereAsync(id, ct) is not var (directory, key))
                    return null;
                return IsOpenTo(caller, key, secret) ? null : ("kms:Decrypt", Target(caller, directory, key.Arn, key, secret, version.VersionId));
            case "SECRETSMANAGER:PUTSECRETVALUE":
            case "SECRETSMANAGER:UPDATESECRET":
                // Not looked for: to look for the default key makes it.
                if (KeyDirectory.IsDefault(secret.Document.KmsKeyId, secret.Account, secret.Region) && caller == secret.Account)
                    return null;
                if (await FindAsync(secret, ct) is not var (sealing, with) || IsOpenTo(caller, with, secret))
                    return null;
                return ("kms:GenerateDataKey", Target(caller, sealing, with.Arn, with, secret, versionId: null));
            default:
                return null;
        }
    }

    /// <summary>The key that a caller may use but can't now, so that it is worth waiting for.</summary>
    /// <returns>Its id; null when the caller was denied, or there is no key.</returns>
    public async ValueTask<string?> FindAwaitedAsync(StoredSecret replica, Protocol.ServiceException refusal, CancellationToken ct) =>
        refusal.Code == "EncryptionFailure" && await FindAsync(replica, ct) is var (_, key) && !key.IsEnabled ? key.EntryName : null;

    /// <summary>The key that a replica waited for, loaded, when it is the replica's still and works again.</summary>
    public async ValueTask<Guid?> FindReadyAsync(StoredSecret replica, string awaited, CancellationToken ct) =>
        await FindAsync(replica, ct) is var (_, key) && key.EntryName == awaited && key.IsEnabled ? await keys.LoadAsync(key, ct) : null;

    /// <summary>Whether the key that a value is sealed under works, and is loaded.</summary>
    public async ValueTask<bool> IsReadyAsync(SealedValue value, CancellationToken ct) =>
        Keyring.TryReadKey(value, out var id, out var number) && await keys.FindAnywhereAsync(id, ct) is var (_, key) && key.IsEnabled
        && await keys.EnsureLoadedAsync(id, number, ct);

    // Differs from AWS: a Deny of kms actions in a caller's own policies is not asked about for this key, whose policy lets in everybody of the account
    // that may use Secrets Manager; see docs/compatibility/kms.md.
    private static bool IsOpenTo(string caller, KmsKey key, StoredSecret secret) =>
        key is { IsManagedByAws: true, IsEnabled: true } && caller == secret.Account;

    private async ValueTask OpenSlowlyAsync(CallContext call, StoredSecret secret, StoredVersion version, CancellationToken ct)
    {
        if (!Keyring.TryReadKey(version.Value!, out var id, out var number))
            throw SecretsManagerErrors.DecryptionFailure();
        var directory = await keys.GetAsync(secret.Account, secret.Region, ct);
        var key = directory.FindKey(id);
        // Not one of this account: another account's key, or one whose material is destroyed.
        if (key is null)
            (directory, key) = await keys.FindAnywhereAsync(id, ct) ?? throw SecretsManagerErrors.DecryptionFailure();
        if (!IsOpenTo(call.Caller.Account, key, secret))
            Use(call, "Decrypt", directory, key, secret, version.VersionId, SecretsManagerErrors.DecryptionFailure);
        if (!await keys.EnsureLoadedAsync(id, number, ct))
            throw SecretsManagerErrors.DecryptionFailure();
    }

    private async ValueTask<(KmsDirectory Directory, KmsKey Key)?> FindAsync(StoredSecret secret, CancellationToken ct)
    {
        if (!KeyDirectory.IsDefault(secret.Document.KmsKeyId, secret.Account, secret.Region))
            return await keys.FindAsync(secret.Account, secret.Region, secret.Document.KmsKeyId!, ct);
        var key = await keys.DefaultKeyAsync(secret.Account, secret.Region, ct);
        return (await keys.GetAsync(secret.Account, secret.Region, ct), key);
    }

    /// <summary>Why a key that a request names is none: in KMS's words where the caller may know, else as any key that it may not use.</summary>
    /// <remarks>Source: docs/compatibility/kms.md, keys of secrets: recorded texts. The order is KMS's: form, alias, permission, key.</remarks>
    private async ValueTask<Protocol.ServiceException> RefuseAsync(CallContext call, StoredSecret secret, CancellationToken ct)
    {
        var (account, resource) = (secret.Account, secret.Document.KmsKeyId!);
        if (resource.StartsWith("arn:", StringComparison.Ordinal))
        {
            if (Protocol.Arn.TryParse(resource) is not { Service: "kms" } arn || arn.Partition != Protocol.Arn.PartitionOf(secret.Region))
                return SecretsManagerErrors.InvalidKey(KmsErrors.InvalidArn(resource));
            if (arn.Region != secret.Region)
                return SecretsManagerErrors.InvalidKey(KmsErrors.InvalidArn(arn.Region));
            account = arn.Account;
            resource = arn.Resource.StartsWith("key/", StringComparison.Ordinal) ? arn.Resource["key/".Length..] : arn.Resource;
        }

        // Somebody else's key, or nobody's, and the keys that AWS manages for other services: which of them is not told.
        if (account != call.Caller.Account || resource.StartsWith("alias/aws/", StringComparison.Ordinal))
            return KeyDenied(call);
        if (resource.StartsWith(KmsTargets.AliasPrefix, StringComparison.Ordinal))
            return SecretsManagerErrors.InvalidKey(KmsErrors.NoSuchAlias(KmsArn.Alias(account, secret.Region, resource)));
        if (!Guid.TryParseExact(resource, "D", out var id))
            return SecretsManagerErrors.InvalidKey(KmsErrors.InvalidKeyId(secret.Document.KmsKeyId!));

        var target = Target(call.Caller.Account, await keys.GetAsync(account, secret.Region, ct), KmsArn.Key(account, secret.Region, id.ToString()), null, secret, ProbeVersion);
        var request = new AccessRequest(call.Caller.Principal, "kms:GenerateDataKey", target, call.Facts with { ViaService = ThisService });
        return PolicyEvaluator.Evaluate(request, call.Caller.Policies).IsAllowed
            ? SecretsManagerErrors.InvalidKey(KmsErrors.NoSuchKey(target.ResourceArn))
            : KeyDenied(call);
    }

    private static Protocol.ServiceException KeyDenied(CallContext call) => AccessDenied.With(call, "Access to KMS is not allowed");

    /// <summary>A key as Secrets Manager uses it for a caller.</summary>
    /// <param name="versionId">Null when it is not known: a condition on it then finds nothing.</param>
    private static KmsTarget Target(string caller, KmsDirectory directory, string arn, KmsKey? key, StoredSecret secret, string? versionId)
    {
        var context = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["SecretARN"] = secret.Arn() };
        if (versionId is not null)
            context.Add("SecretVersionId", versionId);
        return new KmsTarget(caller, directory, arn, key)
        {
            Request = new KmsRequestKeys
            {
                EncryptionContext = context,
                Algorithm = KmsLimits.SymmetricDefault,
                ViaService = $"secretsmanager.{directory.Region}.amazonaws.com",
            },
        };
    }

    /// <summary>One call to KMS: permission first, then the key's state; its record stands beside the record of the call.</summary>
    private static void Use(
        CallContext call, string operation, KmsDirectory directory, KmsKey key, StoredSecret secret, string versionId, Func<Protocol.ServiceException> unusable)
    {
        var target = Target(call.Caller.Account, directory, key.Arn, key, secret, versionId);
        var action = "kms:" + operation;
        var caller = call.Caller;
        var request = new AccessRequest(caller.Principal, action, target, call.Facts with { ViaService = ThisService })
        {
            Grant = target.GrantFor(caller.Principal, action),
        };
        var decision = PolicyEvaluator.Evaluate(request, caller.Policies);
        var error = !decision.IsAllowed ? AccessDenied.For(call, action, target, decision)
            : key.State == KeyStates.PendingDeletion ? KmsErrors.InvalidState(key.Arn, "pending deletion")
            : !key.IsEnabled ? KmsErrors.Disabled(key.Arn)
            : null;
        if (!key.IsManagedByAws)
            (call.KeyUses ??= []).Add(new KeyUse(operation, key.Arn, target.Request.EncryptionContext!, error));
        if (!decision.IsAllowed)
            throw KeyDenied(call);
        if (error is not null)
            throw unusable();
    }
}
