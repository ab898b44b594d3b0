using Strongroom.Crypto;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Keys;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>A version to be stored: its plaintext, or null for a rotation's placeholder.</summary>
internal sealed record NewVersion(string VersionId, DateTimeOffset CreatedAt, SecretValue? Value);

/// <summary>Seals and opens the values of secrets in their places, and turns a changed secret into the changes of it and of its replicas.</summary>
internal sealed class SecretVault(ISecretStore store, Keyring keyring, SecretKeys keys)
{
    /// <summary>What ListSecretVersionIds shows for the default key. Source: API fact sheet 2.5.</summary>
    private const string DefaultKey = "DefaultEncryptionKey";

    // Versions without labels are pruned when there are more than a hundred, never within a day. Source: API fact sheet 2.5.
    private static readonly TimeSpan PruneAge = TimeSpan.FromHours(24);
    private const int MaxUnlabelled = 100;

    /// <summary>Opens a version of an existing secret, whose ARN the target has ready.</summary>
    /// <inheritdoc cref="OpenAsync(CallContext, StoredSecret, StoredVersion, CancellationToken)" path="/exception"/>
    public ValueTask<SecretValue> OpenAsync(CallContext call, SecretTarget target, StoredVersion version, CancellationToken ct) =>
        OpenAsync(call, target.Existing, new Binding(target.Existing.Account, target.Existing.Region, target.ResourceArn, version.VersionId), version, ct);

    /// <exception cref="Protocol.ServiceException">DecryptionFailure: damaged, moved, or its key is gone or can't be used. AccessDeniedException: the caller may not use the key.</exception>
    public ValueTask<SecretValue> OpenAsync(CallContext call, StoredSecret secret, StoredVersion version, CancellationToken ct) =>
        OpenAsync(call, secret, Place(secret, version.VersionId), version, ct);

    private async ValueTask<SecretValue> OpenAsync(CallContext call, StoredSecret secret, Binding place, StoredVersion version, CancellationToken ct)
    {
        try
        {
            if (version.Value is { } value)
            {
                await keys.OpenAsync(call, secret, version, ct);
                var (bytes, kind) = keyring.Open(value, place);
                return new SecretValue(bytes, kind);
            }
        }
        catch (DecryptionException)
        {
            // The reason would only help whoever tampered with it.
        }

        throw SecretsManagerErrors.DecryptionFailure();
    }

    /// <summary>Whether a stored version holds exactly this value. Constant-time.</summary>
    public async ValueTask<bool> HoldsAsync(CallContext call, StoredSecret secret, StoredVersion version, SecretValue value, CancellationToken ct)
    {
        // AWS decrypts to compare; here a fingerprint does, but it is the same permission.
        if (version.Value is not null)
            await keys.OpenAsync(call, secret, version, ct);
        return version.ContentMac is { } stored && System.Security.Cryptography.CryptographicOperations.FixedTimeEquals(
            stored.Span, keyring.ContentMac(value.Kind, value.Bytes.Reveal(), Place(secret, version.VersionId)));
    }

    /// <summary>The change of one secret on its own.</summary>
    public async ValueTask<SecretChange> ChangeAsync(
        CallContext call, StoredSecret? before, StoredSecret after, IReadOnlyList<NewVersion> versions, DateTimeOffset now, CancellationToken ct)
    {
        var valued = versions.Where(version => version.Value is not null).Select(version => version.VersionId).ToList();
        var sealing = valued.Count == 0 ? Guid.Empty : (await keys.SealAsync(call, after, valued, ct)).Id;
        return new SecretChange
        {
            Before = before,
            After = after,
            Versions = [.. versions.Select(v => Seal(after, sealing, v))],
            PruneCreatedBefore = versions.Count == 0 ? null : now - PruneAge,
        };
    }

    /// <summary>The change of a primary with what it means for each of its replicas: same labels, tags, policy, values; one commit.</summary>
    public async ValueTask<IReadOnlyList<SecretChange>> ChangeAllAsync(
        CallContext call, StoredSecret before, StoredSecret after, IReadOnlyList<NewVersion> versions, DateTimeOffset now, CancellationToken ct)
    {
        // RotateSecret has no quota error to give; its placeholder is counted when it gets its value.
        if (versions.Any(v => v.Value is not null))
            await CheckRoomAsync(before, after, now, ct);
        List<SecretChange> changes = [await ChangeAsync(call, before, after, versions, now, ct)];
        foreach (var replica in after.Document.Replicas ?? [])
        {
            if (await FindReplicaAsync(after, replica.Region, ct) is { } existing)
                changes.Add(await ChangeAsync(call, existing, Replicas.Follow(existing, after), versions, now, ct));
        }

        return changes;
    }

