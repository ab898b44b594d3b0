using System.Security.Cryptography;
using Strongroom.Crypto.KeyProviders;

namespace Strongroom.Server.Audit;

/// <summary>Compresses closed segments. Wherever it is interrupted, the plain file or the compressed one is complete, and the plain one counts.</summary>
internal static class SegmentCompression
{
    /// <summary>The ending of files that are being written. What bears it at start was left by a kill.</summary>
    public const string Unfinished = ".new";

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Replaces the plain file by a compressed one.</summary>
    /// <exception cref="IOException">It could not be written, or reads back otherwise than it was written; the plain file is as it was.</exception>
    public static void Run(AuditSegment segment, CancellationToken ct)
    {
        var temporary = segment.CompressedPath + Unfinished;
        File.Delete(temporary);
        try
        {
            var written = Write(segment.PlainPath, temporary, ct);
            // The only copy of the records goes when this is done: see first that it can be read.
            if (!written.AsSpan().SequenceEqual(HashOf(temporary)))
                throw new IOException($"{temporary} does not read back as it was written. Look after the disk.");
            File.SetLastWriteTimeUtc(temporary, File.GetLastWriteTimeUtc(segment.PlainPath));
            File.Move(temporary, segment.CompressedPath, overwrite: true);
            // Before the plain file goes: a power cut must not take the new name and keep the removal.
            DirectorySync.Flush(Path.GetDirectoryName(segment.CompressedPath)!);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        File.Delete(segment.PlainPath);
    }

    /// <returns>The SHA-256 of the text.</returns>
    private static byte[] Write(string plain, string compressed, CancellationToken ct)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var source = new FileStream(plain, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        using var target = new FileStream(compressed, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly });
        foreach (var text in Pieces(source))
        {
            ct.ThrowIfCancellationRequested();
            hash.AppendData(text.Span);
            target.Write(SegmentMembers.Compress(text.Span));
        }

        target.Flush(flushToDisk: true);
        return hash.GetHashAndReset();
    }

    /// <summary>A file's text in pieces of whole lines. What stands behind the last line feed is a piece too: nothing is lost.</summary>
    private static IEnumerable<ReadOnlyMemory<byte>> Pieces(FileStream source)
    {
        var buffer = new byte[SegmentMembers.TextBytes];
        var length = 0;
        while (source.Read(buffer.AsSpan(length)) is > 0 and var read)
        {
            length += read;
            if (length < SegmentMembers.TextBytes)
                continue;
            var whole = buffer.AsSpan(0, length).LastIndexOf((byte)'\n') + 1;
            if (whole == 0)
            {
                // One line longer than a piece.
                Array.Resize(ref buffer, buffer.Length * 2);
                continue;
            }

            yield return buffer.AsMemory(0, whole);
            buffer.AsSpan(whole, length - whole).CopyTo(buffer);
            length -= whole;
        }

        if (length > 0)
            yield return buffer.AsMemory(0, length);
    }

    private static byte[] HashOf(string compressed)
    {
        using var file = new FileStream(compressed, FileMode.Open, FileAccess.Read, FileShare.Read);
        using var text = new System.IO.Compression.GZipStream(file, System.IO.Compression.CompressionMode.Decompress);
        return SHA256.HashData(text);
    }
}
