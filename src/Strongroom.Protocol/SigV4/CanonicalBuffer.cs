using System.Buffers;
using System.Text;

namespace Strongroom.Protocol.SigV4;

/// <summary>Bytes under construction: starts in the caller's stack memory, moves to the pool when that is too small.</summary>
/// <remarks>Rented memory is cleared on return, because a canonical request contains the session token.</remarks>
internal ref struct CanonicalBuffer(Span<byte> initial)
{
    // Enough for any request an SDK sends without a session token.
    public const int InitialSize = 1024;

    private static readonly SearchValues<char> Whitespace = SearchValues.Create(" \t\n\r\v\f");

    private Span<byte> _bytes = initial;
    private byte[]? _rented;

    public int Length { get; private set; }

    /// <summary>True once a char above U+00FF was met: the text cannot have been on the wire as it stands, so nothing may match it.</summary>
    public bool Unrepresentable { get; private set; }

    public readonly ReadOnlySpan<byte> Written => _bytes[..Length];

    public void Append(byte value)
    {
        if (Length == _bytes.Length)
            Grow(1);
        _bytes[Length++] = value;
    }

    public void Append(scoped ReadOnlySpan<byte> value) => value.CopyTo(Take(value.Length));

    /// <summary>Appends text as one byte per char.</summary>
    public void Append(scoped ReadOnlySpan<char> text)
    {
        var target = Take(text.Length);
        if (Ascii.FromUtf16(text, target, out _) == OperationStatus.Done)
            return;

        for (var i = 0; i < text.Length; i++)
            target[i] = Latin1(text[i]);
    }

    /// <summary>Appends a header value trimmed at both ends, with each inner run of whitespace as one space.</summary>
    public void AppendCollapsed(scoped ReadOnlySpan<char> value)
    {
        if (!value.ContainsAny(Whitespace))
        {
            Append(value);
            return;
        }

        var start = Length;
        var pendingSpace = false;
        foreach (var c in value)
        {
            if (Whitespace.Contains(c))
            {
                pendingSpace = Length > start;
                continue;
            }

            if (pendingSpace)
                Append((byte)' ');
            pendingSpace = false;
            Append(Latin1(c));
        }
    }

    /// <summary>Appends text percent-encoded, upper-case hex, keeping only <c>A-Z a-z 0-9 - _ . ~</c>.</summary>
    public void AppendEncoded(scoped ReadOnlySpan<char> text)
    {
        foreach (var c in text)
            AppendEncoded(c);
    }

    public void AppendEncoded(char c)
    {
        var value = Latin1(c);
        if (char.IsAsciiLetterOrDigit((char)value) || value is (byte)'-' or (byte)'_' or (byte)'.' or (byte)'~')
        {
            Append(value);
            return;
        }

        var target = Take(3);
        target[0] = (byte)'%';
        target[1] = "0123456789ABCDEF"u8[value >> 4];
        target[2] = "0123456789ABCDEF"u8[value & 15];
    }

    /// <summary>Appends <paramref name="value"/> in lower-case hex.</summary>
    public void AppendHex(scoped ReadOnlySpan<byte> value) => Convert.TryToHexStringLower(value, Take(value.Length * 2), out _);

    public void Truncate(int length) => Length = length;

    public void MarkUnrepresentable() => Unrepresentable = true;

    public void Dispose()
    {
        if (_rented is not null)
            ArrayPool<byte>.Shared.Return(_rented, clearArray: true);
        _rented = null;
        _bytes = [];
        Length = 0;
    }

    private Span<byte> Take(int count)
    {
        if (_bytes.Length - Length < count)
            Grow(count);
        var taken = _bytes.Slice(Length, count);
        Length += count;
        return taken;
    }

    private byte Latin1(char c)
    {
        if (c <= 0xFF)
            return (byte)c;
        Unrepresentable = true;
        return (byte)'?';
    }

    private void Grow(int needed)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_bytes.Length * 2, Length + needed));
        Written.CopyTo(larger);
        if (_rented is not null)
            ArrayPool<byte>.Shared.Return(_rented, clearArray: true);
        _bytes = _rented = larger;
    }
}
