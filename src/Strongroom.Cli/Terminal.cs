using System.Collections;

namespace Strongroom.Cli;

/// <summary>What a command sees of the process it runs in. Tests give another one.</summary>
/// <param name="OutputIsScreen">Standard output goes to a person, not into a pipe or file.</param>
internal sealed record Terminal(
    TextWriter Output, TextWriter Error, bool OutputIsScreen, IReadOnlyDictionary<string, string> Environment)
{
    public static Terminal OfProcess() => new(
        Console.Out, Console.Error, !Console.IsOutputRedirected,
        System.Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(e => (string)e.Key, e => (string?)e.Value ?? ""));

    public void Warn(string text) => Error.WriteLine("warning: " + text);
}
