using System.CommandLine;

namespace Strongroom.Cli.Commands;

/// <summary><c>strongroom audit</c>: the record of who did what.</summary>
internal static class AuditCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new DocumentedCommand("audit", "Look at the audit log, and check it.")
        {
            Examples = ["strongroom audit tail --follow", "strongroom audit search --secret prod/db --since 2h", "strongroom audit verify"],
        };
        command.Add(AuditTailCommand.Create(terminal));
        command.Add(AuditSearchCommand.Create(terminal));
        command.Add(AuditVerifyCommand.Create(terminal));
        return command;
    }
}
