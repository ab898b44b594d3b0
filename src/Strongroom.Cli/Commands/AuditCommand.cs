using System.CommandLine;

namespace Strongroom.Cli.Commands;

/// <summary><c>strongroom audit</c>: the record of who did what.</summary>
internal static class AuditCommand
{
    public static Command Create(Terminal terminal)
    {
        var command = new DocumentedCommand("audit", "Look at the audit log, and check it.")
        {
            Examples = ["strongroom audit verify"],
        };
        command.Add(AuditVerifyCommand.Create(terminal));
        return command;
    }
}
