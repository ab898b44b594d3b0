using System.CommandLine;
using System.Text;
using System.Text.RegularExpressions;
using Strongroom.Cli.Aws;
using Strongroom.Server.Hosting;

namespace Strongroom.Cli.Commands;

/// <summary><c>strongroom profile</c>: an AWS CLI profile that points at the server.</summary>
internal static partial class ProfileCommand
{
    public static Command Create(Terminal terminal)
    {
        var data = DocumentedCommand.DataOption();
        var name = new Option<string>("--name") { Description = "The profile's name.", DefaultValueFactory = _ => "strongroom" };
        var force = new Option<bool>("--force") { Description = "Replace a profile of this name that was not written by this command." };
        var command = new DocumentedCommand("profile", "Write an AWS CLI profile for the server, or bring it up to date. All else in the AWS files stays as it is.")
        {
            Examples =
            [
                "strongroom profile && aws --profile strongroom secretsmanager list-secrets",
                "strongroom profile --name work --data ./data",
            ],
        };
        command.Add(data);
        command.Add(name);
        command.Add(force);
        command.SetAction(parsed => Write(
            terminal, Settings.DataDirectory(parsed.GetValue(data), terminal.Environment), parsed.GetValue(name)!, parsed.GetValue(force)));
        return command;
    }

    private static void Write(Terminal terminal, string data, string name, bool force)
    {
        if (!Name().IsMatch(name))
            throw new SettingsException($"'{name}' can't be a profile's name. Use letters, digits and . _ - + @ only.");

        var client = ClientConfiguration.Read(data);
        var config = PathOf("AWS_CONFIG_FILE", "config", terminal);
        var credentials = PathOf("AWS_SHARED_CREDENTIALS_FILE", "credentials", terminal);
        var newConfig = Change(config, name == "default" ? name : "profile " + name, force,
            new("region", client.Region), new("endpoint_url", client.Endpoint), new("ca_bundle", client.CaBundle));
        var newCredentials = Change(credentials, name, force,
            new("aws_access_key_id", client.AccessKeyId), new("aws_secret_access_key", client.SecretAccessKey));

        // Both are known to be ours to change before one is changed.
        Replace(config, newConfig);
        Replace(credentials, newCredentials);
        terminal.Output.WriteLine($"Wrote the profile '{name}' to {config} and {credentials}. Try: aws --profile {name} secretsmanager list-secrets");
    }

    private static string PathOf(string variable, string file, Terminal terminal)
    {
        if (terminal.Environment.GetValueOrDefault(variable) is { Length: > 0 } chosen)
            return Path.GetFullPath(chosen);
        return terminal.Environment.GetValueOrDefault("HOME") is { Length: > 0 } home
            ? Path.Combine(home, ".aws", file)
            : throw new CommandException($"Where is the AWS {file} file? There is no HOME; set {variable}.");
    }

    private static string Change(string path, string section, bool force, params IReadOnlyList<KeyValuePair<string, string?>> keys)
    {
        var text = File.Exists(path) ? Encoding.Latin1.GetString(File.ReadAllBytes(path)) : "";
        return ProfileFile.Set(text, section, keys, force)
            ?? throw new CommandException($"{path} has a section [{section}] that this command did not write. Choose another --name, or replace it with --force.");
    }

    private static void Replace(string path, string text)
    {
        // A link into somebody's dotfiles stays a link.
        var target = File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? path : path;
        Directory.CreateDirectory(Path.GetDirectoryName(target)!, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        DataDirectory.WritePrivate(target, Encoding.Latin1.GetBytes(text));
    }

    [GeneratedRegex(@"\A[A-Za-z0-9._+@-]+\z", RegexOptions.CultureInvariant, 100)]
    private static partial Regex Name();
}
