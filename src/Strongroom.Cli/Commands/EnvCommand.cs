using System.CommandLine;
using Strongroom.Cli.Aws;
using Strongroom.Server.Hosting;

namespace Strongroom.Cli.Commands;

/// <summary><c>strongroom env</c>: points the AWS tools of a shell at the server.</summary>
internal static class EnvCommand
{
    public static Command Create(Terminal terminal)
    {
        var data = DocumentedCommand.DataOption();
        var json = new Option<bool>("--json") { Description = "As one JSON object, without the lines that unset variables." };
        var shell = new Option<string>("--shell")
        {
            Description = "Whose syntax to write: bash (also for sh and zsh), fish or powershell.",
            DefaultValueFactory = _ => "bash",
        };
        shell.AcceptOnlyFromAmong("bash", "fish", "powershell");
        var command = new DocumentedCommand("env", "Print the environment variables that point AWS tools at the server, for the shell to evaluate.")
        {
            Examples =
            [
                "eval \"$(strongroom env)\"",
                "strongroom env --shell fish | source",
                "strongroom env --shell powershell | Out-String | Invoke-Expression",
                "strongroom env --json",
            ],
        };
        command.Add(data);
        command.Add(shell);
        command.Add(json);
        command.SetAction(parsed => Print(
            terminal, Settings.DataDirectory(parsed.GetValue(data), terminal.Environment), parsed.GetValue(json) ? "json" : parsed.GetValue(shell)!));
        return command;
    }

    private static void Print(Terminal terminal, string data, string syntax)
    {
        var client = ClientConfiguration.Read(data);
        if (terminal.OutputIsScreen)
            terminal.Warn("this prints the root secret access key. In a shell, use it as: eval \"$(strongroom env)\"");

        List<KeyValuePair<string, string>> variables =
        [
            new("AWS_ENDPOINT_URL", client.Endpoint),
            new("AWS_ACCESS_KEY_ID", client.AccessKeyId),
            new("AWS_SECRET_ACCESS_KEY", client.SecretAccessKey),
            new("AWS_DEFAULT_REGION", client.Region),
            new("AWS_REGION", client.Region),
            // Without it some tools wait for an instance's metadata service that is not there.
            new("AWS_EC2_METADATA_DISABLED", "true"),
        ];
        if (client.CaBundle is { } ca)
            variables.Add(new("AWS_CA_BUNDLE", ca));
        terminal.Output.Write(ShellText.Format(syntax, variables));
    }
}
