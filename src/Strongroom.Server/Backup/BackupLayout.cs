using System.Buffers.Binary;

namespace Strongroom.Server.Backup;

/// <summary>The fixed parts of a backup file: nine bytes before the manifest, 68 after the last section. Format: docs/formats/backup.md.</summary>
internal static class BackupLayout
{
    public const byte FormatVersion = 1;
    public const int HeaderBytes = 9;
    public const int HashBytes = 32;
    public const int TrailerBytes = (2 * HashBytes) + 4;

    /// <summary>Room for some hundred thousand sections; a length beyond it is damage.</summary>
    public const int MaxManifestBytes = 64 << 20;

    public static ReadOnlySpan<byte> Magic => "SRBK"u8;

    public static ReadOnlySpan<byte> EndMagic => "SRBE"u8;

    /// <summary>Header and manifest, the latter filled up with blanks to the room that was kept for it.</summary>
    public static byte[] Head(ReadOnlySpan<byte> manifest, int room)
    {
        var head = new byte[HeaderBytes + room];
        Magic.CopyTo(head);
        head[4] = FormatVersion;
        BinaryPrimitives.WriteInt32BigEndian(head.AsSpan(5), room);
        manifest.CopyTo(head.AsSpan(HeaderBytes));
        head.AsSpan(HeaderBytes + manifest.Length).Fill((byte)' ');
        return head;
    }
}

/// <summary>A backup can't be made, read or restored. The message says why and what to do, and holds no secret.</summary>
internal sealed class BackupException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>How far a backup, a restore or a check is, for a person who waits.</summary>
/// <param name="Step">What is being done, such as <c>rows</c>.</param>
/// <param name="Total">0 when it is not known.</param>
internal readonly record struct BackupProgress(string Step, long Done, long Total);
