using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Strongroom.Crypto;

namespace Strongroom.Server.Backup;

/// <summary>A backup that is open for reading. What is read through it was compared with its hash, or throws.</summary>
internal sealed class BackupFile : IDisposable
{
    private readonly SafeFileHandle file;
    private readonly byte[] head;
    private readonly byte[] mac;

    private BackupFile(SafeFileHandle file, string path, byte[] head, byte[] mac, BackupManifest manifest) =>
        (this.file, Path, this.head, this.mac, Manifest) = (file, path, head, mac, manifest);

    public string Path { get; }

    public BackupManifest Manifest { get; }

    /// <summary>Reads what the file says of itself, and sees that all of it is there and undamaged but for the sections' content.</summary>
    /// <exception cref="BackupException">Not a backup, of a newer form, cut, or damaged; the message says which.</exception>
    public static BackupFile Open(string path)
    {
        SafeFileHandle? file = null;
        try
        {
            file = File.OpenHandle(path);
            return Read(file, path);
        }
        catch (Exception e)
        {
            file?.Dispose();
            throw e is IOException or UnauthorizedAccessException ? new BackupException($"The backup {path} can't be read: {e.Message}", e) : e;
        }
    }

    /// <summary>Whether the root key's MAC is there and right: nobody without the root key has changed a byte, and it is of this installation.</summary>
    /// <exception cref="BackupException">It is not; the message says what that means.</exception>
    public void Authenticate(BackupKeys keys)
    {
        if (Manifest.RootKey is not { } fingerprint)
            throw new BackupException($"The backup {Path} was made without the root key, so nothing shows who made it or that nobody edited it.");
        if (fingerprint != keys.Fingerprint)
            throw new BackupException($"The backup {Path} needs the root key {fingerprint}, and the seal opened the root key {keys.Fingerprint}: it is of another installation.");
        if (!keys.IsMac(head, mac))
            throw new BackupException($"The backup {Path} was edited by somebody who does not have the root key, or is of another installation. Don't use it.");
    }

    /// <summary>Compares every section with its hash.</summary>
    /// <exception cref="BackupException">One is not as it was written; the message names it.</exception>
    public void CheckSections(IProgress<BackupProgress>? progress, CancellationToken ct)
    {
        foreach (var section in Manifest.Sections)
        {
            using var content = OpenSection(section);
            var buffer = new byte[256 << 10];
            for (var done = 0L; content.Read(buffer) is > 0 and var read;)
            {
                ct.ThrowIfCancellationRequested();
                done += read;
                progress?.Report(new BackupProgress("hashes", done, section.Bytes));
            }
        }
    }

    /// <summary>A section's bytes; null when it has none of the name.</summary>
    public BackupSection? Find(string name) => Manifest.Sections.FirstOrDefault(section => section.Name == name);

    /// <returns>A stream that throws <see cref="BackupException"/> at its end when the bytes are not those that were written.</returns>
    public Stream OpenSection(BackupSection section)
    {
        long at = head.Length;
        foreach (var before in Manifest.Sections.TakeWhile(other => other != section))
            at += before.Bytes;
        return new SectionStream(file, at, section, Path);
    }

    public void Dispose() => file.Dispose();

