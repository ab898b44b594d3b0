namespace Strongroom.Protocol.SigV4;

/// <summary>Walks a raw query string: split at <c>&amp;</c>, then at the first <c>=</c>. Empty parts are skipped.</summary>
/// <remarks>
/// Unlike form decoding, a plus sign is a plus sign. A percent sign not followed by two hex digits stands for itself.
/// </remarks>
internal ref struct QueryParameters(ReadOnlySpan<char> query)
{
    private ReadOnlySpan<char> _rest = query;

    /// <summary>The name as sent, still encoded.</summary>
    public ReadOnlySpan<char> Name { get; private set; }

    /// <summary>The value as sent, still encoded; empty when there is no equals sign.</summary>
    public ReadOnlySpan<char> Value { get; private set; }

    public bool MoveNext()
    {
        while (!_rest.IsEmpty)
        {
            var end = _rest.IndexOf('&');
            var part = end < 0 ? _rest : _rest[..end];
            _rest = end < 0 ? [] : _rest[(end + 1)..];
            if (part.IsEmpty)
                continue;

            var equals = part.IndexOf('=');
            Name = equals < 0 ? part : part[..equals];
            Value = equals < 0 ? [] : part[(equals + 1)..];
            return true;
        }

        return false;
    }

    /// <summary>Takes one decoded unit off the front of <paramref name="encoded"/>, which must not be empty.</summary>
    public static char TakeDecoded(ref ReadOnlySpan<char> encoded)
    {
        if (encoded is ['%', var high, var low, ..] && char.IsAsciiHexDigit(high) && char.IsAsciiHexDigit(low))
        {
            encoded = encoded[3..];
            return (char)((HexValue(high) << 4) | HexValue(low));
        }

        var plain = encoded[0];
        encoded = encoded[1..];
        return plain;
    }

    /// <summary>Decoded text, one char per byte.</summary>
    public static string Decode(ReadOnlySpan<char> encoded)
    {
        if (!encoded.Contains('%'))
            return encoded.ToString();

        var decoded = new char[encoded.Length];
        var length = 0;
        while (!encoded.IsEmpty)
            decoded[length++] = TakeDecoded(ref encoded);
        return new(decoded, 0, length);
    }

    private static int HexValue(char digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
}
