using System.Text.Json;

namespace Strongroom.Server.Hosting;

/// <summary>Joins the settings' sources: flag, over environment variable, over configuration file, over default.</summary>
public static class SettingsReader
{
    private const string FileName = "strongroom.json";

    // Read by our own tests and tools, and inherited by servers that these start.
    private static readonly string[] ForeignVariables = ["STRONGROOM_EXECUTABLE", "STRONGROOM_TEST_", "STRONGROOM_BENCH_"];

    private static readonly JsonDocumentOptions Lenient =
        new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false };

    /// <param name="data">The data directory, as <see cref="Settings.DataDirectory"/> finds it.</param>
    /// <param name="configFlag">The file that <c>--config</c> names.</param>
    /// <param name="flags">Values of the flags that were given, by setting name.</param>
    /// <param name="environment">All environment variables by name.</param>
    /// <exception cref="SettingsException">An unknown key or variable, or a value that can't be.</exception>
    public static ServerOptions Read(
        string data, string? configFlag, IReadOnlyDictionary<string, IReadOnlyList<string>> flags, IReadOnlyDictionary<string, string> environment)
    {
        RefuseUnknownVariables(environment.Keys);
        var path = FindFile(data, configFlag ?? environment.GetValueOrDefault(Settings.ConfigVariable));
        var file = path is null ? [] : ReadFile(path);
        var options = new ServerOptions { DataDirectory = data, ConfigurationFile = path };
        foreach (var setting in Settings.All)
        {
            var values = flags.GetValueOrDefault(setting.Name) ?? FromEnvironment(setting, environment) ?? file.GetValueOrDefault(setting.Name);
            if (values is { Count: > 0 })
                options = setting.Apply(options, values);
        }

        if ((options.TlsCertificate is null) != (options.TlsKey is null))
            throw new SettingsException("tls-certificate and tls-key belong together: give both, or neither for a generated certificate.");
        if (options.TlsCertificate is not null && options.Listen.StartsWith("http:", StringComparison.OrdinalIgnoreCase))
            throw new SettingsException($"tls-certificate and tls-key are for an https address, and listen is {options.Listen}.");
        if (!new Endpoint.Regions(options.Regions).IsValid(options.DefaultRegion))
            throw new SettingsException($"The server would refuse the region '{options.DefaultRegion}' (default-region). Name one of AWS's, or add it with extra-region.");
        if ((options.RootAccessKeyId is null) != (options.RootSecretAccessKey is null))
            throw new SettingsException("STRONGROOM_ROOT_ACCESS_KEY_ID and STRONGROOM_ROOT_SECRET_ACCESS_KEY belong together: set both, or neither.");
        options.Seal.Check();
        options.Telemetry.Check();
        options.AuditSinks.Check();
        options.Functions.Check();
        return options;
    }

    private static void RefuseUnknownVariables(IEnumerable<string> names)
    {
        var known = Settings.All.Select(s => s.Variable).Append(Settings.DataVariable).Append(Settings.ConfigVariable).ToArray();
        foreach (var name in names.Where(n => n.StartsWith(Settings.VariablePrefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            if (!known.Contains(name) && !ForeignVariables.Any(f => name.StartsWith(f, StringComparison.Ordinal)))
                throw new SettingsException($"The environment variable {name} is no setting. Did you mean {Spelling.Nearest(name, known)}?");
        }
    }

    private static IReadOnlyList<string>? FromEnvironment(Setting setting, IReadOnlyDictionary<string, string> environment)
    {
        // Empty is unset, as shells and service managers mean it.
        if (!environment.TryGetValue(setting.Variable, out var value) || value.Length == 0)
            return null;
        return setting.Kind switch
        {
            SettingKind.List => value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries),
            SettingKind.Switch when value is not ("true" or "false") => throw new SettingsException($"{setting.Variable} must be true or false."),
            _ => [value],
        };
    }

    // One that is named must be there; the usual one need not.
    private static string? FindFile(string data, string? chosen) => chosen ?? (Path.Combine(data, FileName) is var usual && File.Exists(usual) ? usual : null);

    private static Dictionary<string, IReadOnlyList<string>> ReadFile(string path)
    {
        var values = new Dictionary<string, IReadOnlyList<string>>();
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), Lenient);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw new SettingsException($"{path} must hold one JSON object.");
            foreach (var property in document.RootElement.EnumerateObject())
            {
                var setting = FindKey(property.Name, path);
                values[setting.Name] = Values(setting, property.Value) ?? throw new SettingsException(
                    $"{path}: {setting.Key} must be {setting.Kind switch { SettingKind.Switch => "true or false", SettingKind.List => "an array of strings", _ => "a string" }}.");
            }
        }
        catch (JsonException e)
        {
            var line = e.LineNumber is { } number ? $"line {number + 1}, " : "";
            throw new SettingsException($"{path} is no JSON: {line}{e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"The configuration file can't be read: {e.Message}");
        }

        return values;
    }

    private static Setting FindKey(string key, string path)
    {
        if (Settings.All.FirstOrDefault(s => s.Key == key) is not { } setting)
            throw new SettingsException($"{path}: '{key}' is no setting. Did you mean '{Spelling.Nearest(key, Settings.All.Where(s => !s.OnlyInEnvironment).Select(s => s.Key))}'?");
        return setting.OnlyInEnvironment
            ? throw new SettingsException($"{path}: '{key}' is not read from a file. Use the environment variable {setting.Variable}.")
            : setting;
    }

    private static IReadOnlyList<string>? Values(Setting setting, JsonElement value) => (setting.Kind, value.ValueKind) switch
    {
        (SettingKind.Switch, JsonValueKind.True) => ["true"],
        (SettingKind.Switch, JsonValueKind.False) => ["false"],
        (SettingKind.Text, JsonValueKind.String) when value.GetString() is { Length: > 0 } text => [text],
        (SettingKind.List, JsonValueKind.Array) when value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.String) =>
            [.. value.EnumerateArray().Select(v => v.GetString()!)],
        _ => null,
    };
}
