using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Strongroom.Cli.Aws;

namespace Strongroom.Cli.Commands;

/// <summary><c>strongroom account</c>: the accounts of the installation.</summary>
internal static class AccountCommand
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static Command Create(Terminal terminal)
    {
        var command = new DocumentedCommand("account", "Work with the accounts of this installation. Only the first account may.")
        {
            Examples = ["strongroom account create --name team-b", "strongroom account list"],
        };
        command.Add(CreateCreate(terminal));
        command.Add(CreateList(terminal));
        return command;
    }

    private static DocumentedCommand CreateCreate(Terminal terminal)
    {
        var (data, json) = (DocumentedCommand.DataOption(), JsonOption());
        var name = new Option<string?>("--name") { Description = "A name for people, up to 50 characters." };
        var id = new Option<string?>("--account-id") { Description = "Twelve digits. Chosen by chance when not given." };
        var command = new DocumentedCommand(
            "create",
            "Create an account and print the access key of its root, whose secret is shown this once. Signs with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY when "
            + "they are set and --data is not given, else as the root of the data directory.")
        {
            Examples =
            [
                "strongroom account create --name team-b",
                "strongroom account create --name team-b --account-id 444455556666 --json",
            ],
        };
        command.Add(name);
        command.Add(id);
        command.Add(data);
        command.Add(json);
        command.SetAction(async (parsed, ct) =>
        {
            using var client = OwnClient.Open(terminal, parsed.GetValue(data));
            var parameters = new JsonObject();
            if (parsed.GetValue(name) is { } chosenName)
                parameters["Name"] = chosenName;
            if (parsed.GetValue(id) is { } chosenId)
                parameters["AccountId"] = chosenId;
            Print(terminal, await client.CallAsync("CreateAccount", parameters, ct), parsed.GetValue(json));
            return 0;
        });
        return command;
    }

    private static DocumentedCommand CreateList(Terminal terminal)
    {
        var (data, json) = (DocumentedCommand.DataOption(), JsonOption());
        var command = new DocumentedCommand("list", "List the accounts of this installation.")
        {
            Examples = ["strongroom account list", "strongroom account list --json"],
        };
        command.Add(data);
        command.Add(json);
        command.SetAction(async (parsed, ct) =>
        {
            using var client = OwnClient.Open(terminal, parsed.GetValue(data));
            List(terminal, await ListAsync(client, ct), parsed.GetValue(json));
            return 0;
        });
        return command;
    }

    private static Option<bool> JsonOption() => new("--json") { Description = "As JSON." };

    private static void Print(Terminal terminal, JsonObject answer, bool asJson)
    {
        if (asJson)
        {
            terminal.Output.WriteLine(answer.ToJsonString(Indented));
            return;
        }

        terminal.Output.WriteLine($"Created account {answer["Account"]!["Id"]}. The access key of its root, whose secret is not shown again:");
        terminal.Output.WriteLine($"  AWS_ACCESS_KEY_ID={answer["AccessKey"]!["AccessKeyId"]}");
        terminal.Output.WriteLine($"  AWS_SECRET_ACCESS_KEY={answer["AccessKey"]!["SecretAccessKey"]}");
    }

    private static async Task<JsonArray> ListAsync(OwnClient client, CancellationToken ct)
    {
        var all = new JsonArray();
        JsonNode? token = null;
        do
        {
            var page = await client.CallAsync("ListAccounts", token is null ? [] : new JsonObject { ["NextToken"] = token.GetValue<string>() }, ct);
            foreach (var account in page["Accounts"]!.AsArray())
                all.Add(account!.DeepClone());
            token = page["NextToken"];
        }
        while (token is not null);
        return all;
    }

    private static void List(Terminal terminal, JsonArray accounts, bool asJson)
    {
        if (asJson)
        {
            terminal.Output.WriteLine(new JsonObject { ["Accounts"] = accounts }.ToJsonString(Indented));
            return;
        }

        foreach (var account in accounts)
        {
            var created = DateTimeOffset.FromUnixTimeMilliseconds((long)(account!["CreatedDate"]!.GetValue<decimal>() * 1000));
            terminal.Output.WriteLine($"{account["Id"]}  {created.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}  {account["Name"]}".TrimEnd());
        }
    }
}
