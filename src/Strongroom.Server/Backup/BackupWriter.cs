using System.Reflection;
using System.Security.Cryptography;
using Strongroom.Crypto;
using Strongroom.Crypto.KeyProviders;
using Strongroom.Server.Hosting;
using Strongroom.Storage.Backup;

namespace Strongroom.Server.Backup;

/// <summary>Writes one backup file. It has its name only once it is whole and on stable storage.</summary>
/// <param name="dataDirectory">Where the files lie that go with the database.</param>
internal sealed class BackupWriter(string dataDirectory, Entropy entropy, TimeProvider time)
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Whether the audit log goes with it, as far as it is on stable or unstable storage when the backup begins.</summary>
    public bool WithAudit { get; init; }

    /// <summary>The file of the seal <c>file</c> to put beside the data that it opens; null for the safe case.</summary>
    public string? RootKeyFile { get; init; }

    public IProgress<BackupProgress>? Progress { get; init; }

    /// <param name="snapshot">The database as it is to be in the backup.</param>
    /// <param name="keys">Null: without a MAC, and without the files that would have to be sealed.</param>
    /// <returns>The manifest, and the files that were left out for want of the root key.</returns>
    /// <exception cref="BackupException">The file exists already, or can't be written. Nothing is left under its name.</exception>
    public async Task<(BackupManifest Manifest, IReadOnlyList<string> LeftOut)> WriteAsync(
        StoreSnapshot snapshot, StoredSeal seal, BackupKeys? keys, string path, CancellationToken ct)
    {
        path = Path.GetFullPath(path);
        if (Path.Exists(path))
            throw new BackupException($"{path} exists already. A backup writes over nothing: choose another name.");

        // Killed between here and the rename, a backup leaves a file of this name and never half a backup under the right one.
        var partial = $"{path}.{entropy.NewGuid():N}{PartialSuffix}";
        using var parts = new Disposables();
        var (sections, leftOut) = Collect(snapshot, keys, parts);
        var manifest = await ManifestAsync(snapshot, seal, keys, sections, ct);
        try
        {
            using (var file = new FileStream(partial, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, UnixCreateMode = Owner, BufferSize = 0 }))
            {
                manifest = await WriteAsync(file, manifest, sections, keys, ct);
                file.Flush(flushToDisk: true);
            }

            File.Move(partial, path, overwrite: false);
            DirectorySync.Flush(Path.GetDirectoryName(path)!);
            return (manifest, leftOut);
        }
        catch (Exception e)
        {
            File.Delete(partial);
            throw e is IOException or UnauthorizedAccessException
                ? new BackupException($"The backup {path} can't be written: {e.Message} Nothing was left behind; free space or name another place.", e)
                : e;
        }
    }

    internal const string PartialSuffix = ".partial";

    private async Task<BackupManifest> ManifestAsync(
        StoreSnapshot snapshot, StoredSeal seal, BackupKeys? keys, IReadOnlyList<Section> sections, CancellationToken ct) => new()
        {
            Created = time.GetUtcNow(),
            Program = typeof(BackupWriter).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0],
            Installation = seal.Installation,
            Seal = seal.Name,
            SealedRootKey = seal.RootKey,
            RootKey = keys?.Fingerprint,
            Store = snapshot.Engine,
            Schema = snapshot.Schema,
            Change = await snapshot.FindChangeAsync(ct),
            // As long as they can get, so that the room kept for the manifest is enough.
            Sections = [.. sections.Select(section => new BackupSection(section.Name, long.MaxValue, new string('0', 2 * BackupLayout.HashBytes)))],
        };

    private static async Task<BackupManifest> WriteAsync(
        FileStream file, BackupManifest manifest, IReadOnlyList<Section> sections, BackupKeys? keys, CancellationToken ct)
    {
        var room = manifest.ToBytes().Length;
        file.SetLength(0);
        file.Write(new byte[BackupLayout.HeaderBytes + room]);
        var written = new List<BackupSection>();
        foreach (var section in sections)
        {
            await using var hashing = new HashingStream(file);
            await section.WriteAsync(hashing, ct);
            written.Add(new BackupSection(section.Name, hashing.Length, hashing.FinishHex()));
        }

        manifest = manifest with { Sections = written };
        var head = BackupLayout.Head(manifest.ToBytes(), room);
        file.Write(SHA256.HashData(head));
        file.Write(keys?.Mac(head) ?? new byte[BackupLayout.HashBytes]);
        file.Write(BackupLayout.EndMagic);
        file.Position = 0;
        file.Write(head);
        return manifest;
    }

    private (List<Section> Sections, List<string> LeftOut) Collect(StoreSnapshot snapshot, BackupKeys? keys, Disposables parts)
    {
        var sections = new List<Section> { new(SectionNames.Rows, (output, ct) => WriteRowsAsync(snapshot, output, ct)) };
        var leftOut = new List<string>();
        sections.AddRange(SectionNames.PlainFiles.Where(file => File.Exists(Path.Combine(dataDirectory, file)))
            .Select(file => new Section(file, (output, ct) => output.WriteAsync(File.ReadAllBytes(Path.Combine(dataDirectory, file)), ct).AsTask())));
        foreach (var file in SectionNames.SealedFiles.Where(file => File.Exists(Path.Combine(dataDirectory, file))))
        {
            if (keys is null)
                leftOut.Add(file);
            else
                sections.Add(new Section(SectionNames.Sealed(file), (output, ct) => output.WriteAsync(Seal(keys, file), ct).AsTask()));
        }

        if (RootKeyFile is { } rootKey)
            sections.Add(new Section(SectionNames.RootKey, (output, _) => Task.Run(() => CopySecret(rootKey, output), CancellationToken.None)));
        if (WithAudit)
            sections.AddRange(AuditSections(parts));
        return (sections, leftOut);
    }

    private async Task WriteRowsAsync(StoreSnapshot snapshot, Stream output, CancellationToken ct)
    {
        var total = Progress is null ? 0 : await snapshot.CountRowsAsync(ct);
        var rows = Progress is { } progress ? new Relay(done => progress.Report(new BackupProgress("rows", done, total))) : null;
        // Off the caller's thread: over SQLite nothing of it waits.
        await Task.Run(() => snapshot.WriteRowsAsync(output, rows, ct), ct);
    }

    private byte[] Seal(BackupKeys keys, string file)
    {
        using var content = ReadSecret(Path.Combine(dataDirectory, file));
        return keys.Seal(file, content.Reveal());
    }

    private static void CopySecret(string path, Stream output)
    {
        using var content = ReadSecret(path);
        output.Write(content.Reveal());
    }

    private static SecretBytes ReadSecret(string path)
    {
        using var file = File.OpenHandle(path);
        return SecretBytes.Create((int)RandomAccess.GetLength(file), file, static (bytes, file) =>
        {
            for (var at = 0; at < bytes.Length;)
            {
                var read = RandomAccess.Read(file, bytes[at..], at);
                at = read > 0 ? at + read : throw new IOException("A file in the data directory became shorter while it was read.");
            }
        });
    }

    /// <summary>The log's files, opened now: after the database's moment, so every record is in one of the two, and before retention takes one away.
    /// Digests come first, so that none vouches for lines that were not there yet. Indexes are left out: they are made anew.</summary>
    private IEnumerable<Section> AuditSections(Disposables parts)
    {
        var directory = DataDirectory.AuditLogIn(dataDirectory);
        if (!Directory.Exists(directory))
            yield break;
        foreach (var path in Directory.EnumerateFiles(directory).Where(path => SectionNames.IsAuditFile(Path.GetFileName(path)))
            .OrderBy(path => path.Contains(".jsonl", StringComparison.Ordinal)).ThenBy(path => path, StringComparer.Ordinal).ToList())
        {
            if (TryOpen(path) is not { } file)
                continue;
            parts.Add(file);
            var length = file.Name.EndsWith(".jsonl", StringComparison.Ordinal) ? WholeLines(file) : file.Length;
            yield return new Section(SectionNames.Audit(Path.GetFileName(file.Name)), (output, ct) => CopyAsync(file, length, output, ct));
        }
    }

    private static FileStream? TryOpen(string path)
    {
        const string Compressed = ".gz";
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1);
        }
        catch (FileNotFoundException) when (!path.EndsWith(Compressed, StringComparison.Ordinal) && File.Exists(path + Compressed))
        {
            return TryOpen(path + Compressed); // compressed since the directory was listed
        }
        catch (FileNotFoundException)
        {
            return null; // its time of retention is over
        }
    }

    /// <summary>The length of a file that grows, up to the end of its last whole line.</summary>
    private static long WholeLines(FileStream file)
    {
        Span<byte> last = stackalloc byte[1];
        for (var end = file.Length; end > 0; end--)
        {
            RandomAccess.Read(file.SafeFileHandle, last, end - 1);
            if (last[0] == (byte)'\n')
                return end;
        }

        return 0;
    }

    private async Task CopyAsync(FileStream file, long length, Stream output, CancellationToken ct)
    {
        var buffer = new byte[256 << 10];
        for (var done = 0L; done < length;)
        {
            var read = await RandomAccess.ReadAsync(file.SafeFileHandle, buffer.AsMemory(0, (int)Math.Min(buffer.Length, length - done)), done, ct);
            if (read == 0)
                throw new IOException("A file of the audit log became shorter while it was read.");
            await output.WriteAsync(buffer.AsMemory(0, read), ct);
            done += read;
            Progress?.Report(new BackupProgress("audit log", done, length));
        }
    }

    private sealed record Section(string Name, Func<Stream, CancellationToken, Task> WriteAsync);

    private sealed class Relay(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }

    private sealed class Disposables : List<IDisposable>, IDisposable
    {
        public void Dispose() => ForEach(part => part.Dispose());
    }
}
