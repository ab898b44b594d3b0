using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Strongroom.Server.Hosting;

/// <summary>What a setting's value looks like in a file and on the command line.</summary>
public enum SettingKind
{
    Text,

    /// <summary>Present or not; <c>true</c> or <c>false</c> in the environment and in the file.</summary>
    Switch,

    /// <summary>Repeated on the command line, separated by commas in the environment, an array of strings in the file.</summary>
    List,
}

/// <summary>One thing that can be configured, in all its forms.</summary>
/// <param name="Name">In kebab case, such as <c>tls-key</c>; the other forms follow from it.</param>
/// <param name="Default">As a person reads it: a value, or words for what happens.</param>
/// <param name="Description">One sentence, for the help and for docs/configuration.md.</param>
/// <param name="Apply">Puts the checked values into the options.</param>
public sealed partial record Setting(
    string Name, SettingKind Kind, string Default, string Description, Func<ServerOptions, IReadOnlyList<string>, ServerOptions> Apply)
{
    /// <summary>A secret that must not stand on a command line or lie in a file: its environment variable is its only form.</summary>
    public bool OnlyInEnvironment { get; init; }

    public string Flag => "--" + Name;

    public string Variable => Settings.VariablePrefix + Name.Replace('-', '_').ToUpperInvariant();

    /// <summary>The key in <c>strongroom.json</c>.</summary>
    public string Key
    {
        get
        {
            var key = new StringBuilder();
            foreach (var word in Name.Split('-'))
                key.Append(key.Length == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..]);
            return key.ToString();
        }
    }

    /// <exception cref="SettingsException">Not as described; the message names the place and never the value of a secret.</exception>
    internal static string Matching(string value, Regex form, string what) =>
        form.IsMatch(value) ? value : throw new SettingsException(what);

    /// <exception cref="SettingsException">No whole number, or out of range.</exception>
    internal static long Number(string value, long least, long most, string name) =>
        long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new SettingsException($"'{value}' can't be used for {name}: it is a whole number from {least} to {most}.");

    [GeneratedRegex(@"\A[0-9]{12}\z", RegexOptions.CultureInvariant, 100)]
    internal static partial Regex AccountId();

    // Source: IAM API reference, AccessKey.AccessKeyId: 16 to 128 of [\w].
    [GeneratedRegex(@"\A[A-Za-z0-9_]{16,128}\z", RegexOptions.CultureInvariant, 100)]
    internal static partial Regex AccessKeyId();

    [GeneratedRegex(@"\A[\x21-\x7e]{16,128}\z", RegexOptions.CultureInvariant, 100)]
    internal static partial Regex SecretAccessKey();

    [GeneratedRegex(@"\A[A-Za-z0-9-]{1,32}\z", RegexOptions.CultureInvariant, 100)]
    internal static partial Regex Region();

    [GeneratedRegex(@"\A[!#$%&'*+.^_`|~0-9A-Za-z-]+=[\x20-\x2b\x2d-\x7e]+(,[!#$%&'*+.^_`|~0-9A-Za-z-]+=[\x20-\x2b\x2d-\x7e]+)*\z", RegexOptions.CultureInvariant, 100)]
    internal static partial Regex Headers();

    [GeneratedRegex(@"\A([0-9A-Fa-f]{2}){1,64}\z", RegexOptions.CultureInvariant, 100)]
    internal static partial Regex Hex();
}

/// <summary>The configuration can't be used as it is. The message says which setting, where it stands and what it should be.</summary>
public sealed class SettingsException(string message) : Exception(message);
