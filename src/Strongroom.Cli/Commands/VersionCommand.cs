using System.CommandLine;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Strongroom.Cli.Commands;

/// <summary><c>strongroom version</c></summary>
internal static class VersionCommand
{
    public static string Version { get; } = typeof(VersionCommand).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public static Command Create(Terminal terminal)
    {
        var json = new Option<bool>("--json") { Description = "As JSON." };
        var command = new DocumentedCommand("version", "Print the version of this program and of the runtime under it.")
        {
            Examples = ["strongroom version", "strongroom version --json"],
        };
        command.Add(json);
        command.SetAction(parsed => Print(terminal, parsed.GetValue(json)));
        return command;
    }

    private static void Print(Terminal terminal, bool asJson)
    {
        var (runtime, platform) = (RuntimeInformation.FrameworkDescription, RuntimeInformation.RuntimeIdentifier);
        terminal.Output.WriteLine(asJson
            ? $$"""{ "version": {{Quote(Version)}}, "runtime": {{Quote(runtime)}}, "platform": {{Quote(platform)}} }"""
            : $"strongroom {Version} ({runtime}, {platform})");
    }

    private static string Quote(string text) => "\"" + JsonEncodedText.Encode(text) + "\"";
}
