using Microsoft.Extensions.Logging;

namespace Strongroom.Server.Hosting;

/// <summary>Every setting of the server in one table. docs/configuration.md shows the same table, which a test compares.</summary>
public static class Settings
{
    public const string VariablePrefix = "STRONGROOM_";

    /// <summary>Where the data directory is. Not in <see cref="All"/>, because the file is found with it.</summary>
    public const string DataVariable = VariablePrefix + "DATA";

    /// <summary>A configuration file elsewhere than in the data directory.</summary>
    public const string ConfigVariable = VariablePrefix + "CONFIG";

    public static IReadOnlyList<Setting> All { get; } =
    [
        new("listen", SettingKind.Text, "http://127.0.0.1:4584",
            "Scheme, address and port to listen on. Port 0 takes a free one. An https address without a certificate gets one from a generated CA.",
            (o, v) => o with { Listen = v[0] }),
        new("store", SettingKind.Text, "SQLite in the data directory",
            "PostgreSQL connection string. One that holds a password belongs into the environment: other users can read command lines.",
            (o, v) => o with { Store = v[0] }),
        new("tls-certificate", SettingKind.Text, "generated",
            "PEM file with the server's certificate, followed by its intermediates. Read again when it changes.",
            (o, v) => o with { TlsCertificate = Path.GetFullPath(v[0]) }),
        new("tls-key", SettingKind.Text, "generated",
            "PEM file with the certificate's private key, not encrypted.",
            (o, v) => o with { TlsKey = Path.GetFullPath(v[0]) }),
        new("tls-name", SettingKind.List, "none",
            "Host name or address that clients use, for the generated certificate beside localhost, this machine's name and the listen address.",
            (o, v) => o with { TlsNames = [.. v.Select(TlsName)] }),
        new("allow-plain-http-on-network", SettingKind.Switch, "false",
            "Allow http on an address that other machines reach. Secrets then cross the network readable.",
            (o, v) => o with { AllowPlainHttpOnNetwork = v[0] == "true" }),
        new("default-region", SettingKind.Text, "us-east-1",
            "Region that `strongroom env` and `strongroom profile` name.",
            (o, v) => o with { DefaultRegion = Region(v[0]) }),
        new("extra-region", SettingKind.List, "none",
            "Region name to accept beside all that look like AWS's, such as `local`.",
            (o, v) => o with { Regions = [.. v.Select(Region)] }),
        new("account-id", SettingKind.Text, "random",
            "Account id, 12 digits. Used on the first start only.",
            (o, v) => o with { AccountId = Setting.Matching(v[0], Setting.AccountId(), "account-id must be 12 digits.") }),
        new("root-access-key-id", SettingKind.Text, "generated",
            "Id of the root access key, 16 to 128 letters, digits or `_`. Used on the first start only, with the next one.",
            (o, v) => o with { RootAccessKeyId = Setting.Matching(v[0], Setting.AccessKeyId(), "STRONGROOM_ROOT_ACCESS_KEY_ID must be 16 to 128 letters, digits or underscores, such as AKIA and 16 more.") })
        { OnlyInEnvironment = true },
        new("root-secret-access-key", SettingKind.Text, "generated",
            "Secret of the root access key, 16 to 128 visible ASCII characters. Used on the first start only.",
            (o, v) => o with { RootSecretAccessKey = Setting.Matching(v[0], Setting.SecretAccessKey(), "STRONGROOM_ROOT_SECRET_ACCESS_KEY must be 16 to 128 visible ASCII characters.") })
        { OnlyInEnvironment = true },
        new("log-level", SettingKind.Text, "warning",
            "Least severe log lines to write to stderr: `trace`, `debug`, `information`, `warning`, `error`, `critical` or `none`.",
            (o, v) => o with { LogLevel = Level(v[0]) }),
    ];

    /// <summary>The data directory: the flag, else <c>STRONGROOM_DATA</c>, else the user's data home.</summary>
    /// <param name="environment">All environment variables by name.</param>
    /// <exception cref="SettingsException">There is neither one of these nor a home directory.</exception>
    public static string DataDirectory(string? flag, IReadOnlyDictionary<string, string> environment)
    {
        if (!string.IsNullOrEmpty(flag ?? environment.GetValueOrDefault(DataVariable)))
            return Path.GetFullPath((flag ?? environment[DataVariable])!);

        // XDG Base Directory Specification: "All paths set in these environment variables must be absolute", others are ignored.
        if (environment.GetValueOrDefault("XDG_DATA_HOME") is { } home && Path.IsPathRooted(home))
            return Path.Combine(home, "strongroom");
        return environment.GetValueOrDefault("HOME") is { Length: > 0 } user
            ? Path.Combine(user, ".local", "share", "strongroom")
            : throw new SettingsException("Where to keep the data? There is no HOME; name a directory with --data or STRONGROOM_DATA.");
    }

    private static string Region(string name) =>
        Setting.Matching(name, Setting.Region(), $"'{name}' can't be a region name: use up to 32 letters, digits and hyphens.");

    private static string TlsName(string name) =>
        Uri.CheckHostName(name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name) != UriHostNameType.Unknown
            ? name
            : throw new SettingsException($"'{name}' is no host name or address for a certificate (tls-name).");

    private static LogLevel Level(string name) =>
        Enum.TryParse<LogLevel>(name, ignoreCase: true, out var level) && Enum.IsDefined(level) && !char.IsAsciiDigit(name[0])
            ? level
            : throw new SettingsException($"'{name}' is no log level. Use trace, debug, information, warning, error, critical or none.");
}
