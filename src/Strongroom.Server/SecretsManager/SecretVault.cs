using Strongroom.Crypto;
using Strongroom.Server.Keys;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>A version to be stored: its plaintext, or null for a rotation's placeholder.</summary>
internal sealed record NewVersion(string VersionId, DateTimeOffset CreatedAt, SecretValue? Value);

/// <summary>Seals and opens the values of secrets in their places, and turns a changed secret into the changes of it and of its replicas.</summary>
internal sealed class SecretVault(ISecretStore store, Keyring keyring, KeyDirectory keys)
{
    /// <summary>What ListSecretVersionIds shows for the default key. Source: API fact sheet 2.5.</summary>
    private const string DefaultKey = "DefaultEncryptionKey";

    // Versions without labels are pruned when there are more than a hundred, never within a day. Source: API fact sheet 2.5.
    private static readonly TimeSpan PruneAge = TimeSpan.FromHours(24);
    private const int MaxUnlabelled = 100;

    /// <summary>Opens a version of an existing secret, whose ARN the target has ready.</summary>
    /// <inheritdoc cref="OpenAsync(StoredSecret, StoredVersion, CancellationToken)" path="/exception"/>
    public ValueTask<SecretValue> OpenAsync(SecretTarget target, StoredVersion version, CancellationToken ct) =>
        OpenAsync(new Binding(target.Existing.Account, target.Existing.Region, target.ResourceArn, version.VersionId), version, ct);

    /// <exception cref="Protocol.ServiceException">DecryptionFailure: damaged, moved, or its key is gone.</exception>
    public ValueTask<SecretValue> OpenAsync(StoredSecret secret, StoredVersion version, CancellationToken ct) =>
        OpenAsync(Place(secret, version.VersionId), version, ct);

    private async ValueTask<SecretValue> OpenAsync(Binding place, StoredVersion version, CancellationToken ct)
    {
        try
        {
            if (version.Value is { } value && await keys.EnsureLoadedAsync(value, ct))
            {
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
    public bool Holds(StoredSecret secret, StoredVersion version, SecretValue value) =>
        version.ContentMac is { } stored && System.Security.Cryptography.CryptographicOperations.FixedTimeEquals(
            stored.Span, keyring.ContentMac(value.Kind, value.Bytes.Reveal(), Place(secret, version.VersionId)));

    /// <summary>The change of one secret on its own.</summary>
    public async ValueTask<SecretChange> ChangeAsync(
        StoredSecret? before, StoredSecret after, IReadOnlyList<NewVersion> versions, DateTimeOffset now, CancellationToken ct)
    {
        var sealing = versions.Count == 0 ? Guid.Empty : await KeyOfAsync(after, ct);
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
        StoredSecret before, StoredSecret after, IReadOnlyList<NewVersion> versions, DateTimeOffset now, CancellationToken ct)
    {
        // RotateSecret has no quota error to give; its placeholder is counted when it gets its value.
        if (versions.Any(v => v.Value is not null))
            await CheckRoomAsync(before, after, now, ct);
        List<SecretChange> changes = [await ChangeAsync(before, after, versions, now, ct)];
        foreach (var replica in after.Document.Replicas ?? [])
        {
            if (await FindReplicaAsync(after, replica.Region, ct) is { } existing)
                changes.Add(await ChangeAsync(existing, Replicas.Follow(existing, after), versions, now, ct));
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
        StoredSecret secret, IEnumerable<string> versionIds, CancellationToken ct)
    {
        var opened = new List<NewVersion>();
        foreach (var id in versionIds)
        {
            if (await store.FindVersionAsync(secret.Id, id, ct) is { } version)
                opened.Add(new NewVersion(id, version.CreatedAt, version.Value is null ? null : await OpenAsync(secret, version, ct)));
        }

        return opened;
    }

    /// <exception cref="Protocol.ServiceException">EncryptionFailure: the secret's key does not exist or can't be used.</exception>
    public async ValueTask CheckKeyAsync(StoredSecret secret, CancellationToken ct) => await KeyOfAsync(secret, ct);

    /// <summary>Whether a token has already stored this value.</summary>
    /// <returns>False when the token is new, or names a rotation's placeholder that waits for its value.</returns>
    /// <exception cref="Protocol.ServiceException">ResourceExistsException: the token stored another value. Source: API fact sheet 2.6.</exception>
    public async ValueTask<bool> IsRepeatAsync(StoredSecret secret, string token, SecretValue value, CancellationToken ct)
    {
        if (await store.FindVersionAsync(secret.Id, token, ct) is not { Value: not null } version)
            return false;
        return Holds(secret, version, value) ? true : throw SecretsManagerErrors.TokenInUse(token, secret.Arn());
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

    private async ValueTask<Guid> KeyOfAsync(StoredSecret secret, CancellationToken ct) =>
        await keys.FindAsync(secret.Account, secret.Region, secret.Document.KmsKeyId, ct) ?? throw SecretsManagerErrors.EncryptionFailure();

    private static Binding Place(StoredSecret secret, string versionId) => new(secret.Account, secret.Region, secret.Arn(), versionId);
}
