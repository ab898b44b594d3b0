using Strongroom.Server.Audit;
using Strongroom.Server.SecretsManager;
using Strongroom.Storage;

namespace Strongroom.Server.Background;

/// <summary>Removes secrets whose recovery window has ended. Idempotent: a secret restored in between is left alone.</summary>
internal sealed class PurgeJob(ISecretStore store, IControlStore control, AuditTrail audit, Guid holder, TimeProvider time)
{
    private const string Lease = "purge";
    private const int BatchSize = 100;
    private static readonly TimeSpan LeaseTime = TimeSpan.FromMinutes(2);

    /// <returns>How many secrets were removed.</returns>
    public async Task<int> RunAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        if (!await control.TryLeaseAsync(Lease, holder, now, now + LeaseTime, ct))
            return 0;

        var removed = 0;
        var due = await store.ListPurgeableAsync(now, null, BatchSize, ct);
        foreach (var secret in due)
        {
            var ended = new ServiceEvent("EndSecretVersionDelete", secret.Account, secret.Region, secret.Arn());
            if (await audit.CommitEventsAsync([new SecretChange { Before = secret }], [ended], now, ct))
                removed++;
        }

        return removed;
    }
}
