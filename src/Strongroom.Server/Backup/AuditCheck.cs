using System.Security.Cryptography;
using System.Text;
using Strongroom.Server.Audit;
using Strongroom.Storage.Backup;

namespace Strongroom.Server.Backup;

/// <summary>Checks an audit log against what a moment of its store knows of it, for checks of the whole.</summary>
internal static class AuditCheck
{
    /// <param name="store">Opened before this is called: the log only grows, so it must hold what the store knew then.</param>
    /// <returns>How many records were read, and what is wrong, in words.</returns>
    public static async Task<(long Records, IReadOnlyList<string> Findings)> RunAsync(
        StoreSnapshot store, string directory, IProgress<BackupProgress>? progress, CancellationToken ct)
    {
        var known = AuditDigest.Known(await store.FindSettingAsync(AuditDigests.KnownSetting, ct));
        if (!Directory.Exists(directory))
            return (0, known is null ? [] : [$"The audit log {directory} is not there, and the database knows {known.Last} records of it."]);
        try
        {
            using var key = await store.FindSettingAsync(DigestKey.PublicSetting, ct) is { } pem ? DigestVerifier.FromPem(Encoding.ASCII.GetString(pem)) : null;
            var report = progress is null ? null : new Action<long>(records => progress.Report(new BackupProgress("audit records", records, 0)));
            var result = await Task.Run(() => new AuditVerifier(directory, key, known, report).Verify(), ct);
            return (result.Records, [.. result.Findings.Select(Words)]);
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            return (0, ["The key in the database that signs the audit log's digests is no key: another program changed it."]);
        }
        catch (FileNotFoundException e)
        {
            return (0, [e.Message]); // retention took a segment away; the message says to run the check again
        }
    }

    private static string Words(AuditFinding finding)
    {
        var line = finding.Line > 0 ? FormattableString.Invariant($", line {finding.Line}") : "";
        var id = finding.EventId is { } eventId ? $" (eventID {eventId})" : "";
        return $"Audit log{(finding.File.Length > 0 ? $" {finding.File}{line}" : "")}: {finding.Text}{id}";
    }
}