    /// <summary>The replica of a primary in a region; null when there is none there, as after a failed replication.</summary>
    public async ValueTask<StoredSecret?> FindReplicaAsync(StoredSecret primary, string region, CancellationToken ct) =>
        await store.FindAsync(primary.Account, region, primary.Name, ct) is { } found
        && found.Suffix == primary.Suffix && found.Document.PrimaryRegion == primary.Region
            ? found
            : null;

    /// <summary>Opens all stored versions of a secret, for sealing them in another place or under another key.</summary>
    public async ValueTask<IReadOnlyList<NewVersion>> OpenVersionsAsync(
        CallContext call, StoredSecret secret, IEnumerable<string> versionIds, CancellationToken ct)
    {
        var opened = new List<NewVersion>();
        foreach (var id in versionIds)
        {
            if (await store.FindVersionAsync(secret.Id, id, ct) is { } version)
                opened.Add(new NewVersion(id, version.CreatedAt, version.Value is null ? null : await OpenAsync(call, secret, version, ct)));
        }

        return opened;
    }

    /// <inheritdoc cref="KeyDirectory.FindArnAsync" path="/summary"/>
    /// <returns>Null without a name, and for an alias of nothing.</returns>
    public ValueTask<string?> KeyArnAsync(string account, string region, string? name, CancellationToken ct) =>
        string.IsNullOrEmpty(name) ? default : keys.FindArnAsync(account, region, name, ct);

    /// <summary>Refuses a key that a secret is about to get when the caller may not use it or it can't be used.</summary>
    /// <exception cref="Protocol.ServiceException">AccessDeniedException, or EncryptionFailure.</exception>
    public ValueTask CheckKeyAsync(CallContext call, StoredSecret secret, CancellationToken ct) => keys.ProbeAsync(call, secret, ct);

    /// <summary>Whether a secret's key could seal it now, for the caller.</summary>
    public ValueTask<bool> CanSealAsync(CallContext call, StoredSecret secret, CancellationToken ct) => keys.CanSealAsync(call, secret, ct);

    /// <summary>Whether a token has already stored this value.</summary>
    /// <returns>False when the token is new, or names a rotation's placeholder that waits for its value.</returns>
    /// <exception cref="Protocol.ServiceException">ResourceExistsException: the token stored another value. Source: API fact sheet 2.6.</exception>
    public async ValueTask<bool> IsRepeatAsync(CallContext call, StoredSecret secret, string token, SecretValue value, CancellationToken ct)
    {
        if (await store.FindVersionAsync(secret.Id, token, ct) is not { Value: not null } version)
            return false;
        return await HoldsAsync(call, secret, version, value, ct) ? true : throw SecretsManagerErrors.TokenInUse(token, secret.Arn());
    }

    /// <summary>Whether the secret has room: what is too young to be pruned must not be more than what pruning leaves. Source: API fact sheet 2.5.</summary>
    private async ValueTask CheckRoomAsync(StoredSecret before, StoredSecret after, DateTimeOffset now, CancellationToken ct)
    {
        // A commit adds one version at most, so a secret with few commits needs no counting.
        if (before.Revision <= MaxUnlabelled)
            return;
        var young = await store.ListVersionsAsync(
            before.Id, includeUnlabelled: true, new VersionPosition(now - PruneAge, ""), MaxUnlabelled + StagingLabels.MaxPerSecret + 1, ct);
        if (young.Count(version => after.Document.Versions.Of(version.VersionId).Count == 0) > MaxUnlabelled)
            throw SecretsManagerErrors.TooManyVersions();
    }

    private StoredVersion Seal(StoredSecret secret, Guid key, NewVersion version) => new()
    {
        VersionId = version.VersionId,
        CreatedAt = version.CreatedAt,
        KmsKeyId = secret.Document.KmsKeyId is { } id && !KeyDirectory.IsDefault(id, secret.Account, secret.Region) ? id : DefaultKey,
        Value = version.Value is { } value ? keyring.Seal(key, value.Kind, value.Bytes.Reveal(), Place(secret, version.VersionId)) : null,
        ContentMac = version.Value is { } same ? keyring.ContentMac(same.Kind, same.Bytes.Reveal(), Place(secret, version.VersionId)) : null,
    };

    private static Binding Place(StoredSecret secret, string versionId) => new(secret.Account, secret.Region, secret.Arn(), versionId);
}
