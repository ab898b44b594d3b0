using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Strongroom.Server.Rotation;

/// <summary>A time in which a rotation may start, at a moment chosen at random. UTC; <paramref name="End"/> is not part of it.</summary>
internal readonly record struct RotationWindow(DateTimeOffset Start, DateTimeOffset End)
{
    /// <summary>One second before the end: what AWS shows as NextRotationDate. Source: API fact sheet 4.6, recorded.</summary>
    public DateTimeOffset LatestInstant => End - TimeSpan.FromSeconds(1);

    /// <summary>The moment of one secret: spread evenly over the window from secret to secret and from window to window, and the same whenever it is asked for.</summary>
    /// <param name="secret">What tells the secret from others.</param>
    public DateTimeOffset MomentFor(string secret)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.GetBytes($"{secret}@{Start.ToUnixTimeSeconds()}"), hash);
        var milliseconds = (ulong)(LatestInstant - Start).TotalMilliseconds;
        return Start.AddMilliseconds((long)((UInt128)BinaryPrimitives.ReadUInt64BigEndian(hash) * milliseconds >> 64));
    }
}
