using Strongroom.Server.Audit;
using Strongroom.Server.SecretsManager;
using Strongroom.Storage;

namespace Strongroom.Server.Background;

/// <summary>
/// Brings replicas that fell behind, because their KMS key could not be used, up to their primaries once it can. What waits is a fact of the primary's
/// document, so nothing is lost with a node; idempotent: a primary that changed in between is looked at again in the next round.
/// </summary>
internal sealed class ReplicationJob(ISecretStore store, IControlStore control, SecretVault vault, AuditTrail audit, Guid holder, TimeProvider time)
{
    private const string Lease = "replication";
    private const int BatchSize = 100;
    private static readonly TimeSpan LeaseTime = TimeSpan.FromMinutes(2);

    /// <returns>How many primaries' replicas were brought up.</returns>
    public async Task<int> RunAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (!await control.TryLeaseAsync(Lease, holder, now, now + LeaseTime, ct))
            return 0;

        var (done, after) = (0, 0L);
        while (await store.ListLaggingAsync(after, BatchSize, ct) is { Count: > 0 } waiting)
        {
            foreach (var primary in waiting)
            {
                if (await vault.CatchUpAsync(primary, now, ct) is { } change
                    && await audit.CommitEventsAsync(change.Changes, change.Events, now, ct))
                    done++;
            }

            after = waiting[^1].Id;
        }

        return done;
    }
}
