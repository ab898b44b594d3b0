using System.CommandLine;

namespace Strongroom.Cli.Commands;

/// <summary><c>strongroom completion</c>: scripts that let a shell ask the program itself what may come next.</summary>
internal static class CompletionCommand
{
    private const string Bash = """
        _strongroom() {
          local line="${COMP_LINE:0:COMP_POINT}" IFS=$'\n'
          line="${line#*[[:space:]]}"
          COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "[suggest:${#line}]" "$line" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _strongroom strongroom
        """;

    private const string Zsh = """
        #compdef strongroom
        _strongroom() {
          local line="${LBUFFER#*[[:space:]]}"
          local -a found
          found=("${(@f)$("${words[1]}" "[suggest:${#line}]" "$line" 2>/dev/null)}")
          if [[ -n "${found[*]}" ]]; then compadd -- "${found[@]}"; else _files; fi
        }
        compdef _strongroom strongroom
        """;

    private const string Fish = """
        function __strongroom_complete
            set -l line (commandline -cp | string replace -r '^\S+\s' '')
            strongroom "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        complete -c strongroom -a '(__strongroom_complete)'
        """;

    public static Command Create(Terminal terminal)
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or fish." };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new DocumentedCommand("completion", "Print a script that completes this program's command line in a shell.")
        {
            Examples =
            [
                "eval \"$(strongroom completion bash)\"",
                "eval \"$(strongroom completion zsh)\"",
                "strongroom completion fish > ~/.config/fish/completions/strongroom.fish",
            ],
        };
        command.Add(shell);
        command.SetAction(parsed => terminal.Output.WriteLine(parsed.GetValue(shell) switch { "bash" => Bash, "zsh" => Zsh, _ => Fish }));
        return command;
    }
}
