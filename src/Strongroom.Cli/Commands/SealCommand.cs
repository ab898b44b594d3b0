using System.CommandLine;
using Strongroom.Crypto;
using Strongroom.Server.Hosting;
using Strongroom.Storage;

namespace Strongroom.Cli.Commands;

/// <summary><c>strongroom seal</c>: changes what protects the root key.</summary>
internal static class SealCommand
{
    private const string Prefix = "seal";

    public static Command Create(Terminal terminal)
    {
        var command = new DocumentedCommand("seal", "Work with the seal, which protects the root key at rest.")
        {
            Examples = ["strongroom seal move --to pkcs11 --to-pkcs11-module /usr/lib/softhsm/libsofthsm2.so --to-pkcs11-token hsm --to-pkcs11-pin-file pin"],
        };
        command.Add(CreateMove(terminal));
        return command;
    }

    private static DocumentedCommand CreateMove(Terminal terminal)
    {
        var data = DocumentedCommand.DataOption();
        var config = DocumentedCommand.ConfigOption();
        var command = new DocumentedCommand(
            "move",
            "Move the data to another seal, or to another key of the same one. The old seal is the one that is configured. "
            + "What no --to flag says about the new one is taken from the configuration. Stop the server first; if this is interrupted, run it again.")
        {
            Examples =
            [
                "strongroom seal move --to aws-kms --to-kms-key alias/strongroom --to-kms-region eu-central-1",
                "STRONGROOM_SEAL_PKCS11_PIN=... strongroom seal move --to pkcs11 --to-pkcs11-module /usr/lib/softhsm/libsofthsm2.so --to-pkcs11-token hsm",
                "strongroom seal move --to file --to-key-file /mnt/keys/new.key",
            ],
        };
        command.Add(data);
        command.Add(config);
        var ofSeals = Settings.All.Where(s => s.Name == Prefix || s.Name.StartsWith(Prefix + "-", StringComparison.Ordinal)).ToList();
        var current = new SettingFlags(command, ofSeals.Prepend(Settings.All.Single(s => s.Name == "store")));
        var wanted = new SettingFlags(command, ofSeals, s => "--to" + s.Name[Prefix.Length..]);
        command.SetAction((parsed, ct) =>
        {
            var directory = Settings.DataDirectory(parsed.GetValue(data), terminal.Environment);
            var options = SettingsReader.Read(directory, parsed.GetValue(config), current.Given(parsed), terminal.Environment);
            return MoveAsync(terminal, options, Target(options, wanted.Given(parsed)), ct);
        });
        return command;
    }

    private static SealOptions Target(ServerOptions options, Dictionary<string, IReadOnlyList<string>> given)
    {
        if (!given.ContainsKey(Prefix))
            throw new SettingsException("Where to? Name the new seal with --to file, --to aws-kms or --to pkcs11.");

        var wanted = options;
        if (given.ContainsKey("seal-pkcs11-pin-file"))
            wanted = wanted with { Seal = wanted.Seal with { Pkcs11Pin = null } }; // the one in the environment is the old token's
        foreach (var setting in Settings.All)
        {
            if (given.TryGetValue(setting.Name, out var values))
                wanted = setting.Apply(wanted, values);
        }

        wanted.Seal.Check();
        return wanted.Seal;
    }

    private static async Task<int> MoveAsync(Terminal terminal, ServerOptions options, SealOptions target, CancellationToken ct)
    {
        // An installation that is not there must not come into being by moving it.
        if (!Directory.Exists(options.DataDirectory))
            throw new CommandException($"There is no data in {options.DataDirectory}. Name the directory with --data.");

        using var directory = DataDirectory.Take(options.DataDirectory);
        if (options.Store is null && !File.Exists(directory.Database))
            throw new CommandException($"There is no database in {options.DataDirectory}. Name the directory with --data, or a PostgreSQL database with STRONGROOM_STORE.");
        await using var store = options.Store is null
            ? await SqlStore.OpenSqliteAsync(directory.Database, TimeProvider.System, ct)
            : await SqlStore.OpenPostgresAsync(options.Store, TimeProvider.System, ct);

        var entropy = SystemEntropy.Instance;
        var (moved, id) = await new SealMove(store, entropy).RunAsync(
            installation => Seals.Open(options.Seal, directory, installation, entropy),
            installation => Seals.Open(target, directory, installation, entropy),
            ct);
        Report(terminal, directory, options.Seal, target, moved, id);
        return 0;
    }

