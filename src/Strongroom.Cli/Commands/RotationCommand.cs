using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Strongroom.Cli.Aws;

namespace Strongroom.Cli.Commands;

/// <summary><c>strongroom rotation</c>: how the rotations of a secret went.</summary>
internal static class RotationCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static Command Create(Terminal terminal)
    {
        var command = new DocumentedCommand("rotation", "Look at how the rotations of a secret went.")
        {
            Examples = ["strongroom rotation history prod/db", "strongroom rotation logs prod/db", "strongroom rotation readers prod/db"],
        };
        command.Add(CreateOne(terminal, "history", "List the steps of a secret's rotations, the newest first, and what becomes of the one under way.", withOutput: false, PrintHistory));
        command.Add(CreateOne(terminal, "logs", "Show what rotation functions wrote, step by step, the oldest first.", withOutput: true, PrintLogs));
        command.Add(CreateReaders(terminal));
        return command;
    }

    private static DocumentedCommand CreateReaders(Terminal terminal)
    {
        var secret = new Argument<string>("secret") { Description = "Name or ARN of the secret." };
        var days = new Option<int>("--days") { Description = "How far back to look, 1 to 3650.", DefaultValueFactory = _ => 30 };
        var all = new Option<bool>("--all") { Description = "Also those who have the current version." };
        var data = DocumentedCommand.DataOption();
        var json = new Option<bool>("--json") { Description = "As JSON, all readers." };
        var command = new DocumentedCommand("readers", "List who read a secret and does not have its current version yet, from the audit log of this server.")
        {
            Examples = ["strongroom rotation readers prod/db", "strongroom rotation readers prod/db --days 90 --all"],
        };
        command.Add(secret);
        foreach (var option in new Option[] { days, all, data, json })
            command.Add(option);
        command.SetAction(async (parsed, ct) =>
        {
            using var client = OwnClient.Open(terminal, parsed.GetValue(data));
            var answer = await client.CallAsync("ListRotationReaders", new JsonObject { ["SecretId"] = parsed.GetValue(secret), ["Days"] = parsed.GetValue(days) }, ct);
            if (parsed.GetValue(json))
                terminal.Output.WriteLine(answer.ToJsonString(Indented));
            else
                PrintReaders(terminal, answer, parsed.GetValue(all));
            return 0;
        });
        return command;
    }

    private static void PrintReaders(Terminal terminal, JsonObject answer, bool all)
    {
        var readers = answer["Readers"]!.AsArray();
        var late = readers.Where(reader => (string?)reader!["Version"] != "CURRENT").ToList();
        var tables = new ReportTables(terminal);
        tables.Line($"{late.Count} of {readers.Count} readers do not have the current version.{((bool)answer["IsTruncated"]! ? " There may be more: the secret was read too often." : "")}");
        tables.Table(
            $"Readers of {SafeText.Of((string)answer["Name"]!)}", ["principal", "last read", "version"],
            (all ? [.. readers] : late).Select(reader => new[]
            {
                SafeText.Of((string)reader!["Principal"]!),
                TimeOf(reader["LastReadDate"]!),
                ((string)reader["Version"]!).ToLowerInvariant(),
            }));
    }

    private static DocumentedCommand CreateOne(Terminal terminal, string verb, string description, bool withOutput, Action<Terminal, JsonObject> print)
    {
        var secret = new Argument<string>("secret") { Description = "Name or ARN of the secret." };
        var version = new Option<string?>("--version-id") { Description = "The rotation that makes this version alone." };
        var limit = new Option<int>("--limit") { Description = "How many steps at most, 1 to 200.", DefaultValueFactory = _ => 100 };
        var data = DocumentedCommand.DataOption();
        var json = new Option<bool>("--json") { Description = "As JSON." };
        var command = new DocumentedCommand(verb, description)
        {
            Examples = [$"strongroom rotation {verb} prod/db", $"strongroom rotation {verb} prod/db --limit 8 --json"],
        };
        command.Add(secret);
        foreach (var option in new Option[] { version, limit, data, json })
            command.Add(option);
        command.SetAction(async (parsed, ct) =>
        {
            using var client = OwnClient.Open(terminal, parsed.GetValue(data));
            var answer = await client.CallAsync("ListRotationSteps", new JsonObject
            {
                ["SecretId"] = parsed.GetValue(secret),
                ["IncludeOutput"] = withOutput,
                ["MaxResults"] = parsed.GetValue(limit),
            }, ct);
            if (parsed.GetValue(version) is { } wanted)
                answer["Steps"] = new JsonArray([.. answer["Steps"]!.AsArray().Where(step => (string?)step!["VersionId"] == wanted).Select(step => step!.DeepClone())]);
            if (parsed.GetValue(json))
                terminal.Output.WriteLine(answer.ToJsonString(Indented));
            else
                print(terminal, answer);
            return 0;
        });
        return command;
    }

    private static void PrintHistory(Terminal terminal, JsonObject answer)
    {
        terminal.Output.WriteLine(StateOf(answer));
        string? shown = null;
        foreach (var step in answer["Steps"]!.AsArray())
        {
            var attempt = $"version {step!["VersionId"]}, {((bool)step["Test"]! ? "test of the function" : $"attempt {step["Attempt"]}")}";
            if (attempt != shown)
                terminal.Output.WriteLine("\n" + attempt);
            shown = attempt;
            var result = (string?)step["Error"] is { } error ? "failed: " + SafeText.Of(error) : "ok";
            terminal.Output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {TimeOf(step["StartedDate"]!)}  {(string)step["Step"]!,-12}  {(long)step["DurationMilliseconds"]! / 1000.0,8:0.000} s  {result}"));
        }
    }

    private static void PrintLogs(Terminal terminal, JsonObject answer)
    {
        foreach (var step in answer["Steps"]!.AsArray().Reverse())
        {
            var error = (string?)step!["Error"];
            terminal.Output.WriteLine($"{TimeOf(step["StartedDate"]!)}  {step["VersionId"]}  {step["Step"]}  {(error is null ? "ok" : "failed: " + SafeText.Of(error))}");
            foreach (var line in ((string?)step["Output"] ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries))
                terminal.Output.WriteLine("    " + SafeText.Of(line.TrimEnd('\r')));
        }
    }

    private static string StateOf(JsonObject answer)
    {
        var due = answer["DueDate"] is { } date ? TimeOf(date) : null;
        if (answer["Rotation"] is not JsonObject run)
            return due is null ? "No rotation is planned." : $"The next rotation is planned for {due}.";
        var what = (bool)run["Test"]! ? "A test of the function" : "A rotation";
        if ((string?)run["State"] == "HELD")
            return $"{what} to version {run["VersionId"]} is held until {run["AwaitedReaders"]} readers have the current version; see strongroom rotation readers.";
        return (string?)run["State"] == "WAITING"
            ? $"{what} to version {run["VersionId"]} failed and waits for attempt {run["Attempt"]} at {due}."
            : $"{what} to version {run["VersionId"]} is under way: attempt {run["Attempt"]}, {run["Step"]} is next or running.";
    }

    private static string TimeOf(JsonNode seconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds((long)(seconds.GetValue<decimal>() * 1000)).ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
