using System.Collections.Concurrent;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>How many secrets an account may have in a region. Source: API fact sheet 2.8. Safe for concurrent use.</summary>
/// <remarks>
/// Counting reads an index from end to end, up to some tens of milliseconds near the limit, so it is not done for each new secret: a count is trusted until a quarter of the
/// room it found has been used up here, which leaves the rest to other nodes on the same database. Near the limit every creation counts; once it is reached, creations are
/// refused for a second without counting. With more nodes than four that all create at full speed the limit may be passed by the secrets of that instant.
/// </remarks>
internal sealed class SecretQuota(IStoreFigures store, int max, TimeProvider time)
{
    private static readonly TimeSpan RefusedFor = TimeSpan.FromSeconds(1);

    // As many entries as there are accounts and regions with new secrets since the start.
    private readonly ConcurrentDictionary<(string Account, string Region), Room> rooms = new();

    /// <summary>Counts one more secret that is about to be made.</summary>
    /// <exception cref="Protocol.ServiceException">LimitExceededException.</exception>
    public async ValueTask DemandRoomAsync(string account, string region, CancellationToken ct)
    {
        var room = rooms.GetOrAdd((account, region), static _ => new Room());
        if (Interlocked.Decrement(ref room.Trusted) >= 0)
            return;
        if (Volatile.Read(ref room.FullAt) is not 0 and var fullAt && time.GetElapsedTime(fullAt) < RefusedFor)
            throw SecretsManagerErrors.TooManySecrets();
        var free = max - await store.CountSecretsAsync(account, region, max, ct);
        Volatile.Write(ref room.FullAt, free > 0 ? 0 : time.GetTimestamp() | 1);
        if (free <= 0)
            throw SecretsManagerErrors.TooManySecrets();
        Volatile.Write(ref room.Trusted, free / 4);
    }

    private sealed class Room
    {
        // Fields, because they are counted in place.
        public long Trusted;
        public long FullAt;
    }
}
