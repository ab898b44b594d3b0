using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Strongroom.Cli.Commands;

/// <summary><c>strongroom explain</c>: why a call is decided as it is, and what another policy would have decided.</summary>
internal static class ExplainCommand
{
    private const long MaxPolicyBytes = 1 << 20;

    public static Command Create(Terminal terminal)
    {
        var principal = new Option<string?>("--principal") { Description = "ARN of a user, a role, a role session or the root." };
        var action = new Option<string?>("--action") { Description = "What is done, such as secretsmanager:GetSecretValue." };
        var resource = new Option<string?>("--resource") { Description = "An ARN, the name of a secret, or *." };
        var context = new Option<string[]>("--context") { Description = "A condition key and its value, KEY=VALUE. May be repeated, also for several values of one key." };
        var rehearse = new Option<FileInfo?>("--rehearse") { Description = "File with a policy: replay the audited calls of the last days against it." };
        var replaces = new Option<string?>("--replaces") { Description = "With --rehearse: name or ARN of the identity policy that it would replace. Without: all of the principal's." };
        var secret = new Option<string?>("--secret") { Description = "With --rehearse: the secret whose resource policy it would be." };
        var days = new Option<long>("--days") { Description = "With --rehearse: how far back.", DefaultValueFactory = _ => 30 };
        var command = new DocumentedCommand("explain", "Say which statement decides whether a principal may do something; or what a new policy would have changed.")
        {
            Examples =
            [
                "strongroom explain --principal arn:aws:iam::111122223333:user/app --action secretsmanager:GetSecretValue --resource prod/db",
                "strongroom explain --principal arn:aws:iam::111122223333:user/app --action secretsmanager:GetSecretValue --resource prod/db --context aws:SourceIp=10.0.0.7",
                "strongroom explain --rehearse new-policy.json --principal arn:aws:iam::111122223333:user/app --days 14",
                "strongroom explain --rehearse new-policy.json --replaces arn:aws:iam::111122223333:policy/readers",
                "strongroom explain --rehearse resource-policy.json --secret prod/db --json",
            ],
        };
        foreach (var option in new Option[] { principal, action, resource, context, rehearse, replaces, secret, days })
            command.Add(option);
        var call = new CallFlags(command);
        command.SetAction(async (parsed, ct) =>
        {
            using var client = call.Open(parsed, terminal);
            if (parsed.GetValue(rehearse) is { } file)
            {
                var parameters = new JsonObject { ["PolicyDocument"] = ReadPolicy(file), ["Days"] = parsed.GetValue(days) };
                parameters.Put("Principal", parsed.GetValue(principal));
                parameters.Put("Replaces", parsed.GetValue(replaces));
                parameters.Put("SecretId", parsed.GetValue(secret));
                Show(terminal, await client.CallAsync("Rehearse", parameters, ct), call.AsJson(parsed), Rehearsal);
                return 0;
            }

            if (parsed.GetValue(principal) is not { } who || parsed.GetValue(action) is not { } what || parsed.GetValue(resource) is not { } which)
                throw new CommandException("Give --principal, --action and --resource; or a policy with --rehearse. See: strongroom explain --help");
            var question = new JsonObject { ["Principal"] = who, ["Action"] = what, ["Resource"] = which, ["Context"] = Context(parsed.GetValue(context) ?? []) };
            Show(terminal, await client.CallAsync("Explain", question, ct), call.AsJson(parsed), Explanation);
            return 0;
        });
        return command;
    }

    private static string ReadPolicy(FileInfo file)
    {
        if (!file.Exists)
            throw new CommandException($"There is no file {file.FullName}.");
        return file.Length <= MaxPolicyBytes ? File.ReadAllText(file.FullName) : throw new CommandException($"{file.FullName} is too large for a policy.");
    }

    private static JsonArray Context(string[] pairs)
    {
        var entries = new JsonArray();
        foreach (var key in pairs.Select(Split).GroupBy(pair => pair.Key, StringComparer.OrdinalIgnoreCase))
            entries.Add(new JsonObject { ["Key"] = key.Key, ["Values"] = new JsonArray([.. key.Select(pair => JsonValue.Create(pair.Value))]) });
        return entries;
    }

