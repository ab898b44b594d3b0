using System.CommandLine;

namespace Strongroom.Cli.Commands;

/// <summary>A command whose help ends with examples.</summary>
internal sealed class DocumentedCommand(string name, string description) : Command(name, description)
{
    public required IReadOnlyList<string> Examples { get; init; }

    /// <summary>Where the data directory is, which all commands that touch it take.</summary>
    public static Option<string?> DataOption() => new("--data")
    {
        Description = "Data directory. Else STRONGROOM_DATA, else $XDG_DATA_HOME/strongroom, else ~/.local/share/strongroom.",
        HelpName = "directory",
    };

    /// <summary>For programs, which all commands with a result take.</summary>
    public static Option<bool> JsonOption() => new("--json") { Description = "As JSON." };

    /// <summary>Where the configuration file is, which all commands that read it take.</summary>
    public static Option<string?> ConfigOption() => new("--config")
    {
        Description = "Configuration file. Else STRONGROOM_CONFIG, else strongroom.json in the data directory.",
        HelpName = "file",
    };
}
