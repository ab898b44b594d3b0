using System.CommandLine;
using System.Text.Json.Nodes;
using Strongroom.Crypto;
using Strongroom.Crypto.KeyProviders;
using Strongroom.Server.Backup;
using Strongroom.Server.Hosting;
using Strongroom.Storage;
using Strongroom.Storage.Backup;

namespace Strongroom.Cli.Commands;

/// <summary><c>strongroom verify</c>: whether everything that is stored, or in a backup, is whole.</summary>
internal static class VerifyCommand
{
    public static Command Create(Terminal terminal)
    {
        var backup = new Option<string?>("--backup") { Description = "Check this backup instead, by restoring it to a temporary directory.", HelpName = "file" };
        var withoutRootKey = InstallationFlags.WithoutRootKeyOption("Check what can be checked without the root key; ciphertexts are not opened.");
        var json = DocumentedCommand.JsonOption();
        var command = new DocumentedCommand(
            "verify",
            "Check the database, every encrypted value, key and label and the audit log, while the server runs or not; or, with --backup, a backup. "
            + "Values are decrypted in memory and never shown. Nothing is changed or repaired. Exit code 0: all is well. 1: something is not, and each finding is named.")
        {
            Examples = ["strongroom verify", "strongroom verify --data ./data --json", "strongroom verify --backup /backup/strongroom.backup --seal-key-file /safe/root.key"],
        };
        command.Add(backup);
        command.Add(withoutRootKey);
        command.Add(json);
        var installation = new InstallationFlags(command);
        command.SetAction(async (parsed, ct) =>
        {
            var options = installation.Read(parsed, terminal);
            var progress = new ProgressLine(terminal);
            Report report;
            try
            {
                report = parsed.GetValue(backup) is { } path
                    ? await CheckBackupAsync(options, path, parsed.GetValue(withoutRootKey), progress, ct)
                    : await CheckDataAsync(options, parsed.GetValue(withoutRootKey), progress, ct);
            }
            finally
            {
                progress.Finish();
            }

            Print(terminal, report, parsed.GetValue(withoutRootKey), parsed.GetValue(json));
            return report.Findings.Count == 0 ? 0 : CommandLine.Failed;
        });
        return command;
    }

    private static async Task<Report> CheckDataAsync(ServerOptions options, bool withoutRootKey, ProgressLine progress, CancellationToken ct)
    {
        await using var snapshot = await InstalledStore.OpenAsync(options, ct);
        var stored = await StoredSeal.FindAsync(snapshot, ct) ?? throw new CommandException("There is nothing in the database yet.");
        using var keyring = withoutRootKey ? null : await OpenKeyringAsync(stored, options, ct);
        var verification = new Verification(snapshot, keyring) { Progress = progress };
        await verification.RunAsync(ct);
        var log = DataDirectory.AuditLogIn(options.DataDirectory);
        // A restore without the log leaves none until the first start.
        var (records, findings) = RestoreMark.IsIn(options.DataDirectory) && !Directory.Exists(log) ? (0, []) : await AuditCheck.RunAsync(snapshot, log, progress, ct);
        return new Report(options.DataDirectory, [.. verification.Findings, .. findings], verification, records);
    }

    private static async Task<Report> CheckBackupAsync(ServerOptions options, string path, bool withoutRootKey, ProgressLine progress, CancellationToken ct)
    {
        try
        {
            using var backup = BackupFile.Open(path);
            using var keyring = withoutRootKey ? null : await RestoreCommand.OpenKeyringAsync(backup, options, ct);
            if (keyring is not null)
                RestoreCommand.Authenticate(backup, keyring).Dispose();
            var (verification, records, findings) = await BackupTrial.RunAsync(backup, keyring, progress, SystemEntropy.Instance, TimeProvider.System, ct);
            return new Report(path, [.. verification.Findings, .. findings], verification, records);
        }
        catch (Exception e) when (e is BackupException or StoreRefusedException)
        {
            return new Report(path, [e.Message], null, 0);
        }
    }

    private static async Task<Keyring> OpenKeyringAsync(StoredSeal stored, ServerOptions options, CancellationToken ct)
    {
        try
        {
            return await RootKeys.OpenAsync(stored, options, SystemEntropy.Instance, ct);
        }
        catch (SealException e)
        {
            throw new CommandException($"{e.Message} Without the root key no encrypted value can be checked; --without-root-key checks the rest.");
        }
    }

    private static void Print(Terminal terminal, Report report, bool withoutRootKey, bool asJson)
    {
        if (asJson)
        {
            terminal.WriteJson(report.ToJson(withoutRootKey));
            return;
        }

        foreach (var finding in report.Findings)
            terminal.Output.WriteLine("FOUND  " + finding);
        if (report.Checked is { } seen)
        {
            var how = withoutRootKey ? "were not opened" : "were opened at their places";
            terminal.Output.WriteLine($"Looked at {seen.Secrets} secrets with {seen.Values} encrypted values, {seen.Keys} key versions, {seen.Entries} entries of directories and {report.AuditRecords} audit records. The values {how}.");
            if (seen.OfDestroyedKeys > 0)
                terminal.Output.WriteLine($"{seen.OfDestroyedKeys} values are of KMS keys that were deleted, and nobody can read them any more.");
        }

        terminal.Output.WriteLine(report.Findings.Count switch
        {
            0 => $"Nothing is wrong with {report.Subject}.",
            1 => $"1 thing is wrong with {report.Subject}. Nothing was repaired.",
            var count => $"{count} things are wrong with {report.Subject}. Nothing was repaired.",
        });
    }

    private sealed record Report(string Subject, IReadOnlyList<string> Findings, Verification? Checked, long AuditRecords)
    {
        public JsonObject ToJson(bool withoutRootKey) => new()
        {
            ["checked"] = Subject,
            ["ok"] = Findings.Count == 0,
            ["findings"] = new JsonArray([.. Findings.Select(finding => JsonValue.Create(finding))]),
            ["secrets"] = Checked?.Secrets,
            ["values"] = Checked?.Values,
            ["valuesOpened"] = Checked is not null && !withoutRootKey,
            ["valuesOfDestroyedKeys"] = Checked?.OfDestroyedKeys,
            ["keyVersions"] = Checked?.Keys,
            ["directoryEntries"] = Checked?.Entries,
            ["auditRecords"] = AuditRecords,
        };
    }
}
