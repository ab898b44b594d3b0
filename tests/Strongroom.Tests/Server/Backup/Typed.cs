using Strongroom.Cli;

namespace Strongroom.Tests.Server.Backup;

/// <summary>The command line in this process, with its output in a pipe.</summary>
internal static class Typed
{
    public static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments) => await RunAsync(new Dictionary<string, string>(), arguments);

    public static async Task<(int Code, string Output, string Error)> RunAsync(IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await CommandLine.RunAsync(arguments, new Terminal(output, error, OutputIsScreen: false, environment));
        return (code, output.ToString(), error.ToString());
    }
}
