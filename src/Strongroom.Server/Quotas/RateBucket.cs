namespace Strongroom.Server.Quotas;

/// <summary>A token bucket in one number: the instant at which it will be full again. Safe for concurrent use; takes no lock and makes nothing.</summary>
/// <remarks>
/// Known as the generic cell rate algorithm. A bucket that nobody takes from needs no timer to be filled, and one whose instant has passed is as good as a
/// new one, so it can be forgotten.
/// </remarks>
internal sealed class RateBucket(RateBucket.Size size)
{
    private long fullAt;

    public bool TryTake(long now)
    {
        var seen = Volatile.Read(ref fullAt);
        while (true)
        {
            var from = Math.Max(seen, now);
            if (from - now > size.Tolerance)
                return false;
            var found = Interlocked.CompareExchange(ref fullAt, from + size.Interval, seen);
            if (found == seen)
                return true;
            seen = found;
        }
    }

    /// <summary>Whether <see cref="TryTake"/> would succeed, without taking.</summary>
    public bool HasToken(long now) => Math.Max(Volatile.Read(ref fullAt), now) - now <= size.Tolerance;

    public bool IsFull(long now) => Volatile.Read(ref fullAt) <= now;

    /// <summary>In a clock's own units.</summary>
    /// <param name="Interval">Time that one token takes.</param>
    /// <param name="Tolerance">How far ahead the bucket may be emptied.</param>
    internal readonly record struct Size(long Interval, long Tolerance)
    {
        public static Size Of(Rate rate, TimeProvider time)
        {
            var interval = Math.Max(1, (long)(time.TimestampFrequency / rate.PerSecond));
            return new Size(interval, interval * (rate.Burst - 1));
        }
    }
}
