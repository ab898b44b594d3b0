using Strongroom.Server.Backup;

namespace Strongroom.Cli;

/// <summary>One line on standard error that shows how far something is, for a person; a pipe gets nothing of it.</summary>
internal sealed class ProgressLine(Terminal terminal) : IProgress<BackupProgress>
{
    private readonly Lock gate = new();
    private string shown = "";

    public void Report(BackupProgress value)
    {
        if (!terminal.OutputIsScreen)
            return;
        lock (gate)
        {
            var text = value.Total > 0 ? $"{value.Step}: {100 * value.Done / value.Total} %" : value.Done > 0 ? $"{value.Step}: {value.Done}" : value.Step;
            if (text == shown)
                return;
            terminal.Error.Write("\r" + text.PadRight(shown.Length));
            shown = text;
        }
    }

    /// <summary>Ends the line, so that what follows stands on one of its own.</summary>
    public void Finish()
    {
        lock (gate)
        {
            if (shown.Length > 0)
                terminal.Error.WriteLine();
            shown = "";
        }
    }
}
