using System.Security.Cryptography;

namespace Strongroom.Crypto;

/// <summary>The operating system's generator. The only source of chance in shipped assemblies.</summary>
public sealed class SystemEntropy : Entropy
{
    private const int BufferedBytes = 4096;

    [ThreadStatic]
    private static byte[]? buffer;

    [ThreadStatic]
    private static int unused; // bytes of the buffer that nobody has seen, at its end

    private SystemEntropy()
    {
    }

    public static SystemEntropy Instance { get; } = new();

    /// <inheritdoc/>
    /// <remarks>Never buffered: keys and nonces do not wait around in memory.</remarks>
    // The one file that may name the generator: everything else takes an Entropy.
#pragma warning disable RS0030
    public override void Fill(Span<byte> destination) => RandomNumberGenerator.Fill(destination);
#pragma warning restore RS0030

    /// <inheritdoc/>
    /// <remarks>
    /// From a buffer per thread: a call to the generator costs about a microsecond whatever its size, and every request draws ids.
    /// </remarks>
    public override Guid NewGuid()
    {
        buffer ??= new byte[BufferedBytes];
        if (unused == 0)
        {
            Fill(buffer);
            unused = BufferedBytes;
        }

        var bytes = buffer.AsSpan(BufferedBytes - unused, 16);
        unused -= 16;
        var id = ToVersion4(bytes);

        // A memory dump should not tell the ids to come from those given out.
        CryptographicOperations.ZeroMemory(bytes);
        return id;
    }
}
