using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Strongroom.Cli.Aws;

namespace Strongroom.Cli.Commands;

/// <summary><c>strongroom account</c>: the accounts of the installation.</summary>
internal static class AccountCommand
{
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
        var name = new Option<string?>("--name") { Description = "A name for people, up to 50 characters." };
        var id = new Option<string?>("--account-id") { Description = "Twelve digits. Chosen by chance when not given." };
        var command = new DocumentedCommand(
            "create",
            "Create an account and print the access key of its root, whose secret is shown this once. " + CallFlags.Signs)
        {
            Examples =
            [
                "strongroom account create --name team-b",
                "strongroom account create --name team-b --account-id 444455556666 --json",
            ],
        };
        command.Add(name);
        command.Add(id);
        var call = new CallFlags(command);
        command.SetAction(async (parsed, ct) =>
        {
            using var client = call.Open(parsed, terminal);
            var parameters = new JsonObject();
            parameters.Put("Name", parsed.GetValue(name));
            parameters.Put("AccountId", parsed.GetValue(id));
            Print(terminal, await client.CallAsync("CreateAccount", parameters, ct), call.AsJson(parsed));
            return 0;
        });
        return command;
    }

    private static DocumentedCommand CreateList(Terminal terminal)
    {
        var command = new DocumentedCommand("list", "List the accounts of this installation.")
        {
            Examples = ["strongroom account list", "strongroom account list --json"],
        };
        var call = new CallFlags(command);
        command.SetAction(async (parsed, ct) =>
        {
            using var client = call.Open(parsed, terminal);
            List(terminal, await ListAsync(client, ct), call.AsJson(parsed));
            return 0;
        });
        return command;
    }

    private static void Print(Terminal terminal, JsonObject answer, bool asJson)
    {
        if (asJson)
        {
            terminal.WriteJson(answer);
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
            terminal.WriteJson(new JsonObject { ["Accounts"] = accounts });
            return;
        }

        foreach (var account in accounts)
        {
            var created = DateTimeOffset.FromUnixTimeMilliseconds((long)(account!["CreatedDate"]!.GetValue<decimal>() * 1000));
            terminal.Output.WriteLine($"{account["Id"]}  {created.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}  {account["Name"]}".TrimEnd());
        }
    }
}
