using System.CommandLine;
using System.Text.Json.Nodes;
using Strongroom.Crypto;
using Strongroom.Crypto.KeyProviders;
using Strongroom.Server.Backup;
using Strongroom.Server.Hosting;
using Strongroom.Storage;
using Strongroom.Storage.Backup;

namespace Strongroom.Cli.Commands;

/// <summary><c>strongroom backup</c>: one file with everything, encrypted as it is stored.</summary>
internal static class BackupCommand
{
    public static Command Create(Terminal terminal)
    {
        var to = new Option<string>("--to") { Description = "The file to make. It must not exist.", HelpName = "file", Required = true };
        var audit = new Option<bool>("--with-audit") { Description = "Put the audit log into it as well." };
        var rootKey = new Option<bool>("--include-root-key")
        {
            Description = "Put the key file of the seal file into it as well. Whoever gets hold of the backup can then read every secret.",
        };
        var withoutRootKey = InstallationFlags.WithoutRootKeyOption(
            "Make one although the root key can't be had. Nothing then shows later whether somebody edited it, and configuration and TLS keys are not in it.");
        var json = DocumentedCommand.JsonOption();
        var command = new DocumentedCommand(
            "backup",
            "Write a backup to one file, while the server runs or not: the database as of one moment, configuration, TLS authority, and the audit log if asked for. "
            + "All values stay encrypted. The root key is not in it: keep that elsewhere.")
        {
            Examples =
            [
                "strongroom backup --to /backup/strongroom-$(date +%F).backup",
                "strongroom backup --data ./data --to /backup/all.backup --with-audit --json",
                "STRONGROOM_STORE='Host=db;Database=strongroom;...' strongroom backup --to /backup/strongroom.backup",
            ],
        };
        command.Add(to);
        command.Add(audit);
        command.Add(rootKey);
        command.Add(withoutRootKey);
        command.Add(json);
        var installation = new InstallationFlags(command);
        command.SetAction(async (parsed, ct) =>
        {
            var options = installation.Read(parsed, terminal);
            var result = await RunAsync(
                terminal, options, parsed.GetValue(to)!, parsed.GetValue(audit), parsed.GetValue(rootKey), parsed.GetValue(withoutRootKey), ct);
            Print(terminal, Path.GetFullPath(parsed.GetValue(to)!), options, result, parsed.GetValue(rootKey), parsed.GetValue(json));
            return 0;
        });
        return command;
    }

    private static async Task<(BackupManifest Manifest, IReadOnlyList<string> LeftOut)> RunAsync(
        Terminal terminal, ServerOptions options, string to, bool withAudit, bool includeRootKey, bool withoutRootKey, CancellationToken ct)
    {
        await using var snapshot = await InstalledStore.OpenAsync(options, ct);
        var seal = await StoredSeal.FindAsync(snapshot, ct) ?? throw new CommandException("There is nothing in the database yet. Start the server once, which sets it up.");
        var keyFile = includeRootKey ? RootKeyFile(options, seal) : null;
        using var keys = withoutRootKey ? null : await OpenKeysAsync(seal, options, ct);
        var progress = new ProgressLine(terminal);
        try
        {
            var writer = new BackupWriter(options.DataDirectory, SystemEntropy.Instance, TimeProvider.System)
            {
                WithAudit = withAudit,
                RootKeyFile = keyFile,
                Progress = terminal.OutputIsScreen ? progress : null,
            };
            return await writer.WriteAsync(snapshot, seal, keys, to, ct);
        }
        finally
        {
            progress.Finish();
        }
    }

    private static async Task<BackupKeys> OpenKeysAsync(StoredSeal seal, ServerOptions options, CancellationToken ct)
    {
        try
        {
            using var keyring = await RootKeys.OpenAsync(seal, options, SystemEntropy.Instance, ct);
            return keyring.NewBackupKeys(seal.Installation ?? Guid.Empty);
        }
        catch (SealException e)
        {
            throw new CommandException(
                $"{e.Message} A backup needs the root key to be protected against edits. With --without-root-key it is made all the same, and no edit of it will be noticed.");
        }
    }

    private static string RootKeyFile(ServerOptions options, StoredSeal seal) => seal.Name == SealOptions.FileName
        ? options.Seal.KeyFile ?? DataDirectory.RootKeyIn(options.DataDirectory)
        : throw new CommandException($"The root key is sealed by '{seal.Name}', which keeps its key to itself: there is no file that --include-root-key could add.");

    private static void Print(
        Terminal terminal, string path, ServerOptions options, (BackupManifest Manifest, IReadOnlyList<string> LeftOut) result, bool hasRootKey, bool asJson)
    {
        var (manifest, leftOut) = result;
        if (asJson)
        {
            terminal.WriteJson(ToJson(manifest, path, leftOut));
        }
        else
        {
            terminal.Output.WriteLine($"Backed up to {path}: {new FileInfo(path).Length} bytes, schema {manifest.Schema}{(manifest.Change is { } change ? $", up to change {change}" : "")}.");
            if (manifest.RootKey is { } rootKey && !hasRootKey)
                terminal.Output.WriteLine($"To restore it you need the root key {rootKey}, which is not in it: {Where(manifest, options)}.");
            terminal.Output.WriteLine($"Check it now and then: strongroom verify --backup {Aws.ShellText.Word(path)}");
        }

        if (hasRootKey)
            terminal.Warn($"the root key is in {path}. Whoever can read that file can read every secret: keep it like the key itself.");
        if (manifest.RootKey is null)
            terminal.Warn("made without the root key: nothing will show whether somebody edited this backup.");
        if (leftOut.Count > 0)
            terminal.Warn($"left out, because they would have to be sealed under the root key: {string.Join(", ", leftOut)}.");
    }

    private static string Where(BackupManifest manifest, ServerOptions options) => manifest.Seal switch
    {
        SealOptions.FileName => $"keep {options.Seal.KeyFile ?? DataDirectory.RootKeyIn(options.DataDirectory)} in another place",
        SealOptions.AwsKmsName => $"the KMS key {options.Seal.KmsKey} opens it",
        _ => $"the HSM's key '{options.Seal.Pkcs11Key}' opens it",
    };

    internal static JsonObject ToJson(BackupManifest manifest, string path, IReadOnlyList<string> leftOut) => new()
    {
        ["file"] = path,
        ["bytes"] = new FileInfo(path).Length,
        ["created"] = manifest.Created,
        ["program"] = manifest.Program,
        ["installation"] = manifest.Installation?.ToString(),
        ["seal"] = manifest.Seal,
        ["rootKey"] = manifest.RootKey,
        ["store"] = manifest.Store,
        ["schema"] = manifest.Schema,
        ["change"] = manifest.Change,
        ["sections"] = new JsonArray([.. manifest.Sections.Select(s => new JsonObject { ["name"] = s.Name, ["bytes"] = s.Bytes, ["sha256"] = s.Sha256 })]),
        ["leftOut"] = new JsonArray([.. leftOut.Select(file => JsonValue.Create(file))]),
    };
}
