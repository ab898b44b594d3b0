using System.Collections.Concurrent;
using System.Net;
using Strongroom.Server.Authentication;

namespace Strongroom.Server.Quotas;

/// <summary>Somebody whose use of the server is counted: an IAM user, a role with all its sessions, a root; an account; an address that signs nothing.</summary>
/// <param name="account">Whose buckets a principal's calls take from too; null for accounts and addresses.</param>
internal sealed class Consumer(string name, Consumer? account, RateBucket?[] buckets)
{
    private const int Retired = int.MinValue / 2;

    private int inFlight;

    public string Name => name;

    public Consumer? Account => account;

    public RateBucket?[] Buckets => buckets;

    /// <summary>Requests of this one that the server works on now.</summary>
    public int InFlight => Math.Max(0, Volatile.Read(ref inFlight));

    /// <returns>How many it then has; negative when this object has been forgotten and another one stands for the same name.</returns>
    public int Enter() => Interlocked.Increment(ref inFlight);

    public void Leave() => Interlocked.Decrement(ref inFlight);

    /// <summary>Forgets one that does nothing and whose buckets are full: a new one is just as good.</summary>
    public bool TryRetire(long now)
    {
        foreach (var bucket in buckets)
        {
            if (bucket is not null && !bucket.IsFull(now))
                return false;
        }

        return Interlocked.CompareExchange(ref inFlight, Retired, 0) == 0;
    }
}

/// <summary>All consumers that were here lately. Bounded by the IAM entities there are, and by the requests that are worked on.</summary>
internal sealed class Consumers(RateTable rates, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Consumer> all = new(StringComparer.Ordinal);

    // Never forgotten: there are as many as an operator has made, and principals point at them.
    private readonly ConcurrentDictionary<string, Consumer> accounts = new(StringComparer.Ordinal);

    public int Count => all.Count;

    /// <summary>Counts one more request of a verified caller. Kept in the caller, so that the next request of the same key looks nothing up.</summary>
    public (Consumer Consumer, int InFlight) Enter(Caller caller)
    {
        while (true)
        {
            var consumer = caller.Consumer ??= Of(caller);
            if (consumer.Enter() is > 0 and var count)
                return (consumer, count);
            caller.Consumer = null;
        }
    }

    /// <summary>Counts one more request of somebody who signs nothing.</summary>
    public (Consumer Consumer, int InFlight) Enter(IPAddress? address)
    {
        while (true)
        {
            var consumer = all.GetOrAdd("address " + Sources.Network(address), static name => new Consumer(name, null, []));
            if (consumer.Enter() is > 0 and var count)
                return (consumer, count);
        }
    }

    /// <summary>Forgets who is idle.</summary>
    public void Sweep()
    {
        var now = time.GetTimestamp();
        foreach (var (name, consumer) in all)
        {
            if (consumer.TryRetire(now))
                all.TryRemove(KeyValuePair.Create(name, consumer));
        }
    }

    // One whose removal is under way is found once more and refuses; the next attempt makes a new one.
    private Consumer Of(Caller caller)
    {
        // A role's sessions count together, or every AssumeRole would bring fresh tokens; so do the sessions of a federated user's issuer.
        var name = caller.Principal.EntityArn ?? caller.Principal.Arn;
        if (all.TryGetValue(name, out var found))
            return found;
        var account = accounts.GetOrAdd(caller.Account, id => new Consumer(id, null, rates.BucketsFor(RateScope.Account, id)));
        return all.GetOrAdd(name, arn => new Consumer(arn, account, rates.BucketsFor(RateScope.Principal, arn)));
    }
}
