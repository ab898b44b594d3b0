using System.CommandLine;
using System.Text.Json.Nodes;
using Strongroom.Cli.Aws;

namespace Strongroom.Cli.Commands;

/// <summary>The flags of commands that call a running server: as whom they do, and whether a program reads the answer.</summary>
internal sealed class CallFlags
{
    /// <summary>Who signs, for descriptions.</summary>
    public const string Signs = "Signs with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY when they are set and --data is not given, else as the root of the data directory.";

    private readonly Option<string?> data = DocumentedCommand.DataOption();
    private readonly Option<bool> json = DocumentedCommand.JsonOption();

    public CallFlags(Command command)
    {
        command.Add(data);
        command.Add(json);
    }

    public OwnClient Open(ParseResult parsed, Terminal terminal) => OwnClient.Open(terminal, parsed.GetValue(data));

    public bool AsJson(ParseResult parsed) => parsed.GetValue(json);
}

internal static class Parameters
{
    /// <summary>Adds a parameter that was given.</summary>
    public static void Put(this JsonObject parameters, string name, string? value)
    {
        if (value is not null)
            parameters[name] = value;
    }
}
