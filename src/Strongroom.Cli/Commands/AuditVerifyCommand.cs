using System.CommandLine;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Strongroom.Server.Audit;
using Strongroom.Server.Backup;
using Strongroom.Server.Hosting;

namespace Strongroom.Cli.Commands;

/// <summary><c>strongroom audit verify</c>: whether the audit log is as it was written. Exit code 0 when it is, 1 when it is not.</summary>
internal static class AuditVerifyCommand
{
    public static Command Create(Terminal terminal)
    {
        var data = DocumentedCommand.DataOption();
        var key = new Option<string?>("--public-key")
        {
            Description = "PEM file with the public key that signed the digests, kept elsewhere since; by default the one in the database.",
        };
        var json = new Option<bool>("--json") { Description = "Print the result as JSON." };
        var command = new DocumentedCommand("verify", "Check that no audit record was changed, removed, moved or put in. Works while the server serves.")
        {
            Examples = ["strongroom audit verify", "strongroom audit verify --public-key /media/safe/digest-key.pem"],
        };
        command.Add(data);
        command.Add(key);
        command.Add(json);
        command.SetAction(async (parsed, ct) =>
        {
            var root = Settings.DataDirectory(parsed.GetValue(data), terminal.Environment);
            var result = await CheckAsync(root, parsed.GetValue(key), terminal, ct);
            if (parsed.GetValue(json))
                terminal.Output.WriteLine(JsonSerializer.Serialize(result, JsonOptions));
            else
                Print(result, terminal);
            return result.Findings.Count == 0 ? 0 : CommandLine.Failed;
        });
        return command;
    }

    private static readonly JsonSerializerOptions JsonOptions = new() { WriteIndented = true };

    private static async Task<AuditVerification> CheckAsync(string root, string? keyFile, Terminal terminal, CancellationToken ct)
    {
        var directory = AuditDirectory.In(root);
        // Before the log is read: it only grows, so it must hold what the database knows now.
        var options = SettingsReader.Read(root, configFlag: null, new Dictionary<string, IReadOnlyList<string>>(), terminal.Environment);
        await using var store = await InstalledStore.OpenAsync(options, ct);
        var pem = keyFile is not null ? await File.ReadAllTextAsync(keyFile, ct)
            : await store.FindSettingAsync(DigestKey.PublicSetting, ct) is { } stored ? Encoding.ASCII.GetString(stored)
            : throw new CommandException("The database knows no key that signs digests: the server has not been started since they were introduced.");
        using var key = Parse(pem, keyFile ?? "the database");
        var known = AuditDigest.Known(await store.FindSettingAsync(AuditDigests.KnownSetting, ct));
        return new AuditVerifier(directory, key, known, Progress(terminal)).Verify();
    }

    private static Action<long>? Progress(Terminal terminal) =>
        terminal.OutputIsScreen ? records => terminal.Error.Write($"\r{records} records checked ") : null;

    private static DigestVerifier Parse(string pem, string place)
    {
        try
        {
            return DigestVerifier.FromPem(pem);
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            throw new CommandException($"There is no PEM public key in {place}.");
        }
    }

    private static void Print(AuditVerification result, Terminal terminal)
    {
        if (terminal.OutputIsScreen)
            terminal.Error.Write("\r");
        foreach (var finding in result.Findings)
        {
            var place = finding.File.Length == 0 ? "" : finding.Line > 0 ? $"{finding.File}:{finding.Line}: " : $"{finding.File}: ";
            var id = finding.EventId is { } eventId ? $" [eventID {eventId}]" : "";
            terminal.Output.WriteLine($"{place}{finding.Text}{id}");
        }

        if (result.UncheckedSegments > 0)
            terminal.Output.WriteLine($"Not checked: {Count(result.UncheckedSegments, "segment")} of before records were chained.");
        var covered = $"{Count(result.Records, "record")} in {Count(result.Segments, "segment")}, {result.First} to {result.Last}, signed through {result.SignedThrough}";
        terminal.Output.WriteLine(result.Findings.Count == 0
            ? $"The audit log is as it was written: {covered}."
            : $"{Count(result.Findings.Count, "finding")}. Read: {covered}.");
    }

    private static string Count(long number, string what) => number == 1 ? "1 " + what : $"{number} {what}s";
}
