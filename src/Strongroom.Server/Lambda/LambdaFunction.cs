using System.Text.Json;
using System.Text.Json.Serialization;
using Strongroom.Crypto;
using Strongroom.Storage;

namespace Strongroom.Server.Lambda;

/// <summary>A function without its code, which table <c>function_code</c> keeps. Immutable: a change is a copy, put through <see cref="LambdaDirectory.Change"/>.</summary>
/// <remarks>The members are what the store keeps as JSON; adding one with a default needs no migration.</remarks>
internal sealed record LambdaFunction
{
    public const string EntryKind = "lambda-function";

    public required string Runtime { get; init; }
    public required string Handler { get; init; }

    /// <summary>ARN of the execution role.</summary>
    public required string Role { get; init; }

    public string Description { get; init; } = "";

    /// <summary>Seconds.</summary>
    public int Timeout { get; init; } = 3;

    /// <summary>MiB.</summary>
    public int MemorySize { get; init; } = 128;

    public string Architecture { get; init; } = "x86_64";

    /// <summary>MiB; shown and otherwise unused.</summary>
    public int EphemeralStorage { get; init; } = 512;

    public string LogFormat { get; init; } = "Text";
    public string? ApplicationLogLevel { get; init; }
    public string? SystemLogLevel { get; init; }
    public string? LogGroup { get; init; }

    /// <summary>Base64.</summary>
    public required string CodeSha256 { get; init; }

    public required long CodeSize { get; init; }
    public required long ModifiedAtMs { get; init; }

    /// <summary>Another one with each change.</summary>
    public required string RevisionId { get; init; }

    public IReadOnlyDictionary<string, string> Tags { get; init; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The function's policy, a document of Lambda's making; null for none.</summary>
    public string? Policy { get; init; }

    /// <summary>Unique ids of the users and roles that the policy names, as found when each was added.</summary>
    public IReadOnlyDictionary<string, string>? PolicyPrincipals { get; init; }

    [JsonIgnore]
    public string Account { get; private init; } = "";

    [JsonIgnore]
    public string Region { get; private init; } = "";

    [JsonIgnore]
    public string Name { get; private init; } = "";

    [JsonIgnore]
    public string Arn { get; private init; } = "";

    /// <summary>The environment variables, sealed; null for none.</summary>
    [JsonIgnore]
    public SealedValue? Environment { get; init; }

    [JsonIgnore]
    public DateTimeOffset ModifiedAt => DateTimeOffset.FromUnixTimeMilliseconds(ModifiedAtMs);

    /// <summary>The same function with what follows from its place.</summary>
    public LambdaFunction At(string account, string region, string name) =>
        this with { Account = account, Region = region, Name = name, Arn = ArnOf(account, region, name) };

    public static string ArnOf(string account, string region, string name) =>
        $"arn:{Protocol.Arn.PartitionOf(region)}:lambda:{region}:{account}:function:{name}";
}

/// <summary>How functions are kept as JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, IgnoreReadOnlyProperties = true)]
[JsonSerializable(typeof(LambdaFunction))]
internal sealed partial class LambdaJson : JsonSerializerContext
{
    public static DirectoryEntry Write(LambdaFunction function) =>
        new(Lambda.LambdaFunction.EntryKind, function.Name, JsonSerializer.Serialize(function, Default.LambdaFunction), function.Environment);

    /// <returns>Null for what is no function: other things may share the directory.</returns>
    /// <exception cref="StoreUnavailableException">The document was not written by this program.</exception>
    public static LambdaFunction? Read(DirectoryEntry entry, string account, string region)
    {
        if (entry.Kind != Lambda.LambdaFunction.EntryKind)
            return null;
        try
        {
            return JsonSerializer.Deserialize(entry.Document, Default.LambdaFunction)!.At(account, region, entry.Name) with { Environment = entry.Sealed };
        }
        catch (JsonException)
        {
            // The parser's own message quotes what it read.
            throw new StoreUnavailableException($"The {entry.Kind} '{entry.Name}' in the database can't be read: it was changed by another program. Restore a backup.");
        }
    }
}
