using Strongroom.Server.Audit;

namespace Strongroom.Server.Background;

/// <summary>What keeps the audit log in order while the server runs.</summary>
/// <param name="retention">How long closed segments are kept; null: for ever.</param>
internal sealed class AuditJobs(AuditLog log, AuditDigests digests, TimeSpan? retention, TimeProvider time)
{
    public async Task SignAsync(CancellationToken ct) => await digests.SignAsync(ct);

    /// <summary>Closes a segment that has been open long enough, and removes those whose time is over.</summary>
    public Task RollAsync(CancellationToken ct)
    {
        log.RollIfDue();
        if (retention is { } kept)
            digests.RemoveBefore(time.GetUtcNow() - kept);
        return Task.CompletedTask;
    }
}
