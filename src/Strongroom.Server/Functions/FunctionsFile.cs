using System.Text.Json;
using System.Text.RegularExpressions;
using Strongroom.Protocol;
using Strongroom.Server.Hosting;
using Strongroom.Server.Rotation.BuiltIn;
using Strongroom.Server.Webhooks;

namespace Strongroom.Server.Functions;

/// <summary>A function that the operator configured: one that is built in, one over HTTP, or one that runs as a process.</summary>
internal sealed record ConfiguredFunction
{
    /// <summary>Its name in every account and region that it is for, or the one ARN that it has.</summary>
    public required string Name { get; init; }

    public string? Arn { get; init; }

    /// <summary>Null for all.</summary>
    public IReadOnlyList<string>? Accounts { get; init; }

    /// <summary>Null for all.</summary>
    public IReadOnlyList<string>? Regions { get; init; }

    /// <summary>Names of the secrets that may use it, with <c>*</c> and <c>?</c>; null for all.</summary>
    public IReadOnlyList<string>? Secrets { get; init; }

    /// <summary>Types of managed external secrets, which name no function, that it rotates; empty for none.</summary>
    public IReadOnlyList<string> Types { get; init; } = [];

    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>For a function over HTTP.</summary>
    public HttpFunctionOptions? Http { get; init; }

    /// <summary>For a function that runs as a process; its account and region are whose secret it rotates.</summary>
    public FunctionDefinition? Process { get; init; }

    public bool IsBuiltIn => Http is null && Process is null;

    public bool IsFor(string account, string region) => (Accounts?.Contains(account) ?? true) && (Regions?.Contains(region) ?? true);
}

/// <summary>Reads the file of configured functions. Described in docs/rotation-functions.md.</summary>
internal static partial class FunctionsFile
{
    private const UnixFileMode OthersMayRead = UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode OthersMayWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;
    private const int DefaultTimeout = 30;

