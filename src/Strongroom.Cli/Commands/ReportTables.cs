using Spectre.Console;

namespace Strongroom.Cli.Commands;

/// <summary>Rows for people as tables on a terminal; in a pipe as lines with tabs between, which other programs take apart.</summary>
internal sealed class ReportTables(Terminal terminal)
{
    private readonly IAnsiConsole? console = terminal.OutputIsScreen
        ? AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(terminal.Output) })
        : null;

    public void Line(string text) => terminal.Output.WriteLine(text);

    public void Table(string title, IReadOnlyList<string> columns, IEnumerable<string[]> rows)
    {
        var all = rows.ToList();
        if (console is null)
        {
            terminal.Output.WriteLine();
            terminal.Output.WriteLine($"{title}: {(all.Count == 0 ? "none" : "")}".TrimEnd());
            if (all.Count > 0)
                terminal.Output.WriteLine(string.Join('\t', columns));
            foreach (var row in all)
                terminal.Output.WriteLine(string.Join('\t', row.Select(Plain)));
            return;
        }

        if (all.Count == 0)
        {
            console.WriteLine($"{title}: none");
            return;
        }

        var table = new Table { Border = TableBorder.Rounded, Title = new TableTitle(Markup.Escape(title)) };
        foreach (var column in columns)
            table.AddColumn(new TableColumn(Markup.Escape(column)));
        foreach (var row in all)
            table.AddRow([.. row.Select(cell => new Text(Plain(cell)))]);
        console.Write(table);
    }

    // Nothing that was stored may steer a terminal or add a column.
    private static string Plain(string cell) => string.Concat(cell.Select(c => char.IsControl(c) ? ' ' : c));
}
