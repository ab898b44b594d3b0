using System.CommandLine;
using Strongroom.Server.Hosting;

namespace Strongroom.Cli.Commands;

/// <summary>The flags of commands that open an installation beside its server: where its data is, and how its root key is reached.</summary>
internal sealed class InstallationFlags
{
    private readonly Option<string?> data;
    private readonly Option<string?> config = DocumentedCommand.ConfigOption();
    private readonly SettingFlags flags;

    public InstallationFlags(Command command, Option<string?>? dataOption = null)
    {
        data = dataOption ?? DocumentedCommand.DataOption();
        command.Add(data);
        command.Add(config);
        flags = new SettingFlags(command, Settings.All.Where(s => s.Name == "store" || s.Name == "seal" || s.Name.StartsWith("seal-", StringComparison.Ordinal)));
    }

    public ServerOptions Read(ParseResult parsed, Terminal terminal)
    {
        var given = flags.Given(parsed);
        if (given.TryGetValue("store", out var store) && store[0].Contains("password", StringComparison.OrdinalIgnoreCase))
            terminal.Warn("other users can read the password on this command line. Put the connection string into STRONGROOM_STORE.");
        return SettingsReader.Read(Settings.DataDirectory(parsed.GetValue(data), terminal.Environment), parsed.GetValue(config), given, terminal.Environment);
    }

    /// <summary>For when the root key can't be had and shall not be waited for.</summary>
    public static Option<bool> WithoutRootKeyOption(string description) => new("--without-root-key") { Description = description };
}
