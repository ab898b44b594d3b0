using System.CommandLine;
using Strongroom.Cli.Aws;
using Strongroom.Crypto;
using Strongroom.Crypto.KeyProviders;
using Strongroom.Server.Backup;
using Strongroom.Server.Hosting;

namespace Strongroom.Cli.Commands;

/// <summary><c>strongroom restore</c>: a data directory from a backup.</summary>
internal static class RestoreCommand
{
    public static Command Create(Terminal terminal)
    {
        var from = new Option<string>("--from") { Description = "The backup.", HelpName = "file", Required = true };
        var data = new Option<string?>("--data") { Description = "The data directory to make. It must be empty or not exist.", HelpName = "directory", Required = true };
        var withoutRootKey = InstallationFlags.WithoutRootKeyOption(
            "Restore although the root key can't be had now. Damage is still found, an edit is not, and configuration and TLS keys are left out.");
        var json = DocumentedCommand.JsonOption();
        var command = new DocumentedCommand(
            "restore",
            "Make a data directory from a backup. All of the backup is checked first; when anything is wrong, nothing is changed. "
            + "It says which root key it needs. With --store the data goes into an empty PostgreSQL database, from whichever store it came.")
        {
            Examples =
            [
                "strongroom restore --from /backup/strongroom.backup --data ./restored --seal-key-file /safe/root.key",
                "STRONGROOM_STORE='Host=db;Database=new;...' strongroom restore --from /backup/strongroom.backup --data ./restored --seal aws-kms --seal-kms-key alias/strongroom",
            ],
        };
        command.Add(from);
        command.Add(withoutRootKey);
        command.Add(json);
        var installation = new InstallationFlags(command, data);
        command.SetAction(async (parsed, ct) =>
        {
            var options = installation.Read(parsed, terminal);
            BackupRestore.RequireNothingAt(options.DataDirectory);
            using var backup = BackupFile.Open(parsed.GetValue(from)!);
            var progress = new ProgressLine(terminal);
            IReadOnlyList<string> leftOut;
            try
            {
                using var keys = parsed.GetValue(withoutRootKey) ? null : await OpenKeysAsync(backup, options, ct);
                leftOut = await new BackupRestore(backup, SystemEntropy.Instance, TimeProvider.System) { Progress = progress }
                    .RunAsync(options.DataDirectory, options.Store, keys, ct);
            }
            finally
            {
                progress.Finish();
            }

            Print(terminal, backup, options, leftOut, parsed.GetValue(withoutRootKey), parsed.GetValue(json));
            return 0;
        });
        return command;
    }

    /// <summary>Opens the root key that the backup needs, and has it vouch for every byte.</summary>
    /// <exception cref="CommandException">It can't be had; the message says which it is.</exception>
    public static async Task<BackupKeys> OpenKeysAsync(BackupFile backup, ServerOptions options, CancellationToken ct)
    {
        using var keyring = await OpenKeyringAsync(backup, options, ct);
        return Authenticate(backup, keyring);
    }

    public static BackupKeys Authenticate(BackupFile backup, Keyring keyring)
    {
        var keys = keyring.NewBackupKeys(backup.Manifest.Installation ?? Guid.Empty);
        try
        {
            backup.Authenticate(keys);
            return keys;
        }
        catch
        {
            keys.Dispose();
            throw;
        }
    }

    public static async Task<Keyring> OpenKeyringAsync(BackupFile backup, ServerOptions options, CancellationToken ct)
    {
        var manifest = backup.Manifest;
        using var carried = CarriedKey(backup, options);
        try
        {
            return await RootKeys.OpenAsync(
                manifest.ToStoredSeal(), carried is null ? options : options with { Seal = options.Seal with { KeyFile = carried.Path } }, SystemEntropy.Instance, ct);
        }
        catch (SealException e)
        {
            var hint = manifest.Seal == SealOptions.FileName ? " Name its key file with --seal-key-file." : " Configure that seal as the server had it.";
            throw new CommandException(
                $"This backup needs the root key {manifest.RootKey ?? "(its fingerprint was not recorded)"} of the installation {manifest.Installation?.ToString() ?? "without an id"}, sealed by '{manifest.Seal}'. {e.Message}"
                + $"{hint} With --without-root-key it goes without, and nothing then shows whether somebody edited the backup.");
        }
    }

    /// <summary>A key file that the backup itself carries, when no other is named: put where the seal can read it, and removed after.</summary>
    private static CarriedFile? CarriedKey(BackupFile backup, ServerOptions options)
    {
        if (options.Seal.KeyFile is not null || backup.Manifest.Seal != SealOptions.FileName || backup.Find(SectionNames.RootKey) is not { } section)
            return null;
        using var content = backup.OpenSection(section);
        return new CarriedFile(content);
    }

    private static void Print(Terminal terminal, BackupFile backup, ServerOptions options, IReadOnlyList<string> leftOut, bool withoutRootKey, bool asJson)
    {
        var manifest = backup.Manifest;
        if (asJson)
        {
            var result = BackupCommand.ToJson(manifest, backup.Path, leftOut);
            result["data"] = options.DataDirectory;
            result["authenticated"] = !withoutRootKey;
            terminal.WriteJson(result);
        }
        else
        {
            terminal.Output.WriteLine($"Restored to {options.DataDirectory} what was backed up at {manifest.Created:yyyy-MM-dd HH:mm:ss}Z: schema {manifest.Schema}{(manifest.Change is { } change ? $", up to change {change}" : "")}.");
            terminal.Output.WriteLine($"It needs the root key {manifest.RootKey ?? "that it was made with"}, sealed by '{manifest.Seal}'.");
            terminal.Output.WriteLine("Next, with the settings of the seal:");
            var store = options.Store is null ? "" : "STRONGROOM_STORE=... ";
            var keyFile = options.Seal.KeyFile is { } path && manifest.Seal == SealOptions.FileName ? " --seal-key-file " + ShellText.Word(path) : "";
            terminal.Output.WriteLine($"  {store}strongroom verify --data {ShellText.Word(options.DataDirectory)}{keyFile}");
            terminal.Output.WriteLine($"  {store}strongroom serve --data {ShellText.Word(options.DataDirectory)}{keyFile}");
        }

        if (withoutRootKey)
            terminal.Warn("the root key was not asked, so nothing shows whether somebody edited this backup.");
        if (leftOut.Count > 0)
            terminal.Warn($"left out, because they are sealed under the root key: {string.Join(", ", leftOut)}.");
        if (!asJson && manifest.Sections.All(section => !SectionNames.IsAudit(section.Name)))
            terminal.Output.WriteLine("The audit log is not in this backup: it begins anew. Keep the old one.");
    }

    private sealed class CarriedFile : IDisposable
    {
        public CarriedFile(Stream content)
        {
            Path = System.IO.Path.Combine(Directory.CreateTempSubdirectory("strongroom-key-").FullName, "root.key"); // made with mode 0700
            using var file = new FileStream(Path, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                BufferSize = 0,
            });
            content.CopyTo(file);
        }

        public string Path { get; }

        public void Dispose() => Directory.Delete(System.IO.Path.GetDirectoryName(Path)!, recursive: true);
    }
}
