using Strongroom.Crypto;
using Strongroom.Server.Audit;
using Strongroom.Server.Keys;
using Strongroom.Server.Kms;
using Strongroom.Server.Observability;
using Strongroom.Storage;

namespace Strongroom.Server.Background;

/// <summary>Rotates keys whose time has come, and destroys the material of keys whose waiting period has ended. Idempotent: a deletion cancelled in between stays cancelled.</summary>
internal sealed class KeyJobs(
    KeyDirectory keys, IDirectoryStore directories, IControlStore control, AuditTrail audit, Keyring keyring, Guid holder, TimeProvider time)
{
    private const string Lease = "kms-keys";
    private static readonly TimeSpan LeaseTime = TimeSpan.FromMinutes(2);

    /// <returns>How many keys were rotated or destroyed.</returns>
    public async Task<int> RunAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (!await control.TryLeaseAsync(Lease, holder, now, now + LeaseTime, ct))
            return 0;

        var done = 0;
        foreach (var (account, region) in await directories.ListDirectoriesAsync(KmsKey.EntryKind, ct))
        {
            // The key that seals identities has no region and no policy; it is rotated with the root key's means.
            if (region == KeyDirectory.Global)
                continue;
            foreach (var key in (await keys.GetAsync(account, region, ct)).All<KmsKey>().Where(key => IsDue(key, now)))
                done += await RunAsync(account, region, key.Id, now, ct) ? 1 : 0;
        }

        return done;
    }

    private async ValueTask<bool> RunAsync(string account, string region, Guid id, DateTimeOffset now, CancellationToken ct)
    {
        // Each commit moves the directory on, so every key starts from a fresh snapshot; a lost race waits for the next round.
        var directory = await keys.GetAsync(account, region, ct);
        return directory.FindKey(id) is { } key && IsDue(key, now)
            && await (key.State == KeyStates.PendingDeletion ? DestroyAsync(directory, key, now, ct) : RotateAsync(directory, key, now, ct));
    }

    private async ValueTask<bool> DestroyAsync(KmsDirectory directory, KmsKey key, DateTimeOffset now, CancellationToken ct)
    {
        var gone = directory.Change([], [key, .. directory.AliasesOf(key), .. directory.GrantsOn(key)]);
        var commit = new SecretCommit([], []) { Directories = [gone], DestroyedKeys = [key.Id] };
        if (!await audit.CommitEventsAsync(commit, [ServiceEvent.OfKey("DeleteKey", key)], now, ct))
            return false;
        keyring.Forget(key.Id);
        return true;
    }

    private async ValueTask<bool> RotateAsync(KmsDirectory directory, KmsKey key, DateTimeOffset now, CancellationToken ct)
    {
        using var span = Spans.Begin("KMS key rotation");
        var (rotated, made) = await KeyRotation.RotateAsync(keys, keyring, key, KeyRotation.Automatic, now, ct);
        // From now on, not from when it was due: a server that was off for years owes one rotation, not several.
        rotated = rotated with { NextRotationAtMs = now.AddDays(key.RotationPeriodInDays).ToUnixTimeMilliseconds() };
        var commit = new SecretCommit([], []) { Directories = [directory.Change([rotated])], Keys = [made] };
        return await audit.CommitEventsAsync(commit, [ServiceEvent.OfKey("RotateKey", key)], now, ct);
    }

    private static bool IsDue(KmsKey key, DateTimeOffset now) => key.State switch
    {
        KeyStates.PendingDeletion => key.DeletionAtMs <= now.ToUnixTimeMilliseconds(),
        // A disabled key is not rotated; it catches up when it is enabled. Source: KMS Developer Guide, "Rotating KMS keys".
        KeyStates.Enabled => key.RotationEnabled && NextRotation(key) <= now,
        _ => false,
    };

    // Keys of earlier versions of this program have no date yet.
    private static DateTimeOffset NextRotation(KmsKey key) => key.NextRotationAtMs is { } next
        ? DateTimeOffset.FromUnixTimeMilliseconds(next)
        : key.CreatedAt.AddDays(key.RotationPeriodInDays);
}
