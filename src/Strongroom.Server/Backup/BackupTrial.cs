using Strongroom.Crypto;
using Strongroom.Server.Hosting;
using Strongroom.Storage;
using Strongroom.Storage.Backup;

namespace Strongroom.Server.Backup;

/// <summary>Restores a backup into a directory of its own, brings it to this program's schema and looks at everything in it, then removes it.</summary>
/// <remarks>What lies in that directory meanwhile is as sealed as the backup, but for configuration and TLS keys, which are not unsealed.</remarks>
internal static class BackupTrial
{
    /// <param name="keyring">Null: ciphertexts are not opened.</param>
    /// <exception cref="BackupException">The backup is damaged.</exception>
    /// <exception cref="StoreRefusedException">Its schema is newer than this program, or its rows can't be.</exception>
    public static async Task<(Verification Verification, long AuditRecords, IReadOnlyList<string> AuditFindings)> RunAsync(
        BackupFile backup, Keyring? keyring, IProgress<BackupProgress>? progress, Entropy entropy, TimeProvider time, CancellationToken ct)
    {
        var work = Directory.CreateTempSubdirectory("strongroom-trial-").FullName; // mode 0700
        try
        {
            var data = Path.Combine(work, "data");
            await new BackupRestore(backup, entropy, time) { Progress = progress }.RunAsync(data, store: null, keys: null, ct);
            var database = DataDirectory.DatabaseIn(data);
            await using (await SqlStore.OpenSqliteAsync(database, time, ct))
            {
                // Opening migrates.
            }

            await using var snapshot = await StoreSnapshot.OpenSqliteAsync(database, ct);
            var verification = new Verification(snapshot, keyring) { Progress = progress };
            await verification.RunAsync(ct);
            var (records, findings) = backup.Manifest.Sections.Any(section => SectionNames.IsAudit(section.Name))
                ? await AuditCheck.RunAsync(snapshot, DataDirectory.AuditLogIn(data), progress, ct)
                : (0, []);
            return (verification, records, findings);
        }
        finally
        {
            Directory.Delete(work, recursive: true);
        }
    }
}
