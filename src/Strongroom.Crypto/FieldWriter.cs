using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Strongroom.Crypto;

/// <summary>Builds associated data: texts as UTF-8, each behind its length, so that no two different lists look alike.</summary>
/// <remarks>For what is no secret: the buffer is not zeroed.</remarks>
internal ref struct FieldWriter(Span<byte> initial)
{
    // Strict: with replacement characters, different broken texts would become one.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private Span<byte> buffer = initial;
    private byte[]? rented;
    private int length;

    public readonly ReadOnlySpan<byte> Written => buffer[..length];

    /// <summary>Length as four bytes, big-endian, then the UTF-8.</summary>
    /// <exception cref="EncoderFallbackException">A lone surrogate.</exception>
    public void Text(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var most = Utf8.GetMaxByteCount(text.Length);
        Reserve(4 + most);
        var count = Utf8.GetBytes(text, buffer.Slice(length + 4, most));
        BinaryPrimitives.WriteInt32BigEndian(buffer[length..], count);
        length += 4 + count;
    }

    /// <summary>The place of a value, with the encryption context that AWS uses.</summary>
    public void Place(Binding binding)
    {
        Text(binding.Account);
        Text(binding.Region);
        Text("SecretARN");
        Text(binding.Arn);
        Text("SecretVersionId");
        Text(binding.VersionId);
    }

    /// <summary>Bytes of a length that the format fixes: as they are.</summary>
    public void Fixed(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(buffer[length..]);
        length += bytes.Length;
    }

    public void UInt32(int value)
    {
        Reserve(4);
        BinaryPrimitives.WriteUInt32BigEndian(buffer[length..], (uint)value);
        length += 4;
    }

    public void Dispose()
    {
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        rented = null;
    }

    private void Reserve(int more)
    {
        if (buffer.Length - length >= more)
            return;

        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(2 * buffer.Length, length + more));
        Written.CopyTo(larger);
        Dispose();
        buffer = rented = larger;
    }
}
