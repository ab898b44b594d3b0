using System.Buffers.Binary;

namespace Strongroom.Crypto;

/// <summary>The bytes of a sealed value. Specified in docs/formats/sealed-value.md.</summary>
internal static class SealedValueLayout
{
    public const byte FormatVersion = 1;
    public const int HeaderBytes = 26;
    public const int WrappedDataKeyBytes = CipherPool.NonceBytes + CipherPool.KeyBytes + CipherPool.TagBytes;
    public const int OverheadBytes = HeaderBytes + WrappedDataKeyBytes + CipherPool.NonceBytes + CipherPool.TagBytes;

    public static ReadOnlySpan<byte> Magic => "SRSV"u8;

    public static void WriteHeader(Span<byte> blob, Guid keyId, int keyVersion, SecretKind kind)
    {
        Magic.CopyTo(blob);
        blob[4] = FormatVersion;
        keyId.TryWriteBytes(blob[5..], bigEndian: true, out _);
        BinaryPrimitives.WriteUInt32BigEndian(blob[21..], (uint)keyVersion);
        blob[25] = (byte)kind;
    }

    /// <returns>False for what cannot be a sealed value of this format. True promises nothing: only opening proves it.</returns>
    public static bool TryReadHeader(ReadOnlySpan<byte> blob, out Guid keyId, out int keyVersion, out SecretKind kind)
    {
        keyId = default;
        keyVersion = 0;
        kind = default;
        if (blob.Length < OverheadBytes || !blob.StartsWith(Magic) || blob[4] != FormatVersion)
            return false;

        var version = BinaryPrimitives.ReadUInt32BigEndian(blob[21..]);
        if (version is 0 or > int.MaxValue || blob[25] is < (byte)SecretKind.String or > (byte)SecretKind.Identity)
            return false;

        keyId = new Guid(blob.Slice(5, 16), bigEndian: true);
        keyVersion = (int)version;
        kind = (SecretKind)blob[25];
        return true;
    }

    public static Span<byte> WrappedDataKey(Span<byte> blob) => blob.Slice(HeaderBytes, WrappedDataKeyBytes);

    public static ReadOnlySpan<byte> WrappedDataKey(ReadOnlySpan<byte> blob) => blob.Slice(HeaderBytes, WrappedDataKeyBytes);

    /// <summary>Nonce, ciphertext and tag of the value.</summary>
    public static Span<byte> Body(Span<byte> blob) => blob[(HeaderBytes + WrappedDataKeyBytes)..];

    public static ReadOnlySpan<byte> Body(ReadOnlySpan<byte> blob) => blob[(HeaderBytes + WrappedDataKeyBytes)..];
}
