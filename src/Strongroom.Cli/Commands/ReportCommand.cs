using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace Strongroom.Cli.Commands;

/// <summary><c>strongroom report</c>: what is the matter with the secrets, who has more access than it uses, and what the use would cost on AWS.</summary>
internal static class ReportCommand
{
    /// <summary>Exit status when something was found that <c>--fail-on</c> names.</summary>
    public const int Found = 3;

    private const string Excess = "ExcessAccess";

    // Source: AWS Secrets Manager Pricing, us-east-1; see docs/report.md.
    private const decimal ListPriceOfSecretMonth = 0.40m;
    private const decimal ListPriceOfCalls = 0.05m;
    private const decimal HoursOfMonth = 730;

    private static readonly string[] Failures =
    [
        "any", "SecretsManager.1", "SecretsManager.2", "SecretsManager.3", "SecretsManager.4", "SecretsManager.5", "WithoutRotation", "RotationFailed", "RotationOverdue",
        "Unused", "NotRotatedInTime", "Untagged", "AboutToBePurged", Excess,
    ];

    public static Command Create(Terminal terminal)
    {
        var region = RegionOption();
        var days = new Option<long>("--days") { Description = "How far back access is compared with use.", DefaultValueFactory = _ => 90 };
        var unused = new Option<long>("--unused-days") { Description = "Days without a read after which a secret is unused (SecretsManager.3).", DefaultValueFactory = _ => 90 };
        var rotation = new Option<long>("--rotation-days") { Description = "Days within which a secret must be rotated (SecretsManager.4).", DefaultValueFactory = _ => 90 };
        var frequency = new Option<long?>("--max-rotation-frequency") { Description = "Longest schedule of automatic rotation that is allowed, in days (SecretsManager.1)." };
        var tags = new Option<string[]>("--require-tag") { Description = "A tag that every secret must have (SecretsManager.5). May be repeated." };
        var failOn = new Option<string[]>("--fail-on") { Description = $"Exit with status {Found} when there is such a finding. May be repeated." };
        failOn.AcceptOnlyFromAmong(Failures);
        var command = new DocumentedCommand(
            "report",
            "Report unused secrets, secrets without rotation, rotations that failed or are overdue, secrets about to be purged, and principals with more access than they "
            + "use; with the identifiers of AWS Security Hub's controls. " + CallFlags.Signs)
        {
            Examples =
            [
                "strongroom report",
                "strongroom report --unused-days 30 --require-tag team --json",
                "strongroom report --fail-on SecretsManager.2 --fail-on AboutToBePurged",
                "strongroom report usage --days 30",
            ],
        };
        foreach (var option in new Option[] { region, days, unused, rotation, frequency, tags, failOn })
            command.Add(option);
        var call = new CallFlags(command);
        command.Add(CreateUsage(terminal));
        command.SetAction(async (parsed, ct) =>
        {
            using var client = call.Open(parsed, terminal);
            var parameters = new JsonObject
            {
                ["Days"] = parsed.GetValue(days),
                ["UnusedForDays"] = parsed.GetValue(unused),
                ["MaxDaysSinceRotation"] = parsed.GetValue(rotation),
                ["RequiredTagKeys"] = new JsonArray([.. (parsed.GetValue(tags) ?? []).Select(tag => JsonValue.Create(tag))]),
            };
            if (parsed.GetValue(frequency) is { } most)
                parameters["MaximumAllowedRotationFrequency"] = most;
            parameters.Put("Region", parsed.GetValue(region));
            var answer = await client.CallAsync("Report", parameters, ct);
            if (call.AsJson(parsed))
                terminal.WriteJson(answer);
            else
                Show(terminal, answer, parsed.GetValue(days));
            return Fails(answer, parsed.GetValue(failOn) ?? []) ? Found : 0;
        });
        return command;
    }

    private static DocumentedCommand CreateUsage(Terminal terminal)
    {
        var region = RegionOption();
        var days = new Option<long>("--days") { Description = "The period that ends now, in days.", DefaultValueFactory = _ => 30 };
        var secretPrice = new Option<decimal>("--price-secret-month") { Description = "Price of a secret for a month, in US dollars.", DefaultValueFactory = _ => ListPriceOfSecretMonth };
        var callPrice = new Option<decimal>("--price-10000-calls") { Description = "Price of 10,000 calls, in US dollars.", DefaultValueFactory = _ => ListPriceOfCalls };
        var command = new DocumentedCommand("usage", "Count calls and stored versions for each secret and principal, and say what AWS would bill for them.")
        {
            Examples = ["strongroom report usage", "strongroom report usage --days 7 --price-secret-month 0.35 --json"],
        };
        foreach (var option in new Option[] { region, days, secretPrice, callPrice })
            command.Add(option);
        var call = new CallFlags(command);
        command.SetAction(async (parsed, ct) =>
        {
            using var client = call.Open(parsed, terminal);
            var parameters = new JsonObject { ["Days"] = parsed.GetValue(days) };
            parameters.Put("Region", parsed.GetValue(region));
            var answer = await client.CallAsync("ReportUsage", parameters, ct);
            answer["Cost"] = Cost(answer, parsed.GetValue(secretPrice), parsed.GetValue(callPrice));
            if (call.AsJson(parsed))
                terminal.WriteJson(answer);
            else
                ShowUsage(terminal, answer);
            return 0;
        });
        return command;
    }