    // Tag keys may hold an equals sign only after the first one of ours.
    private static KeyValuePair<string, string> Split(string pair) => pair.IndexOf('=', StringComparison.Ordinal) is var at and > 0
        ? KeyValuePair.Create(pair[..at], pair[(at + 1)..])
        : throw new CommandException($"--context takes KEY=VALUE, such as aws:SourceIp=10.0.0.7, and not '{pair}'.");

    private static void Show(Terminal terminal, JsonObject answer, bool asJson, Func<JsonObject, IEnumerable<string>> lines)
    {
        if (asJson)
        {
            terminal.WriteJson(answer);
            return;
        }

        foreach (var line in lines(answer))
            terminal.Output.WriteLine(line);
    }

    private static IEnumerable<string> Explanation(JsonObject answer)
    {
        foreach (var line in Decision(answer))
            yield return line;
        if (answer["KeyUse"] is not JsonObject use)
            yield break;
        yield return "";
        yield return $"Its key ({use["Action"]} through Secrets Manager):";
        foreach (var line in Decision(use))
            yield return line;
        if ((string?)use["KeyState"] is { } state and not "Enabled")
            yield return $"  the key can't be used now: it is {state}";
    }

    private static IEnumerable<string> Decision(JsonObject answer)
    {
        yield return (string?)answer["Decision"] switch
        {
            "allowed" => $"Allowed {By(answer)}",
            "explicitDeny" => $"Denied {By(answer)}",
            _ => $"Denied: {answer["Reason"]}",
        };
        yield return $"  on {answer["ResourceArn"]}";
        if (answer["OtherAccount"] is { } owner)
            yield return $"  this is your account's side alone: account {owner} owns the resource and decides for itself";
        foreach (var statement in answer["MatchedStatements"]!.AsArray())
        {
            var through = statement!["Group"] is { } group ? $" (through group {group})" : "";
            yield return $"  applies: {statement["Effect"]} {Named(statement)} of {statement["Policy"]}{through}, lines {statement["StartLine"]}-{statement["EndLine"]}";
        }

        foreach (var key in answer["MissingContextKeys"]!.AsArray())
            yield return $"  a condition asked for {key}, which the question does not say: add --context {key}=VALUE";
    }

    private static IEnumerable<string> Rehearsal(JsonObject answer)
    {
        yield return $"Replayed {answer["ReplayedCalls"]} calls.";
        if ((int)answer["UnreproducedCalls"]! is var odd and > 0)
            yield return $"{odd} of them were recorded with another outcome than the policies give now: policies changed since, or the record says too little.";
        foreach (var line in Changes("Newly denied", answer["NewlyDenied"]!.AsArray()).Concat(Changes("Newly allowed", answer["NewlyAllowed"]!.AsArray())))
            yield return line;
        if ((bool)answer["IsTruncated"]!)
            yield return "There are more kinds of calls than are listed.";
    }

    private static IEnumerable<string> Changes(string title, JsonArray changes)
    {
        yield return $"{title}: {(changes.Count == 0 ? "nothing" : "")}".TrimEnd();
        foreach (var change in changes)
        {
            var last = DateTimeOffset.FromUnixTimeMilliseconds((long)((double)change!["LastCall"]! * 1000));
            yield return string.Create(
                CultureInfo.InvariantCulture, $"  {change["Calls"],6} x {change["Action"]} on {change["Resource"]} by {change["Principal"]}, last {last:yyyy-MM-dd HH:mm}Z");
        }
    }

    private static string By(JsonObject answer) => answer["Policy"] is { } policy
        ? $"by {Named(answer)} of {policy}{(answer["Group"] is { } group ? $" (through group {group})" : "")}"
        : answer["GrantId"] is { } grant ? $"by grant {grant}"
        : $"by {answer["DecidedBy"]}";

    private static string Named(JsonNode statement) => statement["Sid"] is { } sid ? $"statement \"{sid}\""
        : statement["StatementIndex"] is { } index ? $"statement {(int)index + 1}" : "a statement";
}
