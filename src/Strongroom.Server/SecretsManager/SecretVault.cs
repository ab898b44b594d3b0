using Strongroom.Crypto;
using Strongroom.Server.Audit;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Keys;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>A version to be stored: its plaintext, or null for a rotation's placeholder.</summary>
internal sealed record NewVersion(string VersionId, DateTimeOffset CreatedAt, SecretValue? Value);

/// <summary>What a changed primary means: its own change and its replicas', and what the audit is to tell of their replication.</summary>
internal sealed record PrimaryChange(IReadOnlyList<SecretChange> Changes, IReadOnlyList<ServiceEvent> Events)
{
    /// <param name="events">Those of the operation itself, which come first.</param>
    public Plan<TResponse> ToPlan<TResponse>(TResponse response, IReadOnlyList<ServiceEvent>? events = null)
        where TResponse : IAnswer => new(response, Changes) { Events = events is null ? Events : [.. events, .. Events] };
}

/// <summary>Seals and opens the values of secrets in their places, and turns a changed secret into the changes of it and of its replicas.</summary>
internal sealed class SecretVault(ISecretStore store, Keyring keyring, SecretKeys keys)
{
    /// <summary>What ListSecretVersionIds shows for the default key. Source: API fact sheet 2.5.</summary>
    private const string DefaultKey = "DefaultEncryptionKey";

    // Versions without labels are pruned when there are more than a hundred, never within a day. Source: API fact sheet 2.5.
    private static readonly TimeSpan PruneAge = TimeSpan.FromHours(24);
    private const int MaxUnlabelled = 100;

    // At most a hundred are older than a day and as many younger, besides those with labels.
    private const int MaxListed = 1000;

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

