using System.CommandLine;
using Strongroom.Server.Audit.Lookup;
using Strongroom.Server.Hosting;

namespace Strongroom.Cli.Commands;

/// <summary><c>strongroom audit search</c>: which records of the log are about something.</summary>
internal static class AuditSearchCommand
{
    public static Command Create(Terminal terminal)
    {
        var principal = new Option<string?>("--principal") { Description = "Whose calls: a user's or session's name, an access key id, or an ARN, also of a role for all its sessions." };
        var secret = new Option<string?>("--secret") { Description = "About which secret: its name or ARN. Keys and other resources are found by this too." };
        var since = new Option<string?>("--since") { Description = "Not before: how long ago, such as 2h or 3d, or a time such as 2026-01-31T12:00:00Z." };
        var until = new Option<string?>("--until") { Description = "Not after, written the same way." };
        var name = new Option<string?>("--event") { Description = "Which event, such as GetSecretValue." };
        var outcome = new Option<string?>("--outcome") { Description = "ok, denied, failed for any other error, or an error code such as ResourceNotFoundException." };
        var source = new Option<string?>("--source-ip") { Description = "From which address." };
        var limit = new Option<int>("--limit") { Description = "How many at most.", DefaultValueFactory = _ => 100 };
        var data = DocumentedCommand.DataOption();
        var json = new Option<bool>("--json") { Description = "The records themselves, one JSON object a line." };
        var command = new DocumentedCommand(
            "search", "Find records of all accounts and regions in the audit log, newest first. Reads the data directory: works while the server serves and while it does not.")
        {
            Examples =
            [
                "strongroom audit search --secret prod/db --since 2h",
                "strongroom audit search --principal arn:aws:iam::111122223333:role/deploy --outcome denied",
                "strongroom audit search --event DeleteSecret --since 2026-01-01 --until 2026-02-01 --limit 1000 --json | jq -r .userIdentity.arn",
            ],
        };
        foreach (var option in new Option[] { principal, secret, since, until, name, outcome, source, limit, data, json })
            command.Add(option);
        command.SetAction((parsed, ct) =>
        {
            var now = TimeProvider.System.GetUtcNow();
            var filter = new AuditFilter
            {
                Principal = parsed.GetValue(principal),
                Secret = parsed.GetValue(secret),
                Event = parsed.GetValue(name),
                Outcome = parsed.GetValue(outcome),
                SourceIp = parsed.GetValue(source),
                From = parsed.GetValue(since) is { } first ? Seconds(AuditFilter.TimeOf(first, "--since", now).AddTicks(TimeSpan.TicksPerSecond - 1)) : 0,
                To = parsed.GetValue(until) is { } last ? Seconds(AuditFilter.TimeOf(last, "--until", now)) : uint.MaxValue,
            };
            if (filter.From > filter.To)
                throw new CommandException("--since is after --until.");
            var most = parsed.GetValue(limit);
            if (most < 1)
                throw new CommandException($"--limit must be at least 1, and not {most}.");
            Run(terminal, AuditDirectory.Of(terminal, parsed.GetValue(data)), filter, most, parsed.GetValue(json), ct);
            return Task.FromResult(0);
        });
        return command;
    }

    private static void Run(Terminal terminal, string directory, AuditFilter filter, int limit, bool asJson, CancellationToken ct)
    {
        // Index files are the server's: what has none is indexed in memory for this one search.
        using var indexes = new AuditIndexes(directory, mayWrite: false);
        var found = new AuditLookup(indexes).Newest(filter.ToQuery(), null, ct).Take(limit).Select(found => found.Line);
        new AuditLines(terminal, asJson).WriteAll(found);
    }

    private static uint Seconds(DateTimeOffset time) => (uint)Math.Clamp(time.ToUnixTimeSeconds(), 0, uint.MaxValue);
}

/// <summary>Finds the audit log of a data directory.</summary>
internal static class AuditDirectory
{
    /// <exception cref="CommandException">There is none.</exception>
    public static string Of(Terminal terminal, string? data) => In(Settings.DataDirectory(data, terminal.Environment));

    /// <exception cref="CommandException">There is none.</exception>
    public static string In(string root)
    {
        var directory = DataDirectory.AuditLogIn(root);
        return Directory.Exists(directory) ? directory : throw new CommandException($"There is no audit log in {root}. Name the data directory with --data.");
    }
}
