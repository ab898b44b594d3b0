using System.CommandLine;
using System.Text.Json.Nodes;
using Strongroom.Cli.Aws;

namespace Strongroom.Cli.Commands;

/// <summary><c>strongroom rewrap</c>: moves values to the newest versions of their KMS keys.</summary>
internal static class RewrapCommand
{
    public static Command Create(Terminal terminal)
    {
        var region = new Option<string?>("--region") { Description = "The region whose secrets to move. The configured one when not given." };
        var command = new DocumentedCommand(
            "rewrap",
            "After KMS keys were rotated, move the values of all secrets of the account and region to the newest versions of their keys. It can be stopped at any "
            + "time and run again. " + CallFlags.Signs)
        {
            Examples = ["strongroom rewrap", "strongroom rewrap --region eu-west-1 --json"],
        };
        command.Add(region);
        var call = new CallFlags(command);
        command.SetAction(async (parsed, ct) =>
        {
            using var client = call.Open(parsed, terminal);
            Print(terminal, await RunAsync(terminal, client, parsed.GetValue(region), ct), call.AsJson(parsed));
            return 0;
        });
        return command;
    }

    private static async Task<JsonObject> RunAsync(Terminal terminal, OwnClient client, string? region, CancellationToken ct)
    {
        var (secrets, rewrapped, skipped) = (0L, 0L, 0L);
        string? token = null;
        do
        {
            var parameters = new JsonObject();
            parameters.Put("Region", region);
            parameters.Put("NextToken", token);
            var step = await client.CallAsync("Rewrap", parameters, ct);
            secrets += (long)step["Secrets"]!;
            rewrapped += (long)step["Rewrapped"]!;
            skipped += (long)step["Skipped"]!;
            token = (string?)step["NextToken"];
            // Over the same line again and again, and only for a person: a pipe gets the result alone.
            if (terminal.OutputIsScreen)
                terminal.Error.Write($"\r{secrets} secrets, {rewrapped} values moved");
        }
        while (token is not null);
        if (terminal.OutputIsScreen)
            terminal.Error.WriteLine();
        return new JsonObject { ["Secrets"] = secrets, ["Rewrapped"] = rewrapped, ["Skipped"] = skipped };
    }

    private static void Print(Terminal terminal, JsonObject result, bool asJson)
    {
        if (asJson)
        {
            terminal.WriteJson(result);
            return;
        }

        terminal.Output.WriteLine($"Moved {result["Rewrapped"]} values of {result["Secrets"]} secrets to the newest versions of their keys.");
        if ((long)result["Skipped"]! > 0)
            terminal.Output.WriteLine($"{result["Skipped"]} values stay where they are: their key is disabled, to be deleted, gone, or another account's.");
    }
}
