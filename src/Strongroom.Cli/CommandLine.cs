using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;
using Strongroom.Cli.Commands;
using Strongroom.Crypto.KeyProviders;
using Strongroom.Server.Backup;
using Strongroom.Server.Hosting;
using Strongroom.Storage;

namespace Strongroom.Cli;

/// <summary>The commands, and what becomes of their failures: one line on stderr, exit code 1, or 2 when the command line or configuration is wrong.</summary>
internal static class CommandLine
{
    public const int Failed = 1;
    public const int WrongUse = 2;

    /// <summary>A second signal ended the server before its stop was done.</summary>
    public const int Forced = 3;

    public static RootCommand Create(Terminal terminal)
    {
        var root = new RootCommand("AWS Secrets Manager on your own machines.")
        {
            ServeCommand.Create(terminal),
            EnvCommand.Create(terminal),
            ProfileCommand.Create(terminal),
            AccountCommand.Create(terminal),
            AuditCommand.Create(terminal),
            ExplainCommand.Create(terminal),
            NotificationsCommand.Create(terminal),
            ReportCommand.Create(terminal),
            RewrapCommand.Create(terminal),
            RotationCommand.Create(terminal),
            SealCommand.Create(terminal),
            BackupCommand.Create(terminal),
            RestoreCommand.Create(terminal),
            VerifyCommand.Create(terminal),
            VersionCommand.Create(terminal),
            CompletionCommand.Create(terminal),
        };
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((HelpAction)help.Action!);
        return root;
    }

    public static async Task<int> RunAsync(string[] arguments, Terminal terminal)
    {
        var parsed = Create(terminal).Parse(arguments);
        if (parsed.Action is ParseErrorAction error)
            return await RefuseAsync(parsed, error, terminal);
        try
        {
            // Signals are the serve command's own matter.
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                Output = terminal.Output,
                Error = terminal.Error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            });
        }
        catch (SettingsException e)
        {
            await terminal.Error.WriteLineAsync("strongroom: " + e.Message);
            return WrongUse;
        }
        catch (Exception e) when (e is CommandException or BackupException or StoreRefusedException or StoreUnavailableException or SealException
            or IOException or UnauthorizedAccessException)
        {
            await terminal.Error.WriteLineAsync("strongroom: " + e.Message);
            return Failed;
        }
    }

    private static async Task<int> RefuseAsync(ParseResult parsed, ParseErrorAction error, Terminal terminal)
    {
        error.ShowHelp = false; // a page of help would push the reason off the screen
        // The library sets its words apart by empty lines, before them as well.
        using var words = new StringWriter(CultureInfo.InvariantCulture);
        await parsed.InvokeAsync(new InvocationConfiguration { Output = words, Error = words, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        await terminal.Error.WriteLineAsync(words.ToString().Trim());
        await terminal.Error.WriteLineAsync($"See: {Typed(parsed.CommandResult)} --help");
        return WrongUse;
    }

    private static string Typed(SymbolResult command) =>
        command.Parent is CommandResult parent ? $"{Typed(parent)} {((CommandResult)command).Command.Name}" : "strongroom";

    private sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
    {
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var code = help.Invoke(parseResult);
            if (parseResult.CommandResult.Command is DocumentedCommand command)
            {
                var output = parseResult.InvocationConfiguration.Output;
                output.WriteLine("Examples:");
                foreach (var example in command.Examples)
                    output.WriteLine("  " + example);
                output.WriteLine();
            }

            return code;
        }
    }
}
