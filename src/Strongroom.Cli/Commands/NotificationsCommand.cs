using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Strongroom.Cli.Aws;

namespace Strongroom.Cli.Commands;

/// <summary><c>strongroom notifications</c>: what waits for its destination, and what was given up.</summary>
internal static class NotificationsCommand
{
    // As the server takes them in one call.
    private const int AtOnce = 1000;

    public static Command Create(Terminal terminal)
    {
        var command = new DocumentedCommand("notifications", "Look at the notifications that wait for their destination, and at those that were given up.")
        {
            Examples = ["strongroom notifications list", "strongroom notifications retry --destination ops", "strongroom notifications drop --id 17"],
        };
        command.Add(CreateList(terminal));
        command.Add(CreateChange(terminal, "retry", "RetryNotifications", "Try notifications again that were given up.", "Tried again: {0}."));
        command.Add(CreateChange(terminal, "drop", "DropNotifications", "Forget notifications that were given up.", "Forgotten: {0}."));
        return command;
    }

    private static DocumentedCommand CreateList(Terminal terminal)
    {
        var destination = new Option<string?>("--destination") { Description = "Those of this destination alone." };
        var dead = new Option<bool>("--dead") { Description = "Those alone that were given up." };
        var command = new DocumentedCommand("list", "List the destinations and what waits for them. " + CallFlags.Signs)
        {
            Examples = ["strongroom notifications list", "strongroom notifications list --dead --json"],
        };
        command.Add(destination);
        command.Add(dead);
        var call = new CallFlags(command);
        command.SetAction(async (parsed, ct) =>
        {
            using var client = call.Open(parsed, terminal);
            var all = await ListAsync(client, parsed.GetValue(destination), parsed.GetValue(dead), ct);
            if (call.AsJson(parsed))
                terminal.WriteJson(all);
            else
                Print(terminal, all);
            return 0;
        });
        return command;
    }

    private static DocumentedCommand CreateChange(Terminal terminal, string verb, string operation, string description, string said)
    {
        var destination = new Option<string?>("--destination") { Description = "All of this destination." };
        var id = new Option<string?>("--id") { Description = "The one with this id." };
        var waiting = new Option<bool>("--waiting") { Description = "Those too that still wait, as for a destination that is configured no more." };
        var command = new DocumentedCommand(verb, description + " " + CallFlags.Signs)
        {
            Examples = [$"strongroom notifications {verb} --destination ops", $"strongroom notifications {verb} --id 17"],
        };
        command.Add(destination);
        command.Add(id);
        if (verb == "drop")
            command.Add(waiting);
        var call = new CallFlags(command);
        command.Validators.Add(parsed =>
        {
            if ((parsed.GetValue(destination) is null) == (parsed.GetValue(id) is null))
                parsed.AddError("Give either --destination or --id.");
        });
        command.SetAction(async (parsed, ct) =>
        {
            using var client = call.Open(parsed, terminal);
            var (total, count) = (0L, 0L);
            do
            {
                var parameters = new JsonObject();
                parameters.Put("Destination", parsed.GetValue(destination));
                parameters.Put("Id", parsed.GetValue(id));
                if (verb == "drop" && parsed.GetValue(waiting))
                    parameters["IncludeWaiting"] = true;
                count = (long)(await client.CallAsync(operation, parameters, ct))["Count"]!;
                total += count;
            }
            while (count == AtOnce);
            if (call.AsJson(parsed))
                terminal.WriteJson(new JsonObject { ["Count"] = total });
            else
                terminal.Output.WriteLine(string.Format(CultureInfo.InvariantCulture, said, total));
            return 0;
        });
        return command;
    }

    private static async Task<JsonObject> ListAsync(OwnClient client, string? destination, bool dead, CancellationToken ct)
    {
        var (notifications, destinations) = (new JsonArray(), new JsonArray());
        string? token = null;
        do
        {
            var parameters = new JsonObject();
            parameters.Put("Destination", destination);
            parameters.Put("State", dead ? "DEAD" : null);
            parameters.Put("NextToken", token);
            var page = await client.CallAsync("ListNotifications", parameters, ct);
            destinations = page["Destinations"]!.DeepClone().AsArray();
            foreach (var notification in page["Notifications"]!.AsArray())
                notifications.Add(notification!.DeepClone());
            token = (string?)page["NextToken"];
        }
        while (token is not null);
        return new JsonObject { ["Destinations"] = destinations, ["Notifications"] = notifications };
    }

    private static void Print(Terminal terminal, JsonObject all)
    {
        foreach (var destination in all["Destinations"]!.AsArray())
        {
            var where = (bool)destination!["Configured"]! ? $"{destination["Address"]}" : "not configured";
            terminal.Output.WriteLine($"{destination["Name"]}  {where}  {destination["Waiting"]} waiting, {destination["Dead"]} given up");
        }

        foreach (var notification in all["Notifications"]!.AsArray())
        {
            var created = DateTimeOffset.FromUnixTimeMilliseconds((long)(notification!["CreatedDate"]!.GetValue<decimal>() * 1000));
            var state = (string?)notification["State"] == "DEAD" ? "given up" : "waiting";
            terminal.Output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {notification["Id"]}  {created:yyyy-MM-dd HH:mm:ss}  {notification["Destination"]}  {state}  {notification["DetailType"]}  {notification["Event"]!["detail"]!["name"]}  {notification["Attempts"]} attempts  {notification["Reason"]}").TrimEnd());
        }
    }
}
