using System.Globalization;
using Strongroom.Server.Hosting;

namespace Strongroom.Server.Functions;

/// <summary>
/// The files that functions get: what runs them, unpacked packages, temporary directories. All under one directory that only this server and the functions'
/// user can enter, outside the data directory, which they can't. What they can write to is emptied as them, never with this server's rights: whoever
/// can rename directories there could else have others deleted.
/// </summary>
internal sealed class FunctionFiles
{
    private const UnixFileMode Passable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute;
    private const UnixFileMode Shown = Passable | UnixFileMode.GroupRead;
    private const UnixFileMode Readable = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const string TemporaryPrefix = "tmp-";

    private readonly Confinement confinement;
    private readonly string root;
    private readonly string? authorities;
    private int last;

    private FunctionFiles(Confinement confinement, string root, string? authorities) =>
        (this.confinement, this.root, this.authorities) = (confinement, root, authorities);

    /// <summary>What runs functions of the runtimes that are not the function's own.</summary>
    public string Runtime => Path.Combine(root, "runtime");

    /// <param name="note">File in the data directory that remembers where this is, so that a start after a crash can remove it.</param>
    /// <param name="authorities">PEM file with the authority of this server's certificate, which need not be there yet; null when there is none of its own.</param>
    public static async Task<FunctionFiles> OpenAsync(Confinement confinement, string note, string? authorities, CancellationToken ct)
    {
        if (File.Exists(note))
            await new FunctionFiles(confinement, await File.ReadAllTextAsync(note, ct), null).RemoveAsync(ct);
        var root = Directory.CreateTempSubdirectory("strongroom-functions-").FullName;
        DataDirectory.WritePrivate(note, System.Text.Encoding.UTF8.GetBytes(root));
        var files = new FunctionFiles(confinement, root, authorities);
        files.Share(root, Passable);
        Directory.CreateDirectory(files.Runtime);
        files.Share(files.Runtime, Shown);
        foreach (var name in (string[])["bootstrap.py", "bootstrap.cjs"])
        {
            await using var content = typeof(FunctionFiles).Assembly.GetManifestResourceStream(name)!;
            await files.WriteAsync(Path.Combine(files.Runtime, name), content, ct);
        }

        return files;
    }

    /// <summary>A copy of the authority of this server's certificate, as it is now.</summary>
    /// <returns>Null when there is none of its own.</returns>
    public async Task<string?> ShareAuthoritiesAsync(CancellationToken ct)
    {
        if (authorities is null)
            return null;
        var path = Path.Combine(Runtime, "ca.pem");
        var fresh = path + Number();
        await using (var content = File.OpenRead(authorities))
            await WriteAsync(fresh, content, ct);
        File.Move(fresh, path, overwrite: true);
        return path;
    }

    /// <summary>An empty directory that is the functions' user's alone.</summary>
    public string NewTemporary()
    {
        var path = Path.Combine(root, TemporaryPrefix + Number());
        Directory.CreateDirectory(path, Private);
        if (confinement.User.IsOther)
            Posix.ChangeOwner(path, confinement.User.Id, confinement.User.Group);
        return path;
    }

    public async Task RemoveTemporaryAsync(string path, CancellationToken ct)
    {
        await confinement.RunAsync(["/usr/bin/find", path, "-mindepth", "1", "-delete"], ct);
        Remove(path, recursive: false);
    }

    /// <summary>Takes a package apart into a new directory that functions can read and not change.</summary>
    /// <exception cref="FunctionPackageException">It must not be unpacked.</exception>
    public string Unpack(ReadOnlyMemory<byte> package)
    {
        var path = Path.Combine(root, "code-" + Number());
        try
        {
            FunctionPackage.Unpack(package, path);
        }
        catch
        {
            RemoveCode(path);
            throw;
        }

        foreach (var directory in Directory.EnumerateDirectories(path, "*", SearchOption.AllDirectories).Append(path))
            Share(directory, Shown);
        foreach (var file in Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories))
            Share(file, Readable | (File.GetUnixFileMode(file).HasFlag(UnixFileMode.UserExecute) ? UnixFileMode.UserExecute | UnixFileMode.GroupExecute : 0));
        return path;
    }

    public static void RemoveCode(string path) => Remove(path, recursive: true);

    /// <summary>Removes everything; what functions left behind and can't be removed stays.</summary>
    public async Task RemoveAsync(CancellationToken ct)
    {
        if (!Directory.Exists(root))
            return;
        foreach (var path in Directory.EnumerateDirectories(root, TemporaryPrefix + "*"))
            await RemoveTemporaryAsync(path, ct);
        // The temporary directories that are left are not empty, and belong to somebody else.
        if (!Directory.EnumerateDirectories(root, TemporaryPrefix + "*").Any())
            Remove(root, recursive: true);
    }

    private static void Remove(string path, bool recursive)
    {
        try
        {
            if (Directory.Exists(path))
                Directory.Delete(path, recursive);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Left behind; the next start tries again.
        }
    }

    private async Task WriteAsync(string path, Stream content, CancellationToken ct)
    {
        await using (var file = File.Create(path))
            await content.CopyToAsync(file, ct);
        Share(path, Readable);
    }

    private void Share(string path, UnixFileMode mode)
    {
        if (confinement.User.IsOther)
            Posix.ChangeOwner(path, Posix.UserId, confinement.User.Group);
        File.SetUnixFileMode(path, mode);
    }

    private string Number() => Interlocked.Increment(ref last).ToString(CultureInfo.InvariantCulture);
}
