using System.Net;
using System.Net.Sockets;

namespace Strongroom.Server.Oidc;

/// <summary>What kind of place an address is: a token's issuer must not make the server call whom it should not.</summary>
internal enum AddressKind
{
    Public,

    /// <summary>Loopback and private networks: only where the operator has said so.</summary>
    Private,

    /// <summary>Link-local (where clouds answer with credentials), multicast, and what is no address of a host.</summary>
    Forbidden,
}

/// <summary>Source: IANA's registries of special-purpose addresses (RFC 6890).</summary>
internal static class IssuerAddress
{
    public static AddressKind KindOf(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetwork ? KindOfV4(address.GetAddressBytes()) : KindOfV6(address);
    }

    private static AddressKind KindOfV4(byte[] a) => (a[0], a[1], a[2]) switch
    {
        (127, _, _) or (10, _, _) or (172, >= 16 and <= 31, _) or (192, 168, _) or (100, >= 64 and <= 127, _) => AddressKind.Private,
        (0, _, _) or (169, 254, _) or (192, 0, 0) or (192, 0, 2) or (198, 18 or 19, _) or (198, 51, 100) or (203, 0, 113) or ( >= 224, _, _) => AddressKind.Forbidden,
        _ => AddressKind.Public,
    };

    private static AddressKind KindOfV6(IPAddress address)
    {
        var a = address.GetAddressBytes();
        if (IPAddress.IsLoopback(address) || (a[0] & 0xFE) == 0xFC)
            return AddressKind.Private;
        // Beyond 2000::/3 nothing is public; inside it, tunnels would lead to addresses that were not looked at.
        var isTunnel = a is [0x20, 0x02, ..] or [0x20, 0x01, 0, 0, ..] or [0x20, 0x01, 0x0D, 0xB8, ..];
        return (a[0] & 0xE0) == 0x20 && !isTunnel ? AddressKind.Public : AddressKind.Forbidden;
    }
}
