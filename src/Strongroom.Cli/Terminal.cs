using System.Collections;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Strongroom.Cli;

/// <summary>What a command sees of the process it runs in. Tests give another one.</summary>
/// <param name="OutputIsScreen">Standard output goes to a person, not into a pipe or file.</param>
internal sealed record Terminal(
    TextWriter Output, TextWriter Error, bool OutputIsScreen, IReadOnlyDictionary<string, string> Environment)
{
    public static Terminal OfProcess() => new(
        Console.Out, Console.Error, !Console.IsOutputRedirected,
        System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? ""));

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public void WriteJson(JsonNode json) => Output.WriteLine(json.ToJsonString(Indented));

    public void Warn(string text) => Error.WriteLine("warning: " + text);
}
