using System.CommandLine;

namespace Strongroom.Cli.Commands;

/// <summary><c>strongroom audit tail</c>: the newest records, and those to come.</summary>
internal static class AuditTailCommand
{
    public static Command Create(Terminal terminal)
    {
        var count = new Option<int>("--lines", "-n") { Description = "How many of the newest records first.", DefaultValueFactory = _ => 10 };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with new records as they are written." };
        var data = DocumentedCommand.DataOption();
        var json = new Option<bool>("--json") { Description = "The records themselves, one JSON object a line." };
        var command = new DocumentedCommand("tail", "Print the newest records of the audit log, oldest first. Reads the data directory: works while the server serves and while it does not.")
        {
            Examples = ["strongroom audit tail", "strongroom audit tail -n 100", "strongroom audit tail --follow --json | jq -c '[.eventName, .errorCode]'"],
        };
        foreach (var option in new Option[] { count, follow, data, json })
            command.Add(option);
        command.SetAction(async (parsed, ct) =>
        {
            var lines = parsed.GetValue(count);
            if (lines < 0)
                throw new CommandException($"-n must be at least 0, and not {lines}.");
            var log = new LogFollower(AuditDirectory.Of(terminal, parsed.GetValue(data)), TimeProvider.System);
            var output = new AuditLines(terminal, parsed.GetValue(json));
            if (!parsed.GetValue(follow))
            {
                output.WriteAll(log.Last(lines));
                return 0;
            }

            foreach (var line in log.Last(lines))
                output.Write(line);
            await terminal.Output.FlushAsync(ct);
            await foreach (var line in log.FollowAsync(ct))
            {
                output.Write(line);
                await terminal.Output.FlushAsync(ct);
            }

            return 0;
        });
        return command;
    }
}
