using System.Buffers.Binary;
using System.Globalization;
using System.Net;

namespace Strongroom.Policy;

/// <summary>An address or a CIDR range of IPv4 or IPv6. The families never contain each other, but <c>::ffff:a.b.c.d</c> is the IPv4 address it carries.</summary>
/// <param name="Network">As a number, without the bits behind the prefix.</param>
internal readonly record struct IpRange(bool IsV6, UInt128 Network, int Prefix)
{
    /// <summary>Strict: four decimal numbers without leading zeros, no scope, no brackets. Null for anything else.</summary>
    public static IpRange? Parse(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var address = slash < 0 ? text.AsSpan() : text.AsSpan(0, slash);
        var isV6 = address.Contains(':');
        if (!(isV6 ? TryReadV6(address, out var number) : TryReadV4(address, out number)))
            return null;

        var width = isV6 ? 128 : 32;
        var prefix = width;
        if (slash >= 0 && (!int.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out prefix) || prefix > width))
            return null;
        if (isV6 && prefix >= 96 && number >> 32 == 0xffff)
            (isV6, number, prefix, width) = (false, number & uint.MaxValue, prefix - 96, 32);
        return new IpRange(isV6, Mask(number, width - prefix), prefix);
    }

    /// <summary>Whether all of <paramref name="other"/> lies inside.</summary>
    public bool Contains(IpRange other) =>
        IsV6 == other.IsV6 && Prefix <= other.Prefix && Mask(other.Network, (IsV6 ? 128 : 32) - Prefix) == Network;

    // A shift by the full width would shift by nothing.
    private static UInt128 Mask(UInt128 number, int freeBits) => freeBits >= 128 ? 0 : number >> freeBits << freeBits;

    private static bool TryReadV4(ReadOnlySpan<char> text, out UInt128 number)
    {
        number = 0;
        var count = 0;
        foreach (var range in text.Split('.'))
        {
            var part = text[range];
            if (++count > 4 || part.Length is 0 or > 3 || (part.Length > 1 && part[0] == '0')
                || !byte.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var value))
                return false;
            number = (number << 8) | value;
        }

        return count == 4;
    }

    private static bool TryReadV6(ReadOnlySpan<char> text, out UInt128 number)
    {
        number = 0;
        Span<byte> bytes = stackalloc byte[16];
        if (text.ContainsAny('%', '[', ']') || !IPAddress.TryParse(text, out var address) || !address.TryWriteBytes(bytes, out var length) || length != 16)
            return false;
        number = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        return true;
    }
}