    private static Option<string?> RegionOption() => new("--region") { Description = "The region to report on. The configured one when not given." };

    private static bool Fails(JsonObject answer, string[] on)
    {
        var findings = answer["Findings"]!.AsArray();
        return (on.Contains("any") && findings.Count > 0)
            || (on.Any(word => word is "any" or Excess) && answer["Principals"]!.AsArray().Count > 0)
            || findings.Any(finding => on.Contains((string?)finding!["Control"]) || on.Contains((string?)finding["Kind"]));
    }

    private static void Show(Terminal terminal, JsonObject answer, long days)
    {
        var screen = new ReportTables(terminal);
        screen.Line($"{answer["Secrets"]} secrets of account {answer["AccountId"]} in {answer["Region"]}");
        screen.Table("Controls", ["Control", "Passed", "Failed", "Title"], answer["Controls"]!.AsArray().Select(
            control => new[] { Text(control!["Id"]), Text(control["Passed"]), Text(control["Failed"]), Text(control["Title"]) }));
        screen.Table("Findings", ["Kind", "Control", "Secret", "Detail", "Since"], answer["Findings"]!.AsArray().Select(
            finding => new[] { Text(finding!["Kind"]), Text(finding["Control"]), Text(finding["Name"]), Text(finding["Detail"]), Day(finding["Since"]) }));
        screen.Table($"More access than used in {days} days", ["Principal", "Allowed", "Used", "Unread secrets", "Actions never used"], answer["Principals"]!.AsArray().Select(
            use => new[] { Text(use!["Principal"]), Text(use["Allowed"]), Text(use["Used"]), Text(use["UnreadSecrets"]), string.Join(' ', use["UnusedActions"]!.AsArray().Select(Action)) }));
        if ((bool)answer["IsTruncated"]!)
            screen.Line("There is more than could be looked at: the report is not complete.");
    }

    private static void ShowUsage(Terminal terminal, JsonObject answer)
    {
        var screen = new ReportTables(terminal);
        screen.Line($"{answer["Calls"]} calls to Secrets Manager in {answer["Days"]} days, account {answer["AccountId"]} in {answer["Region"]}");
        screen.Table("Secrets", ["Secret", "Calls", "Reads", "Versions"], answer["Secrets"]!.AsArray().Select(
            usage => new[] { Text(usage!["Name"]), Text(usage["Calls"]), Text(usage["Reads"]), Text(usage["Versions"]) }));
        screen.Table("Principals", ["Principal", "Calls", "Denied"], answer["Principals"]!.AsArray().Select(
            usage => new[] { Text(usage!["Principal"]), Text(usage["Calls"]), Text(usage["Denied"]) }));
        var cost = answer["Cost"]!;
        screen.Line($"On AWS: {cost["SecretMonths"]} secret months at ${cost["PriceOfSecretMonth"]} and {answer["Calls"]} calls at ${cost["PriceOf10000Calls"]} per 10,000: ${cost["Total"]}");
        if ((bool)answer["IsTruncated"]!)
            screen.Line("There is more than could be counted: the report is not complete.");
    }

    private static JsonObject Cost(JsonObject answer, decimal secretPrice, decimal callPrice)
    {
        if (secretPrice < 0 || callPrice < 0)
            throw new CommandException("A price can't be negative.");
        var months = answer["Secrets"]!.AsArray().Sum(usage => usage!["Hours"]!.GetValue<decimal>()) / HoursOfMonth;
        var (secrets, calls) = (months * secretPrice, (long)answer["Calls"]! * callPrice / 10_000);
        return new JsonObject
        {
            ["Currency"] = "USD",
            ["SecretMonths"] = Math.Round(months, 3),
            ["PriceOfSecretMonth"] = secretPrice,
            ["PriceOf10000Calls"] = callPrice,
            ["Secrets"] = Math.Round(secrets, 4),
            ["Calls"] = Math.Round(calls, 4),
            ["Total"] = Math.Round(secrets + calls, 2),
        };
    }

    private static string Text(JsonNode? value) => value?.ToString() ?? "";

    private static string Action(JsonNode? action) => Text(action) is var text && text.StartsWith("secretsmanager:", StringComparison.Ordinal) ? text["secretsmanager:".Length..] : text;

    private static string Day(JsonNode? time) => time is null ? ""
        : DateTimeOffset.FromUnixTimeMilliseconds((long)(time.GetValue<decimal>() * 1000)).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
}