    private static readonly JsonDocumentOptions Lenient =
        new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false };

    private static readonly string[] Common = ["name", "arn", "accounts", "regions", "secrets", "types"];
    private static readonly string[] OfHttp =
    [
        "url", "signing", "region", "credentialsFile", "profile", "accessKeyIdVariable", "secretAccessKeyVariable", "sessionTokenVariable", "timeoutSeconds",
        "certificateAuthorities",
    ];

    private static readonly string[] OfProcess = ["runtime", "handler", "directory", "role", "timeoutSeconds", "memoryMegabytes", "environment"];
    private static readonly string[] OfBuiltIn = ["name", "types", "environment"];

    /// <param name="path">Null for no functions.</param>
    /// <exception cref="SettingsException">It can't be used as it is; the message says why.</exception>
    public static IReadOnlyList<ConfiguredFunction> Read(string? path)
    {
        if (path is null)
            return [];
        try
        {
            var (mode, content) = Load(path);
            using var document = JsonDocument.Parse(content, Lenient);
            if (document.RootElement.ValueKind != JsonValueKind.Object || document.RootElement.EnumerateObject().ToList() is not [{ Name: "functions" } list]
                || list.Value.ValueKind != JsonValueKind.Array)
                throw Refused(path, "it must hold an object with the one member 'functions', an array");
            var all = list.Value.EnumerateArray().Select(element => new Entry(path, element).Read()).ToList();
            if (all.GroupBy(function => function.Arn ?? function.Name).FirstOrDefault(group => group.Count() > 1) is { } twice)
                throw Refused(path, $"two functions are named '{twice.Key}'");
            if (all.Where(function => function.IsBuiltIn).SelectMany(function => function.Types).GroupBy(type => type).FirstOrDefault(group => group.Count() > 1) is { } type)
                throw Refused(path, $"two built-in functions rotate secrets of the type '{type.Key}'");
            if ((mode & OthersMayRead) != 0 && all.Any(function => function.Environment.Count > 0))
                throw Refused(path, $"it holds environment variables, and other users can read it. Run: chmod 600 {path}");
            return all;
        }
        catch (JsonException e)
        {
            throw Refused(path, e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"The file with the functions can't be read: {e.Message}");
        }
    }

    // What it says is run, and called, by this server.
    private static (UnixFileMode Mode, byte[] Content) Load(string path)
    {
        using var file = File.OpenRead(path);
        var mode = File.GetUnixFileMode(file.SafeFileHandle);
        if ((mode & OthersMayWrite) != 0)
            throw Refused(path, $"other users can write to it, and what it names is run. Run: chmod go-w {path}");
        var content = new byte[file.Length];
        file.ReadExactly(content);
        return (mode, content);
    }

    private static SettingsException Refused(string path, string why) => new($"{path} can't be used: {why}. See docs/rotation-functions.md.");

    [GeneratedRegex(@"\A[A-Za-z0-9_-]{1,64}\z", RegexOptions.CultureInvariant, 100)]
    private static partial Regex NameForm();

    private sealed class Entry
    {
        private readonly string path;
        private readonly Dictionary<string, JsonElement> members;
        private string label = "a function";

        public Entry(string path, JsonElement element)
        {
            this.path = path;
            if (element.ValueKind != JsonValueKind.Object)
                throw FunctionsFile.Refused(path, "a function must be an object");
            members = element.EnumerateObject().ToDictionary(member => member.Name, member => member.Value, StringComparer.Ordinal);
        }

        public ConfiguredFunction Read()
        {
            var (name, arn) = Identity();
            label = $"the function '{arn ?? name}'";
            var (isHttp, isProcess) = (members.ContainsKey("url"), members.ContainsKey("runtime"));
            if (isHttp && isProcess)
                throw Refused("has a url and a runtime: it is reached over HTTP, or runs as a process");
            string[] known = isHttp ? [.. Common, .. OfHttp] : isProcess ? [.. Common, .. OfProcess] : OfBuiltIn;
            if (!isHttp && !isProcess && (arn is not null || !BuiltInRotators.All.ContainsKey(name)))
                throw Refused($"has neither a url nor a runtime, and is not built in. Did you mean '{Spelling.Nearest(name, BuiltInRotators.All.Keys)}'?");
            if (members.Keys.FirstOrDefault(member => !known.Contains(member)) is { } unknown)
                throw Refused($"can't have '{unknown}'. Did you mean '{Spelling.Nearest(unknown, known)}'?");
            var environment = Environment();
            return new ConfiguredFunction
            {
                Name = name,
                Arn = arn,
                Accounts = Texts("accounts"),
                Regions = Texts("regions"),
                Secrets = Texts("secrets"),
                Types = Texts("types") ?? [],
                Environment = environment,
                Http = isHttp ? Http() : null,
                Process = isProcess ? Process(name, environment) : null,
            };
        }

        private (string Name, string? Arn) Identity()
        {
            var (name, arn) = (Text("name"), Text("arn"));
            if ((name is null) == (arn is null))
                throw Refused("needs a name, or an arn");
            if (arn is not null)
            {
                return Arn.TryParse(arn) is { Service: "lambda" } parsed && parsed.Partition == Arn.PartitionOf(parsed.Region)
                    && parsed.Resource.Split(':') is ["function", var of, ..] && NameForm().IsMatch(of)
                        ? (of, arn)
                        : throw Refused($"has the arn '{arn}', which is none of a function");
            }

            return NameForm().IsMatch(name!) ? (name!, null) : throw Refused($"has the name '{name}': use up to 64 letters, digits, hyphens and underscores");
        }

        private HttpFunctionOptions Http() => new()
        {
            Address = WebhookOptions.ReadAddress(Text("url")!, $"{path}: the url of {label}"),
            Signing = Text("signing") switch
            {
                "none" => null,
                "aws-sigv4" => (Text("region") ?? throw Refused("is signed, and needs a region"), Credentials()),
                _ => throw Refused("needs a signing: none, or aws-sigv4"),
            },
            Timeout = TimeSpan.FromSeconds(Number("timeoutSeconds", DefaultTimeout, 1, 900)),
            CertificateAuthorities = Text("certificateAuthorities") is { } file ? Beside(file) : null,
        };

        private InvokerCredentials Credentials() => (Text("credentialsFile"), Text("accessKeyIdVariable"), Text("secretAccessKeyVariable")) switch
        {
            ({ } file, null, null) => new InvokerCredentials.InFile(Beside(file), Text("profile") ?? "default"),
            (null, { } id, { } secret) => new InvokerCredentials.InEnvironment(id, secret, Text("sessionTokenVariable")),
            _ => throw Refused("is signed, and needs a credentialsFile, or an accessKeyIdVariable and a secretAccessKeyVariable"),
        };

        private FunctionDefinition Process(string name, IReadOnlyDictionary<string, string> environment)
        {
            var runtime = Text("runtime")!;
            if (!runtime.StartsWith("python3.", StringComparison.Ordinal) && !runtime.StartsWith("nodejs", StringComparison.Ordinal) && !runtime.StartsWith("provided", StringComparison.Ordinal))
                throw Refused($"has the runtime '{runtime}'. Use one like python3.12, nodejs20.x or provided.al2023");
            if (runtime.Contains('/', StringComparison.Ordinal))
                throw Refused($"has the runtime '{runtime}', which is none");
            var handler = Text("handler") ?? "";
            if (handler.Length == 0 && !runtime.StartsWith("provided", StringComparison.Ordinal))
                throw Refused("needs a handler, such as lambda_function.lambda_handler");
            var directory = Beside(Text("directory") ?? throw Refused("needs a directory with its code"));
            if (!Directory.Exists(directory))
                throw Refused($"has the directory {directory}, which does not exist");
            if ((File.GetUnixFileMode(directory) & UnixFileMode.OtherWrite) != 0)
                throw Refused($"has the directory {directory}, to which every user can write. Run: chmod o-w {directory}");
            return new FunctionDefinition
            {
                Account = "",
                Region = "",
                Name = name,
                Runtime = runtime,
                Handler = handler,
                RoleArn = Text("role"),
                Timeout = TimeSpan.FromSeconds(Number("timeoutSeconds", DefaultTimeout, 1, 900)),
                MemoryMegabytes = Number("memoryMegabytes", 128, 128, 10_240),
                Environment = environment,
                CodeId = directory,
            };
        }

        private Dictionary<string, string> Environment()
        {
            if (!members.TryGetValue("environment", out var value))
                return [];
            if (value.ValueKind != JsonValueKind.Object || value.EnumerateObject().Any(variable => variable.Value.ValueKind != JsonValueKind.String))
                throw Refused("has an environment that is no object with texts");
            var variables = value.EnumerateObject().ToDictionary(variable => variable.Name, variable => variable.Value.GetString()!, StringComparer.Ordinal);
            if (variables.Keys.FirstOrDefault(name => !Confinement.IsVariableName(name)) is { } wrong)
                throw Refused($"has the variable '{wrong}', which no program could read");
            if (variables.Keys.FirstOrDefault(FunctionEnvironment.Reserved.Contains) is { } reserved)
                throw Refused($"has the variable '{reserved}', which Lambda sets itself");
            return variables;
        }

        private string? Text(string name) => !members.TryGetValue(name, out var value) ? null
            : value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text ? text
            : throw Refused($"has a {name} that is no text");

        private List<string>? Texts(string name) => !members.TryGetValue(name, out var value) ? null
            : value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
                ? [.. value.EnumerateArray().Select(item => item.GetString()!)]
                : throw Refused($"has {name} that are no array of texts");

        private int Number(string name, int otherwise, int least, int most) => !members.TryGetValue(name, out var value) ? otherwise
            : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least && number <= most
                ? number
                : throw Refused($"has a {name} that is no whole number from {least} to {most}");

        private string Beside(string file) => Path.GetFullPath(file, Path.GetDirectoryName(Path.GetFullPath(path))!);

        private SettingsException Refused(string why) => FunctionsFile.Refused(path, $"{label} {why}");
    }
}
