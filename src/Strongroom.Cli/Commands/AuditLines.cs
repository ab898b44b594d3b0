using System.Globalization;
using System.Text;
using Spectre.Console;
using Strongroom.Server.Audit.Lookup;

namespace Strongroom.Cli.Commands;

/// <summary>Prints audit records: a table on a terminal, columns between tabs in a pipe, or the records themselves.</summary>
internal sealed class AuditLines(Terminal terminal, bool asJson)
{
    private static readonly string[] Titles = ["Time", "Principal", "Event", "Resource", "Outcome", "Source"];

    /// <summary>Where the columns of rows that come one by one begin.</summary>
    private static readonly int[] Widths = [20, 28, 24, 36, 24];

    /// <summary>Rows that are all there.</summary>
    public void WriteAll(IEnumerable<ReadOnlyMemory<byte>> lines)
    {
        if (asJson || !terminal.OutputIsScreen)
        {
            foreach (var line in lines)
                Write(line);
            return;
        }

        var table = new Table().Border(TableBorder.Simple);
        foreach (var title in Titles)
            table.AddColumn(new TableColumn(title));
        table.Columns[0].NoWrap = true;
        foreach (var cells in lines.Select(Cells).OfType<string[]>())
            table.AddRow(cells.Select((cell, i) => (Spectre.Console.Rendering.IRenderable)new Text(cell, i == 4 && cell != "ok" ? new Style(Color.Red) : Style.Plain)));
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(terminal.Output) });
        if (table.Rows.Count > 0)
            console.Write(table);
    }

    /// <summary>One row, at once. What is no event is shown as JSON alone.</summary>
    public void Write(ReadOnlyMemory<byte> line)
    {
        if (asJson)
        {
            // Characters that a terminal would obey stand in strings only, where their escapes mean the same.
            var text = Encoding.UTF8.GetString(line.Span);
            terminal.Output.WriteLine(terminal.OutputIsScreen ? SafeText.Of(text) : text);
            return;
        }

        if (Cells(line) is not { } cells)
            return;
        terminal.Output.WriteLine(terminal.OutputIsScreen
            ? string.Join("  ", cells.Select((cell, i) => i < Widths.Length ? cell.PadRight(Widths[i]) : cell))
            : string.Join('\t', cells));
    }

    private static string[]? Cells(ReadOnlyMemory<byte> line)
    {
        if (LoggedEvent.TryParse(line.Span) is not { } found)
            return null;
        string[] cells =
        [
            found.TimeUtc.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture), PrincipalOf(found), found.EventName,
            ResourceOf(found), AuditFilter.OutcomeOf(found), found.SourceIp ?? "-",
        ];
        return [.. cells.Select(SafeText.Of)];
    }

    // A secret's name says as much as its ARN, and leaves room.
    private static string ResourceOf(LoggedEvent found) =>
        found.Resources.Select(resource => resource.Name).FirstOrDefault(name => LoggedEvent.SecretNameIn(name) is null) ?? found.Resources.Select(resource => resource.Name).FirstOrDefault() ?? "-";

    // What tells principals of one account apart: user/ada, assumed-role/deploy/build-42, root.
    private static string PrincipalOf(LoggedEvent found) =>
        found.PrincipalArn?.Split(':', 6) is [_, _, _, _, _, var name] ? name : found.Username ?? found.InvokedBy ?? found.AccessKeyId ?? "-";
}
