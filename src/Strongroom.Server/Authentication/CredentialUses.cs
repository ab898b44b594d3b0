using System.Collections.Concurrent;
using Strongroom.Policy;
using Strongroom.Storage;

namespace Strongroom.Server.Authentication;

/// <summary>When access keys and roles were last used: noted in memory, written to the store now and then. Safe for concurrent use.</summary>
/// <remarks>A crash loses what was noted since the last flush; that does no harm.</remarks>
internal sealed class CredentialUses(IDirectoryStore store)
{
    // AWS shows minutes; a note a request would be an allocation a request.
    private static readonly TimeSpan Precision = TimeSpan.FromSeconds(10);

    // More than are in use between two flushes; beyond it uses are lost.
    private const int MaxNoted = 100_000;

    private volatile ConcurrentDictionary<string, AccessKeyUse> noted = new(StringComparer.Ordinal);

    // What is being written, until it has been: a reader in between must find it.
    private volatile ConcurrentDictionary<string, AccessKeyUse> flushing = new(StringComparer.Ordinal);

    /// <summary>Notes a verified call: by a long-term key for the key, by a role's session for the role.</summary>
    public void Note(Caller caller, DateTimeOffset now, string region, string service)
    {
        var id = caller.Session is null ? caller.AccessKeyId : caller.Principal.Kind == PrincipalKind.RoleSession ? caller.Principal.EntityId! : null;
        if (id is not null)
            Note(id, now, region, service);
    }

    /// <summary>The last use of an access key id, or of a role by its unique id; null when it was never used.</summary>
    public async ValueTask<AccessKeyUse?> FindAsync(string id, CancellationToken ct)
    {
        // In this order: what leaves a place has been put into the next one before.
        var latest = noted.GetValueOrDefault(id) ?? flushing.GetValueOrDefault(id);
        var stored = await store.FindUseAsync(id, ct);
        return latest is null || stored?.UsedAt > latest.UsedAt ? stored : latest;
    }

    /// <summary>Writes what was noted. Called by one job, and at the stop once the job has ended.</summary>
    public async Task FlushAsync(CancellationToken ct)
    {
        if (noted.IsEmpty && flushing.IsEmpty)
            return;

        // What an outage left unwritten goes along.
        foreach (var (id, use) in flushing)
            noted.TryAdd(id, use);
        flushing = noted;
        noted = new(StringComparer.Ordinal);
        await store.RecordUsesAsync([.. flushing.Values], ct);
        flushing = new(StringComparer.Ordinal);
    }

    private void Note(string id, DateTimeOffset now, string region, string service)
    {
        var uses = noted;
        if (uses.TryGetValue(id, out var last) ? now - last.UsedAt < Precision && last.Region == region && last.Service == service : uses.Count >= MaxNoted)
            return;
        uses[id] = new AccessKeyUse(id, now, region, service);
    }
}
