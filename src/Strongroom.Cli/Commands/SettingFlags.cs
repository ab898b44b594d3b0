using System.CommandLine;
using Strongroom.Server.Hosting;

namespace Strongroom.Cli.Commands;

/// <summary>The command-line flags of some settings.</summary>
internal sealed class SettingFlags
{
    private readonly List<(Setting Setting, Option Option)> flags;

    /// <param name="name">The flag of a setting; null: its own.</param>
    public SettingFlags(Command command, IEnumerable<Setting> settings, Func<Setting, string>? name = null)
    {
        flags = [.. settings.Where(s => !s.OnlyInEnvironment).Select(s => (s, Flag(s, name?.Invoke(s))))];
        foreach (var (_, option) in flags)
            command.Add(option);
    }

    /// <summary>The values of the flags that were given, by setting name.</summary>
    public Dictionary<string, IReadOnlyList<string>> Given(ParseResult parsed) =>
        flags.Where(f => parsed.GetResult(f.Option) is { Implicit: false }).ToDictionary(f => f.Setting.Name, f => Values(parsed, f.Option));

    private static Option Flag(Setting setting, string? name)
    {
        var description = setting.Description.Replace("`", "", StringComparison.Ordinal)
            + (name is null ? $" Default: {setting.Default}. [{setting.Variable}]" : "");
        return setting.Kind switch
        {
            SettingKind.Switch => new Option<bool>(name ?? setting.Flag) { Description = description },
            SettingKind.List => new Option<string[]>(name ?? setting.Flag) { Description = description, HelpName = "name" },
            _ => new Option<string>(name ?? setting.Flag) { Description = description, HelpName = "value" },
        };
    }

    private static IReadOnlyList<string> Values(ParseResult parsed, Option option) => option switch
    {
        Option<bool> flag => [parsed.GetValue(flag) ? "true" : "false"],
        Option<string[]> list => parsed.GetValue(list) ?? [],
        _ => [parsed.GetValue((Option<string>)option) ?? ""],
    };
}
