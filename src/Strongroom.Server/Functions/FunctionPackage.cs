using System.IO.Compression;
using System.Security.Cryptography;

namespace Strongroom.Server.Functions;

/// <summary>A ZIP that is no package of a function's code, or one that must not be unpacked. The message says what is wrong and quotes no content.</summary>
internal sealed class FunctionPackageException(string message) : Exception(message);

/// <summary>
/// Deployment packages: ZIP archives that somebody uploaded, so nothing in them is believed. What is unpacked lies inside the one new directory, belongs to
/// its owner alone, and is no larger than Lambda allows.
/// </summary>
internal static class FunctionPackage
{
    /// <summary>Differs from AWS, which takes 50 MB: bodies are held in memory.</summary>
    public const int MaxZipBytes = 16 << 20;

    /// <summary>Source: Lambda Developer Guide, "Lambda quotas", deployment package, unzipped.</summary>
    public const long MaxUnpackedBytes = 262_144_000;

    private const int MaxEntries = 20_000;
    private const int MaxPathChars = 1024;
    private const int MaxDepth = 64;

    private const int TypeMask = 0xF000;
    private const int RegularFile = 0x8000;
    private const int Folder = 0x4000;
    private const int AnyExecute = 0b001_001_001;

    /// <summary>What Lambda calls CodeSha256.</summary>
    public static string Sha256(ReadOnlySpan<byte> zip) => Convert.ToBase64String(SHA256.HashData(zip));

    /// <summary>Looks at everything that <see cref="Unpack"/> would do, and writes nothing.</summary>
    /// <exception cref="FunctionPackageException">It must not be unpacked.</exception>
    public static void Check(ReadOnlyMemory<byte> zip) => Walk(zip, null);

    /// <summary>Unpacks into a new directory, mode 0700; files get 0600, or 0700 where the archive has them executable.</summary>
    /// <param name="directory">Must not exist. After a failure what was unpacked is the caller's to remove.</param>
    /// <exception cref="FunctionPackageException">It must not be unpacked.</exception>
    /// <exception cref="IOException">The directory exists, or can't be written.</exception>
    public static void Unpack(ReadOnlyMemory<byte> zip, string directory)
    {
        if (Path.Exists(directory))
            throw new IOException($"{directory} exists already.");
        Directory.CreateDirectory(directory, Private);
        Walk(zip, directory);
    }

    private static void Walk(ReadOnlyMemory<byte> zip, string? directory)
    {
        try
        {
            // The archive's own stream reads nothing but the array.
            using var stream = System.Runtime.InteropServices.MemoryMarshal.TryGetArray(zip, out var part)
                ? new MemoryStream(part.Array!, part.Offset, part.Count, writable: false)
                : new MemoryStream(zip.ToArray(), writable: false);
            using var archive = new ZipArchive(stream, ZipArchiveMode.Read);
            if (archive.Entries.Count == 0)
                throw new FunctionPackageException("Uploaded file must be a non-empty zip");
            if (archive.Entries.Count > MaxEntries)
                throw new FunctionPackageException($"The package has more than {MaxEntries} entries.");
            Walk(archive, directory);
        }
        catch (Exception e) when (e is InvalidDataException or NotSupportedException or ArgumentException or OverflowException or EndOfStreamException)
        {
            // Damaged, encrypted, of an unknown compression, or no ZIP at all.
            throw new FunctionPackageException("Could not unzip uploaded file. Please check your file, then try to upload again.");
        }
    }

    private static void Walk(ZipArchive archive, string? directory)
    {
        var files = new HashSet<string>(StringComparer.Ordinal);
        var folders = new HashSet<string>(StringComparer.Ordinal);
        var left = MaxUnpackedBytes;
        foreach (var entry in archive.Entries)
        {
            var isFolder = IsFolder(entry);
            var path = PathOf(entry.FullName);
            Claim(path, isFolder, files, folders);
            if (directory is not null)
                CreateFolders(directory, isFolder ? path : Path.GetDirectoryName(path)!);
            if (isFolder)
                continue;
            using var content = entry.Open();
            using Stream target = directory is null ? Stream.Null : Create(Path.Combine(directory, path), IsExecutable(entry));
            left = Copy(content, target, left);
        }
    }

    // What a header says of sizes is the sender's word: bytes are counted as they come out.
    private static long Copy(Stream content, Stream target, long left)
    {
        var buffer = new byte[64 << 10];
        while (content.Read(buffer) is var read and > 0)
        {
            left -= read;
            if (left < 0)
                throw new FunctionPackageException($"Unzipped size must be smaller than {MaxUnpackedBytes} bytes");
            target.Write(buffer.AsSpan(0, read));
        }

        return left;
    }

    private static bool IsFolder(ZipArchiveEntry entry)
    {
        var type = (entry.ExternalAttributes >> 16) & TypeMask;
        var isNamedSo = entry.FullName.EndsWith('/');
        if (type is not (0 or RegularFile or Folder) || (type == Folder && !isNamedSo) || (type == RegularFile && isNamedSo))
            throw new FunctionPackageException("The package holds a link or another special file. Strongroom takes files and folders only.");
        return isNamedSo;
    }

    private static bool IsExecutable(ZipArchiveEntry entry)
    {
        var mode = entry.ExternalAttributes >> 16;
        // Archives made on Windows have no modes; there a bootstrap could never be started.
        return mode == 0 ? entry.FullName == "bootstrap" : (mode & AnyExecute) != 0;
    }

    /// <summary>A name as a path below the package's root: without anything that could lead elsewhere.</summary>
    private static string PathOf(string name)
    {
        var path = name.EndsWith('/') ? name[..^1] : name;
        var parts = path.Split('/');
        if (path.Length is 0 or > MaxPathChars || parts.Length > MaxDepth || path.Any(c => c is '\\' or ':' || char.IsControl(c))
            || parts.Any(part => part is "" or "." or ".." || part.Length > 255))
            throw new FunctionPackageException("The package holds an entry whose name is no relative path with forward slashes, or leads out of the package.");
        return path;
    }

    private static void Claim(string path, bool isFolder, HashSet<string> files, HashSet<string> folders)
    {
        // A folder may stand in the archive and in the names of what is in it; a file only once, and never where a folder is.
        for (var slash = path.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = path.IndexOf('/', slash + 1))
            folders.Add(path[..slash]);
        var isNew = isFolder ? folders.Add(path) || !files.Contains(path) : files.Add(path);
        if (!isNew || (isFolder ? files.Contains(path) : folders.Contains(path)) || HasFileAbove(path, files))
            throw new FunctionPackageException("The package holds two entries of one name.");
    }

    private static bool HasFileAbove(string path, HashSet<string> files)
    {
        for (var slash = path.IndexOf('/', StringComparison.Ordinal); slash >= 0; slash = path.IndexOf('/', slash + 1))
        {
            if (files.Contains(path[..slash]))
                return true;
        }

        return false;
    }

    // One by one: a mode given for several at once is only the last one's.
    private static void CreateFolders(string root, string path)
    {
        foreach (var part in path.Split('/', StringSplitOptions.RemoveEmptyEntries))
            Directory.CreateDirectory(root = Path.Combine(root, part), Private);
    }

#pragma warning disable CA5389 // The path has passed PathOf: no part of it leads out of the directory.
    private static FileStream Create(string path, bool isExecutable) => new(path, new FileStreamOptions
    {
        Mode = FileMode.CreateNew,
        Access = FileAccess.Write,
        UnixCreateMode = isExecutable ? Private : UnixFileMode.UserRead | UnixFileMode.UserWrite,
    });
#pragma warning restore CA5389

    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
}