    private static void Report(Terminal terminal, DataDirectory directory, SealOptions old, SealOptions target, bool moved, Guid installation)
    {
        var output = terminal.Output;
        output.WriteLine(moved
            ? $"The root key is now sealed by {Describe(target, directory)}, which was tried. Nothing of the old seal is left in the store."
            : $"The root key is sealed by {Describe(target, directory)} already. Nothing of an older seal is left in the store.");
        if (target.Name == SealOptions.AwsKmsName)
            output.WriteLine($"The KMS sees the encryption context strongroom:installation = {installation}, which a key policy can demand.");
        output.WriteLine("\nBefore the next start, configure:");
        foreach (var (name, value) in Configuration(target))
            output.WriteLine($"  {name} = {value}");

        output.WriteLine("\nOnce the server has started, and when no backup from before this move is needed any more, retire the old seal:");
        output.WriteLine($"  {Retirement(old, target, directory)}");
        foreach (var backup in Directory.EnumerateFiles(directory.Root, Path.GetFileName(directory.Database) + ".before-schema-*"))
            output.WriteLine($"  delete {backup}, which the old seal opens");
    }

    private static string Describe(SealOptions seal, DataDirectory directory) => seal.Name switch
    {
        SealOptions.AwsKmsName => $"the KMS key {seal.KmsKey}",
        SealOptions.Pkcs11Name => $"the key '{seal.Pkcs11Key}' in the PKCS#11 token {(seal.Pkcs11Token is null ? $"in slot {seal.Pkcs11Slot}" : $"'{seal.Pkcs11Token}'")}",
        _ => $"the key file {seal.KeyFile ?? directory.RootKey}",
    };

    private static string Retirement(SealOptions old, SealOptions target, DataDirectory directory) => old.Name switch
    {
        _ when old == target => "(whichever the data was under before)",
        SealOptions.AwsKmsName => $"schedule the KMS key {old.KmsKey} for deletion, if nothing else uses it",
        SealOptions.Pkcs11Name => $"delete {Describe(old, directory)}",
        _ => $"delete {Describe(old, directory)} and its copies",
    };

    private static IEnumerable<(string Name, string Value)> Configuration(SealOptions seal)
    {
        yield return ("seal", seal.Name);
        (string, string?)[] rest = seal.Name switch
        {
            SealOptions.AwsKmsName => [("seal-kms-key", seal.KmsKey), ("seal-kms-region", seal.KmsRegion), ("seal-kms-endpoint", seal.KmsEndpoint?.ToString())],
            SealOptions.Pkcs11Name =>
            [
                ("seal-pkcs11-module", seal.Pkcs11Module), ("seal-pkcs11-token", seal.Pkcs11Token), ("seal-pkcs11-slot", seal.Pkcs11Slot?.ToString(System.Globalization.CultureInfo.InvariantCulture)),
                ("seal-pkcs11-key", seal.Pkcs11Key), ("seal-pkcs11-key-id", seal.Pkcs11KeyId), ("seal-pkcs11-pin-file", seal.Pkcs11PinFile),
                ("STRONGROOM_SEAL_PKCS11_PIN", seal.Pkcs11Pin is null ? null : "(the PIN, in the environment only)"),
            ],
            _ => [("seal-key-file", seal.KeyFile)],
        };
        foreach (var (name, value) in rest)
        {
            if (value is not null)
                yield return (name, value);
        }
    }
}
