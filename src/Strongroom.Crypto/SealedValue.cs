namespace Strongroom.Crypto;

/// <summary>A value as it is stored: encrypted, bound to its place. Format: docs/formats/sealed-value.md.</summary>
/// <remarks>A class, never a struct: only <see cref="Keyring"/> and <see cref="Parse"/> make one.</remarks>
public sealed class SealedValue
{
    private readonly byte[] bytes;

    internal SealedValue(byte[] bytes) => this.bytes = bytes;

    public ReadOnlyMemory<byte> Bytes => bytes;

    /// <summary>Takes a blob as the store kept it. Checks nothing but that it is not empty: opening it does.</summary>
    public static SealedValue Parse(byte[] bytes)
    {
        ArgumentNullException.ThrowIfNull(bytes);
        return bytes.Length == 0 ? throw new ArgumentException("A sealed value is never empty.", nameof(bytes)) : new SealedValue(bytes);
    }
}
