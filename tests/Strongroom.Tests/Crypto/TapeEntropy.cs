using Strongroom.Crypto;

namespace Strongroom.Tests.Crypto;

/// <summary>Plays given bytes, once, and fails when they run out.</summary>
internal sealed class TapeEntropy(params byte[] tape) : Entropy
{
    private int played;

    public bool IsPlayed => played == tape.Length;

    public override void Fill(Span<byte> destination)
    {
        tape.AsSpan(played, destination.Length).CopyTo(destination);
        played += destination.Length;
    }
}
