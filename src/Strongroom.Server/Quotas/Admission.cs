namespace Strongroom.Server.Quotas;

/// <summary>
/// The slots of the requests that are worked on. A request has one from when its body has arrived until its answer is ready, so a slow client holds none.
/// Safe for concurrent use.
/// </summary>
/// <remarks>
/// Nobody may have more slots than are free: one who floods ends with half of them, two with a third each, and some are free for whoever comes next. Only
/// requests whose signature has been verified count for their principal, so nobody can use up another's slots by claiming its access key id.
/// </remarks>
internal sealed class Admission(int slots)
{
    private int inFlight;

    public int InFlight => Math.Max(0, Volatile.Read(ref inFlight));

    public bool IsFull => Volatile.Read(ref inFlight) >= slots;

    /// <summary>Whether anybody could have more than its part, which need not be asked of an idle server.</summary>
    public bool IsBusy => Volatile.Read(ref inFlight) >= slots / 2;

    public bool TryEnter()
    {
        if (Interlocked.Increment(ref inFlight) <= slots)
            return true;
        Interlocked.Decrement(ref inFlight);
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref inFlight);

    /// <param name="held">Slots of one consumer, with the one in question, which <see cref="TryEnter"/> has given.</param>
    public bool IsFairShare(int held) => held <= Math.Max(1, slots - Volatile.Read(ref inFlight));

    /// <summary>Whether a consumer with so many slots would be refused one more.</summary>
    public bool WouldRefuse(int held) => held > 0 && held + 1 > Math.Max(1, slots - Volatile.Read(ref inFlight) - 1);
}
