using System.Globalization;
using System.Text.Json;
using Strongroom.Server.Endpoint;
using Strongroom.Server.SecretsManager;

namespace Strongroom.Server.Lambda;

/// <summary>A function's configuration as answers show it. Source: Lambda model, FunctionConfiguration.</summary>
/// <param name="Environment">Opened; empty for none.</param>
internal sealed record FunctionConfiguration(LambdaFunction Function, IReadOnlyDictionary<string, string> Environment) : IResponse
{
    public bool HasAuditElements => true;

    public static async ValueTask<FunctionConfiguration> OfAsync(FunctionRegistry registry, LambdaFunction function, CancellationToken ct) =>
        new(function, await registry.Vault.OpenEnvironmentAsync(function, ct));

    public void WriteMembers(Utf8JsonWriter writer) => WriteMembers(writer, withState: true);

    /// <param name="withState">Lists leave it out, as on AWS.</param>
    /// <param name="withVersion">Whether the ARN names the version.</param>
    public void WriteMembers(Utf8JsonWriter writer, bool withState, bool withVersion = false)
    {
        var function = Function;
        writer.WriteStrings("Architectures"u8, [function.Architecture]);
        writer.WriteString("CodeSha256"u8, function.CodeSha256);
        writer.WriteNumber("CodeSize"u8, function.CodeSize);
        writer.WriteString("Description"u8, function.Description);
        if (Environment.Count > 0)
        {
            writer.WriteStartObject("Environment"u8);
            WriteMap(writer, "Variables"u8, Environment);
            writer.WriteEndObject();
        }

        writer.WriteStartObject("EphemeralStorage"u8);
        writer.WriteNumber("Size"u8, function.EphemeralStorage);
        writer.WriteEndObject();
        writer.WriteString("FunctionArn"u8, withVersion ? function.Arn + ":$LATEST" : function.Arn);
        writer.WriteString("FunctionName"u8, function.Name);
        writer.WriteString("Handler"u8, function.Handler);
        writer.WriteString("LastModified"u8, ModifiedAt);
        if (withState)
            writer.WriteString("LastUpdateStatus"u8, "Successful"u8);
        writer.WriteStartObject("LoggingConfig"u8);
        writer.WriteOptional("ApplicationLogLevel"u8, function.ApplicationLogLevel);
        writer.WriteString("LogFormat"u8, function.LogFormat);
        writer.WriteString("LogGroup"u8, function.LogGroup ?? $"/aws/lambda/{function.Name}");
        writer.WriteOptional("SystemLogLevel"u8, function.SystemLogLevel);
        writer.WriteEndObject();
        writer.WriteNumber("MemorySize"u8, function.MemorySize);
        writer.WriteString("PackageType"u8, "Zip"u8);
        writer.WriteString("RevisionId"u8, function.RevisionId);
        writer.WriteString("Role"u8, function.Role);
        writer.WriteString("Runtime"u8, function.Runtime);
        writer.WriteStartObject("SnapStart"u8);
        writer.WriteString("ApplyOn"u8, "None"u8);
        writer.WriteString("OptimizationStatus"u8, "Off"u8);
        writer.WriteEndObject();
        if (withState)
            writer.WriteString("State"u8, "Active"u8);
        writer.WriteNumber("Timeout"u8, function.Timeout);
        writer.WriteStartObject("TracingConfig"u8);
        writer.WriteString("Mode"u8, "PassThrough"u8);
        writer.WriteEndObject();
        writer.WriteString("Version"u8, "$LATEST"u8);
    }

    // Without the environment. Source: Lambda Developer Guide, "Logging Lambda API calls with CloudTrail".
    public void WriteAuditElements(Utf8JsonWriter writer)
    {
        writer.WriteString("functionName"u8, Function.Name);
        writer.WriteString("functionArn"u8, Function.Arn);
        writer.WriteString("runtime"u8, Function.Runtime);
        writer.WriteString("role"u8, Function.Role);
        writer.WriteString("handler"u8, Function.Handler);
        writer.WriteNumber("codeSize"u8, Function.CodeSize);
        writer.WriteString("description"u8, Function.Description);
        writer.WriteNumber("timeout"u8, Function.Timeout);
        writer.WriteNumber("memorySize"u8, Function.MemorySize);
        writer.WriteString("lastModified"u8, ModifiedAt);
        writer.WriteString("codeSha256"u8, Function.CodeSha256);
        writer.WriteString("version"u8, "$LATEST"u8);
        writer.WriteString("revisionId"u8, Function.RevisionId);
    }

    public static void WriteMap(Utf8JsonWriter writer, ReadOnlySpan<byte> name, IReadOnlyDictionary<string, string> map)
    {
        writer.WriteStartObject(name);
        foreach (var (key, value) in map)
            writer.WriteString(key, value);
        writer.WriteEndObject();
    }

    private string ModifiedAt => Function.ModifiedAt.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fff+0000", CultureInfo.InvariantCulture);
}
