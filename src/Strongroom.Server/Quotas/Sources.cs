using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Strongroom.Server.Quotas;

/// <summary>
/// Where failed authentications come from. Each failure takes a token of its source's bucket; a source without one is refused before its signature is
/// looked at. Safe for concurrent use, bounded.
/// </summary>
internal sealed class Sources(Rate rate, TimeProvider time)
{
    // Beyond it all further sources share one bucket: whoever has that many addresses must not fill the memory.
    private const int MaxSources = 65_536;

    private readonly ConcurrentDictionary<Net, RateBucket> buckets = new();
    private readonly RateBucket.Size size = RateBucket.Size.Of(rate, time);
    private readonly RateBucket overflow = new(RateBucket.Size.Of(rate, time));

    // Of its own, because counting a concurrent dictionary takes all its locks.
    private int count;

    public int Count => Volatile.Read(ref count);

    /// <summary>Whether it has failed too often lately.</summary>
    public bool IsRefused(IPAddress? address)
    {
        if (Volatile.Read(ref count) == 0)
            return false;
        var now = time.GetTimestamp();
        return buckets.TryGetValue(Net.Of(address), out var bucket) ? !bucket.HasToken(now)
            : Volatile.Read(ref count) >= MaxSources && !overflow.HasToken(now);
    }

    public void Failed(IPAddress? address)
    {
        var source = Net.Of(address);
        if (!buckets.TryGetValue(source, out var bucket))
        {
            if (Volatile.Read(ref count) >= MaxSources)
                bucket = overflow;
            else if (buckets.TryAdd(source, bucket = new RateBucket(size)))
                Interlocked.Increment(ref count);
            else
                bucket = buckets.GetValueOrDefault(source, bucket);
        }

        bucket.TryTake(time.GetTimestamp());
    }

    /// <summary>Forgets whose bucket is full again.</summary>
    public void Sweep()
    {
        var now = time.GetTimestamp();
        foreach (var pair in buckets)
        {
            if (pair.Value.IsFull(now) && buckets.TryRemove(pair))
                Interlocked.Decrement(ref count);
        }
    }

    /// <summary>An address, or of IPv6 the network of 64 bits, which one host has whole.</summary>
    public static string Network(IPAddress? address)
    {
        var net = Net.Of(address);
        return $"{net.High:x16}{net.Low:x16}";
    }

    private readonly record struct Net(ulong High, ulong Low)
    {
        public static Net Of(IPAddress? address)
        {
            if (address is null)
                return default;
            Span<byte> bytes = stackalloc byte[16];
            if (!address.TryWriteBytes(bytes, out var length))
                return default;
            if (address.AddressFamily == AddressFamily.InterNetwork || address.IsIPv4MappedToIPv6)
                return new Net(0, System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes[(length - 4)..length]));
            return new Net(System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(bytes), 1UL << 63);
        }
    }
}
