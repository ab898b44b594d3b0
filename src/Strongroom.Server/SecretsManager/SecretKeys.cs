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
    private const string ThisService = "secretsmanager.amazonaws.com";
    private const string ProbeVersion = "RequestToValidateKeyAccess";

    /// <summary>Checks that the caller may have a stored value decrypted and that its key can, and loads the key.</summary>
    /// <exception cref="Protocol.ServiceException">AccessDeniedException, or DecryptionFailure: disabled, to be deleted, gone.</exception>
    public ValueTask OpenAsync(CallContext call, StoredSecret secret, StoredVersion version, CancellationToken ct)
    {
        // What nearly every read takes: the snapshot is there, the key is the one AWS manages, its material is loaded.
        if (Keyring.TryReadKey(version.Value!, out var id, out var number) && keyring.IsLoaded(id, number))
        {
            var directory = keys.GetAsync(secret.Account, secret.Region, ct);
            if (directory.IsCompletedSuccessfully && directory.Result.FindKey(id) is { } key && IsOpenTo(call, key, secret))
                return default;
        }

        return OpenSlowlyAsync(call, secret, version, ct);
    }

    /// <summary>The key to seal versions of a secret with, loaded, when the caller may and the key can.</summary>
    /// <exception cref="Protocol.ServiceException">AccessDeniedException, or EncryptionFailure: unknown, disabled, to be deleted.</exception>
    public async ValueTask<KmsKey> SealAsync(CallContext call, StoredSecret secret, IEnumerable<string> versionIds, CancellationToken ct)
    {
        var (directory, key) = await FindAsync(secret, ct) ?? throw SecretsManagerErrors.EncryptionFailure();
        if (!IsOpenTo(call, key, secret))
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
    /// <exception cref="Protocol.ServiceException">AccessDeniedException, EncryptionFailure.</exception>
    public async ValueTask ProbeAsync(CallContext call, StoredSecret secret, CancellationToken ct)
    {
        var (directory, key) = await FindAsync(secret, ct) ?? throw SecretsManagerErrors.EncryptionFailure();
        if (IsOpenTo(call, key, secret))
            return;
        Use(call, "GenerateDataKey", directory, key, secret, ProbeVersion, SecretsManagerErrors.EncryptionFailure);
        Use(call, "Decrypt", directory, key, secret, ProbeVersion, SecretsManagerErrors.EncryptionFailure);
    }

    /// <summary>Whether a replica could be sealed in its region: the caller may use its key, and the key is usable.</summary>
    public async ValueTask<bool> CanSealAsync(CallContext call, StoredSecret secret, CancellationToken ct)
    {
        try
        {
            await ProbeAsync(call, secret, ct);
            return true;
        }
        catch (Protocol.ServiceException)
        {
            // The replica's status says so; the record of the refused use stands beside the call's.
            return false;
        }
    }

    // Differs from AWS: a Deny of kms actions in a caller's own policies is not asked about for this key, whose policy lets in everybody of the account
    // that may use Secrets Manager; see docs/compatibility/kms.md.
    private static bool IsOpenTo(CallContext call, KmsKey key, StoredSecret secret) =>
        key is { IsManagedByAws: true, IsEnabled: true } && call.Caller.Account == secret.Account;

    private async ValueTask OpenSlowlyAsync(CallContext call, StoredSecret secret, StoredVersion version, CancellationToken ct)
    {
        if (!Keyring.TryReadKey(version.Value!, out var id, out var number))
            throw SecretsManagerErrors.DecryptionFailure();
        var directory = await keys.GetAsync(secret.Account, secret.Region, ct);
        var key = directory.FindKey(id);
        // Not one of this account: another account's key, or one whose material is destroyed.
        if (key is null)
            (directory, key) = await keys.FindAnywhereAsync(id, ct) ?? throw SecretsManagerErrors.DecryptionFailure();
        if (!IsOpenTo(call, key, secret))
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

    /// <summary>One call to KMS: permission first, then the key's state; its record stands beside the record of the call.</summary>
    private static void Use(
        CallContext call, string operation, KmsDirectory directory, KmsKey key, StoredSecret secret, string versionId, Func<Protocol.ServiceException> unusable)
    {
        var context = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["SecretARN"] = secret.Arn(), ["SecretVersionId"] = versionId };
        var target = new KmsTarget(call.Caller.Account, directory, key.Arn, key)
        {
            Request = new KmsRequestKeys
            {
                EncryptionContext = context,
                Algorithm = KmsLimits.SymmetricDefault,
                ViaService = $"secretsmanager.{directory.Region}.amazonaws.com",
            },
        };
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
            (call.KeyUses ??= []).Add(new KeyUse(operation, key.Arn, context, error));
        if (!decision.IsAllowed)
            throw AccessDenied.With(call, "Access to KMS is not allowed");
        if (error is not null)
            throw unusable();
    }
}