    /// <summary>Whether a caller has the proof of the rotation that makes a version. Constant-time.</summary>
    public bool IsProof(StoredSecret secret, string versionId, string proof) => System.Security.Cryptography.CryptographicOperations.FixedTimeEquals(
        System.Text.Encoding.ASCII.GetBytes(proof), System.Text.Encoding.ASCII.GetBytes(Rotation.RotationProof.Of(keyring, secret, versionId)));

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
        return Change(before, after, versions, sealing, now);
    }

    /// <summary>The change of a primary with what it means for each of its replicas: same labels, tags, policy, values; one commit. A replica whose
    /// key can't be used does not keep its primary from changing: it stays behind, and its status says so.</summary>
    /// <param name="resealed">Versions of the primary alone that get a new seal.</param>
    public async ValueTask<PrimaryChange> ChangeAllAsync(
        CallContext call, StoredSecret before, StoredSecret after, IReadOnlyList<NewVersion> versions, DateTimeOffset now, CancellationToken ct,
        IReadOnlyList<NewVersion>? resealed = null)
    {
        // RotateSecret has no quota error to give; its placeholder is counted when it gets its value.
        if (versions.Any(v => v.Value is not null))
            await CheckRoomAsync(before, after, now, ct);
        var own = await ChangeAsync(call, before, after, resealed is null ? versions : [.. resealed, .. versions], now, ct);
        var events = new List<ServiceEvent>(await PrunedAsync(own, ct));
        if (after.Document.Replicas is not { Count: > 0 } replicas)
            return new PrimaryChange([own], events);

        var (changes, statuses) = (new List<SecretChange>(), new List<ReplicaStatus>());
        foreach (var status in replicas)
        {
            var (next, change) = status.FailedByKey == true
                ? await CatchUpAsync(call, before, after, status, versions, now, ct)
                : await FollowAsync(call, after, status, versions, now, ct);
            statuses.Add(next);
            events.AddRange(Replicas.Events(after, status, next));
            if (change is null)
                continue;
            changes.Add(change);
            events.AddRange(await PrunedAsync(change, ct));
        }

        return new PrimaryChange([own with { After = after with { Document = after.Document with { Replicas = statuses } } }, .. changes], events);
    }

    /// <summary>Brings replicas that wait for their keys up to their primary, as far as the keys are back.</summary>
    /// <remarks>Nobody calls: the permission to use the key was there when the replica fell behind, and it is the same key.</remarks>
    /// <returns>Null when nothing can be done yet.</returns>
    public async ValueTask<PrimaryChange?> CatchUpAsync(StoredSecret primary, DateTimeOffset now, CancellationToken ct)
    {
        var (changes, statuses, events) = (new List<SecretChange>(), new List<ReplicaStatus>(), new List<ServiceEvent>());
        foreach (var status in primary.Document.Replicas ?? [])
        {
            var (next, change) = await CatchUpAsync(primary, status, now, ct);
            statuses.Add(next);
            events.AddRange(Replicas.Events(primary, status, next));
            if (change is not null)
                changes.Add(change);
        }

        if (statuses.SequenceEqual(primary.Document.Replicas ?? []))
            return null;
        var after = primary with { Document = primary.Document with { Replicas = statuses } };
        return new PrimaryChange([new SecretChange { Before = primary, After = after }, .. changes], events);
    }

    private async ValueTask<(ReplicaStatus Status, SecretChange? Change)> CatchUpAsync(StoredSecret primary, ReplicaStatus status, DateTimeOffset now, CancellationToken ct)
    {
        if (status.AwaitedKey is not { } awaited)
            return (status, null);
        var existing = await FindReplicaAsync(primary, status.Region, ct);
        if (existing is null && await store.FindAsync(primary.Account, status.Region, primary.Name, ct) is not null)
            return (Replicas.Taken(status, primary.Name), null);
        var wanted = Replicas.Wanted(existing, primary, status, now);
        if (await keys.FindReadyAsync(wanted, awaited, ct) is not { } key || await OpenLabelledAsync(primary, primary, [], ct) is not { } versions)
            return (status, null);
        try
        {
            return (Replicas.Synced(status), Change(existing, wanted, versions, key, now));
        }
        finally
        {
            Release(versions);
        }
    }

    // A replica that keeps up. Without one, somebody else's secret has its name.
    private async ValueTask<(ReplicaStatus, SecretChange?)> FollowAsync(
        CallContext call, StoredSecret primary, ReplicaStatus status, IReadOnlyList<NewVersion> versions, DateTimeOffset now, CancellationToken ct)
    {
        if (await FindReplicaAsync(primary, status.Region, ct) is not { } existing)
            return (status, null);
        var following = Replicas.Follow(existing, primary);
        try
        {
            return (status, await ChangeAsync(call, existing, following, versions, now, ct));
        }
        catch (Protocol.ServiceException refusal)
        {
            // AWS's primary does not wait for its replicas either. The record of the refused use stands beside the call's.
            var behind = new SecretChange { Before = existing, After = Replicas.FollowBehind(existing, primary) };
            return (Replicas.Lagging(status, refusal, await keys.FindAwaitedAsync(following, refusal, ct)), behind);
        }
    }

    // A replica that fell behind: the caller may use its key now, or somebody who may has yet to come.
    private async ValueTask<(ReplicaStatus, SecretChange?)> CatchUpAsync(
        CallContext call, StoredSecret before, StoredSecret primary, ReplicaStatus status, IReadOnlyList<NewVersion> versions, DateTimeOffset now, CancellationToken ct)
    {
        var existing = await FindReplicaAsync(primary, status.Region, ct);
        if (existing is null && await store.FindAsync(primary.Account, status.Region, primary.Name, ct) is not null)
            return (Replicas.Taken(status, primary.Name), null);
        var behind = existing is null ? null : new SecretChange { Before = existing, After = Replicas.FollowBehind(existing, primary) };
        if (await OpenLabelledAsync(before, primary, versions, ct) is not { } all)
            return (status, behind);
        try
        {
            var (next, change) = await PlaceAsync(call, existing, Replicas.Wanted(existing, primary, status, now), status, all, now, ct);
            return (next, change ?? behind);
        }
        finally
        {
            Release(all.Except(versions));
        }
    }

    /// <summary>Makes a replica, or seals everything in it anew, under the key that its status wants.</summary>
    /// <param name="versions">All labelled ones, opened.</param>
    /// <returns>No change, and a status that says why, when the key keeps it from being done for the caller.</returns>
    public async ValueTask<(ReplicaStatus Status, SecretChange? Change)> PlaceAsync(
        CallContext call, StoredSecret? existing, StoredSecret replica, ReplicaStatus status, IReadOnlyList<NewVersion> versions, DateTimeOffset now, CancellationToken ct)
    {
        try
        {
            await keys.ProbeAsync(call, replica, ct);
            return (Replicas.Synced(status), await ChangeAsync(call, existing, replica, versions, now, ct));
        }
        catch (Protocol.ServiceException refusal)
        {
            // The status says so; the record of the refused use stands beside the call's.
            return (Replicas.Lagging(status, refusal, await keys.FindAwaitedAsync(replica, refusal, ct)), null);
        }
    }

    /// <summary>All labelled versions of a primary, those that are just being written as they are, opened without anybody's permission: whoever made it
    /// a primary had it, and nothing is shown.</summary>
    /// <param name="before">As it is stored, with its versions.</param>
    /// <returns>Null when one can't be opened now.</returns>
    private async ValueTask<IReadOnlyList<NewVersion>?> OpenLabelledAsync(
        StoredSecret before, StoredSecret after, IReadOnlyList<NewVersion> written, CancellationToken ct)
    {
        var opened = new List<NewVersion>();
        foreach (var (id, _, _) in after.Document.Versions)
        {
            if (written.FirstOrDefault(version => version.VersionId == id) is { } fresh)
                opened.Add(fresh);
            else if (await store.FindVersionAsync(before.Id, id, ct) is { } version)
            {
                if (version.Value is null)
                    opened.Add(new NewVersion(id, version.CreatedAt, null));
                else if (await TryOpenAsync(before, version, ct) is { } value)
                    opened.Add(new NewVersion(id, version.CreatedAt, value));
                else
                {
                    Release(opened.Except(written));
                    return null;
                }
            }
        }

        return opened;
    }

    private async ValueTask<SecretValue?> TryOpenAsync(StoredSecret secret, StoredVersion version, CancellationToken ct)
    {
        if (!await keys.IsReadyAsync(version.Value!, ct))
            return null;
        try
        {
            var (bytes, kind) = keyring.Open(version.Value!, Place(secret, version.VersionId));
            return new SecretValue(bytes, kind);
        }
        catch (DecryptionException)
        {
            // Damaged: whoever reads it is told; its replicas stay as they are.
            return null;
        }
    }

    /// <summary>The current value, opened without anybody's permission: for the test of a rotation function, which makes a copy of it in the same place.</summary>
    /// <returns>Null when there is none, or it can't be opened now.</returns>
    public async ValueTask<SecretValue?> OpenCurrentAsync(StoredSecret secret, CancellationToken ct) =>
        secret.Document.Versions.HolderOf(StagingLabels.Current) is { } id && await store.FindVersionAsync(secret.Id, id, ct) is { Value: not null } version
            ? await TryOpenAsync(secret, version, ct)
            : null;

    private static void Release(IEnumerable<NewVersion> versions)
    {
        foreach (var version in versions)
            version.Value?.Dispose();
    }

    private SecretChange Change(StoredSecret? before, StoredSecret after, IReadOnlyList<NewVersion> versions, Guid sealing, DateTimeOffset now) => new()
    {
        Before = before,
        After = after,
        Versions = [.. versions.Select(v => Seal(after, sealing, v))],
        PruneCreatedBefore = versions.Count == 0 ? null : now - PruneAge,
    };

    /// <summary>The replica of a primary in a region; null when there is none there, as after a failed replication.</summary>
    public async ValueTask<StoredSecret?> FindReplicaAsync(StoredSecret primary, string region, CancellationToken ct) =>
        await store.FindAsync(primary.Account, region, primary.Name, ct) is { } found
        && found.Suffix == primary.Suffix && found.Document.PrimaryRegion == primary.Region
            ? found
            : null;

    /// <summary>Opens all labelled values, for what this server itself does with them: nobody is answered with them. The caller disposes of each.</summary>
    /// <returns>Null when one of them can't be opened now.</returns>
    public async ValueTask<IReadOnlyList<SecretValue>?> FindValuesAsync(StoredSecret secret, CancellationToken ct) =>
        await OpenLabelledAsync(secret, secret, [], ct) is { } versions ? [.. versions.Select(version => version.Value).OfType<SecretValue>()] : null;

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

    /// <summary>What the audit tells of the versions that a change will prune; the change's revision makes sure that it does prune just these.</summary>
    private async ValueTask<IReadOnlyList<ServiceEvent>> PrunedAsync(SecretChange change, CancellationToken ct)
    {
        // A commit adds one version at most, so a secret with few commits needs no counting.
        if (change is not { Before: { } before, After: { } after, PruneCreatedBefore: { } limit } || before.Revision <= change.KeepUnlabelled)
            return [];
        var unlabelled = (await store.ListVersionsAsync(before.Id, includeUnlabelled: true, after: null, MaxListed, ct))
            .Where(version => after.Document.Versions.Of(version.VersionId).Count == 0).ToList();
        return [.. unlabelled.Take(unlabelled.Count - change.KeepUnlabelled).Where(version => version.CreatedAt < limit)
            .Select(version => new ServiceEvent("EndSecretVersionDelete", after.Account, after.Region, after.Arn(), version.VersionId))];
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
