using System.Buffers.Binary;
using System.IO.Compression;
using Microsoft.Win32.SafeHandles;

namespace Strongroom.Server.Audit;

/// <summary>
/// A compressed segment: gzip members of whole lines, so that any gzip reads it through and one record costs one member. Each member's header says
/// in an extra field how long the member is, compressed and not. Format: docs/formats/audit-index.md.
/// </summary>
internal static class SegmentMembers
{
    /// <summary>A member is closed with the last line that begins below this many bytes.</summary>
    public const int TextBytes = 256 << 10;

    private const int MaxTextBytes = 64 << 20;
    private const int HeaderBytes = 24;
    private const int ExtraBytes = 14;
    private const byte HasExtra = 4;

    private static ReadOnlySpan<byte> Magic => [0x1f, 0x8b, 0x08, HasExtra];

    /// <summary>Where a member stands.</summary>
    public readonly record struct Member(long TextOffset, int TextLength, long FileOffset, int FileLength);

    /// <summary>One member with these bytes in it.</summary>
    public static byte[] Compress(ReadOnlySpan<byte> text)
    {
        using var output = new MemoryStream();
        output.Write(stackalloc byte[ExtraBytes]);
        using (var gzip = new GZipStream(output, CompressionLevel.Optimal, leaveOpen: true))
            gzip.Write(text);
        var member = output.ToArray();
        // The header of ten bytes moves to the front, and the field takes the room behind it.
        member.AsSpan(ExtraBytes, 10).CopyTo(member);
        member[3] |= HasExtra;
        var extra = member.AsSpan(10, ExtraBytes);
        BinaryPrimitives.WriteUInt16LittleEndian(extra, ExtraBytes - 2);
        (extra[2], extra[3]) = ((byte)'S', (byte)'R');
        BinaryPrimitives.WriteUInt16LittleEndian(extra[4..], ExtraBytes - 6);
        BinaryPrimitives.WriteUInt32LittleEndian(extra[6..], (uint)member.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(extra[10..], (uint)text.Length);
        return member;
    }

    /// <summary>The table of a file's members.</summary>
    /// <returns>Null for a gzip file that another program wrote, or a damaged one: it can only be read from its beginning.</returns>
    public static IReadOnlyList<Member>? TryList(SafeFileHandle file)
    {
        var members = new List<Member>();
        Span<byte> header = stackalloc byte[HeaderBytes];
        var (at, text, end) = (0L, 0L, RandomAccess.GetLength(file));
        while (at < end)
        {
            if (RandomAccess.Read(file, header, at) != HeaderBytes || !header.StartsWith(Magic)
                || BinaryPrimitives.ReadUInt16LittleEndian(header[10..]) != ExtraBytes - 2 || header[12] != 'S' || header[13] != 'R')
                return null;
            var length = BinaryPrimitives.ReadUInt32LittleEndian(header[16..]);
            var textLength = BinaryPrimitives.ReadUInt32LittleEndian(header[20..]);
            if (length < HeaderBytes || length > end - at || textLength > MaxTextBytes)
                return null;
            members.Add(new Member(text, (int)textLength, at, (int)length));
            at += length;
            text += textLength;
        }

        return members;
    }

    /// <summary>The text of one member.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    public static byte[] Read(SafeFileHandle file, Member member)
    {
        var bytes = new byte[member.FileLength];
        if (RandomAccess.Read(file, bytes, member.FileOffset) != bytes.Length)
            throw new InvalidDataException("A compressed audit segment ends within a member.");
        using var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
        var text = new byte[member.TextLength];
        return gzip.ReadAtLeast(text, text.Length, throwOnEndOfStream: false) == text.Length && gzip.ReadByte() < 0
            ? text
            : throw new InvalidDataException("A member of a compressed audit segment is not as long as it says.");
    }
}
