namespace Strongroom.Crypto;

/// <summary>A count that many threads raise at once without waiting for each other's cache lines.</summary>
/// <remarks>For what happens on every read. One cell a processor: raising it takes some nanoseconds, reading it adds all cells up.</remarks>
public sealed class Tally
{
    // Neighbours in one cache line would be as slow as one cell.
    private const int Spacing = 16;

    private static readonly int Mask = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Clamp(Environment.ProcessorCount, 1, 64)) - 1;

    private readonly long[] cells = new long[(Mask + 2) * Spacing];

    public long Value
    {
        get
        {
            var sum = 0L;
            for (var i = Spacing; i < cells.Length; i += Spacing)
                sum += Volatile.Read(ref cells[i]);
            return sum;
        }
    }

    public void Increment() => Interlocked.Increment(ref cells[((Thread.GetCurrentProcessorId() & Mask) + 1) * Spacing]);
}
