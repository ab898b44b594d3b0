using System.Globalization;
using Strongroom.Crypto;
using Strongroom.Server.Audit;
using Strongroom.Server.Hosting;
using Strongroom.Storage;
using Strongroom.Storage.Backup;

namespace Strongroom.Server.Backup;

/// <summary>Makes a backup when one is due, reads it back, and then removes those that are too many. What was made is known by the files alone.</summary>
internal sealed class BackupJob(ServerOptions options, Keyring keyring, AuditTrail audit, Entropy entropy, TimeProvider time)
{
    private const string TimeForm = "yyyyMMdd'T'HHmmss'Z'";
    private const string Suffix = ".backup";

    // A full disk is not mended within a minute, and each attempt costs the disk something.
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMinutes(15);

    private readonly Lock gate = new();
    private Task last = Task.CompletedTask;
    private DateTimeOffset notBefore = DateTimeOffset.MinValue;

    /// <summary>When a backup was last made and read back by this run of the server; null before the first.</summary>
    public DateTimeOffset? SucceededAt { get; private set; }

    /// <summary>Why the last attempt failed; null when it did not.</summary>
    public string? Failure { get; private set; }

    /// <summary>Waits for a run that is under way, then makes a backup if one is due.</summary>
    /// <exception cref="BackupException">It could not be made; all older ones are still there.</exception>
    public Task RunAsync(CancellationToken ct)
    {
        lock (gate)
            return last = RunAfterAsync(last, ct);
    }

    private async Task RunAfterAsync(Task before, CancellationToken ct)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        var now = time.GetUtcNow();
        if (options.Backup.Directory is not { } directory || now < notBefore)
            return;
        try
        {
            await RunAsync(directory, now, ct);
        }
        catch (Exception e) when (e is BackupException or StoreUnavailableException or StoreRefusedException or IOException or UnauthorizedAccessException)
        {
            (Failure, notBefore) = (e.Message, now + PauseAfterFailure);
            audit.RecordNotice("BackupFailed", e.Message);
            throw e is BackupException ? e : new BackupException(e.Message, e);
        }
    }

    private async Task RunAsync(string directory, DateTimeOffset now, CancellationToken ct)
    {
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await using var snapshot = await InstalledStore.OpenAsync(options, ct);
        var seal = await StoredSeal.FindAsync(snapshot, ct) ?? throw new BackupException("The database has no root key any more, so there is nothing to back up.");
        var prefix = $"strongroom-{(seal.Installation ?? Guid.Empty).ToString("N")[..8]}-";
        var made = Find(directory, prefix);
        if (made.Count > 0 && options.Backup.Schedule.NextAfter(made[0].At) > now)
            return;

        foreach (var left in Directory.EnumerateFiles(directory, prefix + "*" + BackupWriter.PartialSuffix))
            File.Delete(left); // of a run that was killed
        var path = Path.Combine(directory, prefix + now.ToString(TimeForm, CultureInfo.InvariantCulture) + Suffix);
        using var keys = keyring.NewBackupKeys(seal.Installation ?? Guid.Empty);
        await new BackupWriter(options.DataDirectory, entropy, time) { WithAudit = options.Backup.WithAudit }.WriteAsync(snapshot, seal, keys, path, ct);
        options.Backup.Written?.Invoke(path);
        await Task.Run(() => ReadBack(path, keys, ct), ct);

        // Only now: until there is a good one, no older one goes.
        foreach (var (old, _) in Find(directory, prefix).Skip(options.Backup.Keep))
            File.Delete(old);
        (SucceededAt, Failure) = (now, null);
        audit.RecordNotice("BackupCompleted", $"Backed up to {path}, {new FileInfo(path).Length} bytes.");
    }

    private static void ReadBack(string path, BackupKeys keys, CancellationToken ct)
    {
        try
        {
            using var backup = BackupFile.Open(path);
            backup.Authenticate(keys);
            backup.CheckSections(null, ct);
        }
        catch (BackupException)
        {
            File.Delete(path); // what a disk gave back otherwise than it was written must not pass for the newest
            throw;
        }
    }

    /// <summary>This installation's scheduled backups, newest first.</summary>
    private static List<(string Path, DateTimeOffset At)> Find(string directory, string prefix) =>
    [
        .. from path in Directory.EnumerateFiles(directory, prefix + "*" + Suffix)
           let at = TimeOf(Path.GetFileName(path)[prefix.Length..^Suffix.Length])
           where at is not null
           orderby at descending
           select (path, at.Value),
    ];

    private static DateTimeOffset? TimeOf(string text) => DateTimeOffset.TryParseExact(
        text, TimeForm, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null;
}
