using System.Security.Cryptography;
using Strongroom.Crypto;
using Strongroom.Crypto.KeyProviders;
using Strongroom.Server.Hosting;
using Strongroom.Storage;
using Strongroom.Storage.Backup;

namespace Strongroom.Server.Backup;

/// <summary>Makes a data directory from a backup, whole or not at all.</summary>
/// <remarks>
/// Everything is made in a directory beside the target and moved there at the end. With PostgreSQL the rows are committed just after that move: killed
/// between the two, the directory is there and the database is empty, which the next attempt says.
/// </remarks>
internal sealed class BackupRestore(BackupFile backup, Entropy entropy, TimeProvider time)
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnerDirectory = Owner | UnixFileMode.UserExecute;

    public IProgress<BackupProgress>? Progress { get; init; }

    /// <exception cref="BackupException">There is something under that name already.</exception>
    public static void RequireNothingAt(string target)
    {
        if (File.Exists(target) || Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any())
            throw new BackupException($"{target} is not empty. A restore writes over nothing: name a directory that is empty or does not exist.");
    }

    /// <param name="target">The new data directory: absent, or empty.</param>
    /// <param name="store">PostgreSQL connection string of an empty database; null for SQLite in the directory.</param>
    /// <param name="keys">Null: the sealed files are left out.</param>
    /// <returns>The files that were left out.</returns>
    /// <exception cref="BackupException">The target is not empty, or the backup is damaged. Nothing was changed.</exception>
    /// <exception cref="StoreRefusedException">A newer schema, or rows that can't be.</exception>
    public async Task<IReadOnlyList<string>> RunAsync(string target, string? store, BackupKeys? keys, CancellationToken ct)
    {
        target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(target));
        RequireNothingAt(target);
        await Task.Run(() => backup.CheckSections(Progress, ct), ct);

        var parent = Path.GetDirectoryName(target) ?? throw new BackupException("The root of the file system can't be a data directory.");
        var work = $"{target}.{entropy.NewGuid():N}{BackupWriter.PartialSuffix}";
        try
        {
            Directory.CreateDirectory(parent);
            Directory.CreateDirectory(work, OwnerDirectory);
            var leftOut = await FillAsync(work, store, keys, target, ct);
            DirectorySync.Flush(parent);
            return leftOut;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new BackupException($"The data can't be restored to {target}: {e.Message} Nothing was changed.", e);
        }
        finally
        {
            if (Directory.Exists(work))
                Directory.Delete(work, recursive: true);
        }
    }

    /// <summary>Makes everything in a directory of our own.</summary>
    private async Task<IReadOnlyList<string>> FillAsync(string work, string? store, BackupKeys? keys, string target, CancellationToken ct)
    {
        var leftOut = new List<string>();
        foreach (var section in backup.Manifest.Sections.Where(section => section.Name != SectionNames.Rows))
        {
            if (!WriteFile(work, section, keys))
                leftOut.Add(SectionNames.FileOf(section.Name)!);
        }

        DataDirectory.WritePrivate(RestoreMark.PathIn(work), RestoreMark.Write(backup.Manifest, time.GetUtcNow()));
        await using var rows = await OpenRowsAsync(work, store, ct);
        foreach (var directory in Directory.EnumerateDirectories(work).Append(work))
            DirectorySync.Flush(directory);

        if (store is null)
        {
            await rows.CommitAsync(ct);
            DirectorySync.Flush(work);
            Place(work, target);
            return leftOut;
        }

        // The commit is what can fail of the two, so it comes last, and takes the directory away again if it does.
        Place(work, target);
        try
        {
            await rows.CommitAsync(ct);
            return leftOut;
        }
        catch
        {
            Directory.Move(target, work);
            throw;
        }
    }

    private async Task<StoreImport> OpenRowsAsync(string work, string? store, CancellationToken ct)
    {
        await using var rows = backup.OpenSection(backup.Find(SectionNames.Rows)!);
        var progress = Progress is { } report ? new Relay(done => report.Report(new BackupProgress("rows", done, 0))) : null;
        var schema = backup.Manifest.Schema;
        return store is null
            ? await StoreImport.IntoSqliteAsync(DataDirectory.DatabaseIn(work), schema, rows, progress, time, ct)
            : await StoreImport.IntoPostgresAsync(store, schema, rows, progress, time, ct);
    }

    /// <returns>False when it would have to be unsealed and there is no root key.</returns>
    private bool WriteFile(string work, BackupSection section, BackupKeys? keys)
    {
        var file = SectionNames.FileOf(section.Name)!;
        if (SectionNames.IsSealed(section.Name) && keys is null)
            return false;

        var path = Path.Combine(work, file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!, OwnerDirectory);
        using var output = new FileStream(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Owner, BufferSize = 0 });
        using var content = backup.OpenSection(section);
        if (!SectionNames.IsSealed(section.Name))
        {
            content.CopyTo(output);
        }
        else
        {
            var sealedFile = new byte[section.Bytes];
            content.ReadExactly(sealedFile);
            using var opened = Open(keys!, file, sealedFile);
            output.Write(opened.Reveal());
        }

        output.Flush(flushToDisk: true);
        return true;
    }

    private SecretBytes Open(BackupKeys keys, string file, byte[] sealedFile)
    {
        try
        {
            return keys.Open(file, sealedFile);
        }
        catch (DecryptionException)
        {
            throw new BackupException($"The file {file} in the backup {backup.Path} does not open with this root key.");
        }
    }

    private static void Place(string work, string target)
    {
        try
        {
            if (Directory.Exists(target))
                Directory.Delete(target); // empty, or this fails
            Directory.Move(work, target);
        }
        catch (IOException e)
        {
            throw new BackupException($"{target} can't be replaced by the restored directory ({e.Message}). If it is a mount point, name a directory inside it.", e);
        }
    }

    private sealed class Relay(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }
}