    private static BackupFile Read(SafeFileHandle file, string path)
    {
        var length = RandomAccess.GetLength(file);
        var start = ReadAt(file, 0, (int)Math.Min(length, BackupLayout.HeaderBytes));
        if (!start.AsSpan().StartsWith(BackupLayout.Magic))
            throw new BackupException($"{path} is not a backup of Strongroom's, or its first bytes are damaged.");
        if (start.Length < BackupLayout.HeaderBytes)
            throw Cut(path);
        if (start[4] != BackupLayout.FormatVersion)
            throw new BackupException($"The backup {path} has format version {start[4]}, and this program knows version {BackupLayout.FormatVersion} only. Use the newer program that wrote it.");
        var room = BinaryPrimitives.ReadInt32BigEndian(start.AsSpan(5));
        if (room is < 0 or > BackupLayout.MaxManifestBytes)
            throw Damaged(path, "header");
        var headBytes = BackupLayout.HeaderBytes + room;
        if (length < headBytes + BackupLayout.TrailerBytes)
            throw Cut(path);

        var trailer = ReadAt(file, length - BackupLayout.TrailerBytes, BackupLayout.TrailerBytes);
        if (!trailer.AsSpan().EndsWith(BackupLayout.EndMagic))
            throw Cut(path);
        var head = ReadAt(file, 0, headBytes);
        if (!trailer.AsSpan(0, BackupLayout.HashBytes).SequenceEqual(SHA256.HashData(head)))
            throw Damaged(path, "header, its manifest or its trailer");
        if (BackupManifest.TryParse(head.AsSpan(BackupLayout.HeaderBytes)) is not { } manifest)
            throw Damaged(path, "manifest");
        Check(manifest, path, length - headBytes - BackupLayout.TrailerBytes);
        return new BackupFile(file, path, head, trailer.AsSpan(BackupLayout.HashBytes, BackupLayout.HashBytes).ToArray(), manifest);
    }

    private static void Check(BackupManifest manifest, string path, long sectionBytes)
    {
        // From here on the hash was right: what is odd was written so, by a newer program or by an editor who made the hash anew.
        if (manifest.Sections.Any(section => section.Bytes < 0 || section.Bytes > sectionBytes) || manifest.Sections.Sum(section => section.Bytes) != sectionBytes)
            throw new BackupException($"The backup {path} is longer or shorter than its sections are together: bytes were cut out of it or put in.");
        if (manifest.Sections.DistinctBy(section => section.Name).Count() != manifest.Sections.Count || manifest.Sections.All(section => section.Name != SectionNames.Rows))
            throw Damaged(path, "manifest");
        foreach (var section in manifest.Sections)
        {
            if (section.Name != SectionNames.Rows && SectionNames.FileOf(section.Name) is null)
                throw new BackupException($"The backup {path} has a section '{Printable(section.Name)}' that this program does not know. Use the newer program that wrote it.");
        }
    }

    private static string Printable(string name) => new([.. name.Take(64).Select(c => c is >= ' ' and <= '~' ? c : '?')]);

    private static byte[] ReadAt(SafeFileHandle file, long at, int count)
    {
        var bytes = new byte[count];
        for (var done = 0; done < count;)
        {
            var read = RandomAccess.Read(file, bytes.AsSpan(done), at + done);
            done += read > 0 ? read : throw new IOException("It became shorter while it was read.");
        }

        return bytes;
    }

    private static BackupException Cut(string path) => new($"The backup {path} is cut: its end is missing. It was not copied whole, or the disk was full.");

    private static BackupException Damaged(string path, string what) => new($"The backup {path} is damaged: its {what} is not as it was written.");

    /// <summary>Compares the hash when the last byte is reached, and before the reader learns that it was.</summary>
    private sealed class SectionStream(SafeFileHandle file, long at, BackupSection section, string path) : Stream
    {
        private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private readonly byte[] ahead = new byte[256 << 10];
        private int next;
        private int end;
        private long done;
        private bool checkedHash;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => section.Bytes;
        public override long Position { get => done - (end - next); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            if (next == end)
                Fill();
            var count = Math.Min(buffer.Length, end - next);
            ahead.AsSpan(next, count).CopyTo(buffer);
            next += count;
            return count;
        }

        public override void Flush() => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                hash.Dispose();
            base.Dispose(disposing);
        }

        private void Fill()
        {
            (next, end) = (0, RandomAccess.Read(file, ahead.AsSpan(0, (int)Math.Min(ahead.Length, section.Bytes - done)), at + done));
            hash.AppendData(ahead.AsSpan(0, end));
            done += end;
            if (done == section.Bytes && !checkedHash)
            {
                checkedHash = true;
                if (Convert.ToHexStringLower(hash.GetHashAndReset()) != section.Sha256)
                    throw Damaged(path, $"section '{section.Name}'");
            }
            else if (end == 0 && done < section.Bytes)
            {
                throw Cut(path);
            }
        }
    }
}
