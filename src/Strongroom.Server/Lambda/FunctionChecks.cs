using System.Text;
using Strongroom.Protocol;
using Strongroom.Server.Functions;

namespace Strongroom.Server.Lambda;

/// <summary>What Lambda asks of settings and code beyond the model, and what Strongroom does not have.</summary>
internal static class FunctionChecks
{
    /// <summary>Source: Lambda Developer Guide, "Reserved environment variables".</summary>
    private static readonly HashSet<string> Reserved = new(StringComparer.Ordinal)
    {
        "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
        "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY", "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR",
    };

    /// <exception cref="ServiceException">A setting can't be carried out.</exception>
    public static void Check(FunctionSettings settings)
    {
        if (settings.VpcConfig is { SubnetIds.Count: > 0 } or { SecurityGroupIds.Count: > 0 })
            throw LambdaErrors.Unserved("VpcConfig");
        if (!string.IsNullOrEmpty(settings.DeadLetterConfig?.TargetArn))
            throw LambdaErrors.Unserved("DeadLetterConfig");
        if (!string.IsNullOrEmpty(settings.KMSKeyArn))
            throw LambdaErrors.Unserved("KMSKeyArn");
        if (settings.TracingConfig?.Mode == "Active")
            throw LambdaErrors.Unserved("TracingConfig");
        if (settings.Layers is { Count: > 0 })
            throw LambdaErrors.Unserved("Layers");
        if (settings.FileSystemConfigs is { Count: > 0 })
            throw LambdaErrors.Unserved("FileSystemConfigs");
        if (settings.ImageConfig is { EntryPoint.Count: > 0 } or { Command.Count: > 0 } || !string.IsNullOrEmpty(settings.ImageConfig?.WorkingDirectory))
            throw LambdaErrors.Unserved("ImageConfig");
        if (settings.SnapStart?.ApplyOn == "PublishedVersions")
            throw LambdaErrors.Unserved("SnapStart");
        if (settings.CapacityProviderConfig is not null)
            throw LambdaErrors.Unserved("CapacityProviderConfig");
        if (settings.DurableConfig is not null)
            throw LambdaErrors.Unserved("DurableConfig");
        if (settings.Timeout > LambdaLimits.MaxTimeoutSeconds)
        {
            throw FrameworkErrors.Validation(
                $"1 validation error detected: Value '{settings.Timeout}' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to {LambdaLimits.MaxTimeoutSeconds}");
        }

        if (settings.MemorySize > LambdaLimits.MaxMemoryMegabytes)
            throw LambdaErrors.InvalidParameter($"'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to {LambdaLimits.MaxMemoryMegabytes}");
        CheckVariables(settings.Environment?.Variables);
    }

    /// <returns>The settings on top of what a function has.</returns>
    public static LambdaFunction Apply(LambdaFunction function, FunctionSettings settings) => function with
    {
        Runtime = settings.Runtime ?? function.Runtime,
        Handler = settings.Handler ?? function.Handler,
        Role = settings.Role ?? function.Role,
        Description = settings.Description ?? function.Description,
        Timeout = (int)(settings.Timeout ?? function.Timeout),
        MemorySize = (int)(settings.MemorySize ?? function.MemorySize),
        EphemeralStorage = (int)(settings.EphemeralStorage?.Size ?? function.EphemeralStorage),
        LogFormat = settings.LoggingConfig?.LogFormat ?? function.LogFormat,
        ApplicationLogLevel = settings.LoggingConfig?.ApplicationLogLevel ?? function.ApplicationLogLevel,
        SystemLogLevel = settings.LoggingConfig?.SystemLogLevel ?? function.SystemLogLevel,
        LogGroup = settings.LoggingConfig?.LogGroup ?? function.LogGroup,
    };

    /// <summary>The package that a request brings.</summary>
    /// <param name="elsewhere">Whether the request says that the code is in S3 or in an image.</param>
    /// <exception cref="ServiceException">It brings none, or one that must not be unpacked.</exception>
    public static byte[] Package(byte[]? zip, bool elsewhere)
    {
        if (elsewhere)
            throw LambdaErrors.Unserved("Code that is not in ZipFile");
        if (zip is null)
            throw LambdaErrors.InvalidParameter("Please provide a source for function code.");
        if (zip.Length > FunctionPackage.MaxZipBytes)
            throw LambdaErrors.InvalidParameter($"The package must be smaller than {FunctionPackage.MaxZipBytes} bytes.");
        try
        {
            FunctionPackage.Check(zip);
            return zip;
        }
        catch (FunctionPackageException e)
        {
            throw LambdaErrors.InvalidParameter(e.Message);
        }
    }

    /// <exception cref="ServiceException">Too much code in the region.</exception>
    public static void DemandRoom(LambdaDirectory directory, string name, long codeSize)
    {
        if (directory.All.Where(function => function.Name != name).Sum(function => function.CodeSize) + codeSize > LambdaLimits.MaxCodeBytes
            || (directory.Find(name) is null && directory.All.Count >= LambdaLimits.MaxFunctions))
            throw LambdaErrors.CodeStorageExceeded();
    }

    /// <exception cref="ServiceException">Versions are asked for.</exception>
    public static void RefuseVersions(bool? publish, string? publishTo)
    {
        if (publish == true || publishTo is not null)
            throw LambdaErrors.Unserved("Publishing versions");
    }

    public static void CheckTags(IReadOnlyDictionary<string, string> tags)
    {
        if (tags.Count > LambdaLimits.MaxTags)
            throw LambdaErrors.InvalidParameter($"A function can have at most {LambdaLimits.MaxTags} tags.");
        foreach (var (key, value) in tags)
        {
            if (key.Length is 0 or > 128 || value.Length > 256 || key.StartsWith("aws:", StringComparison.OrdinalIgnoreCase) || key.Contains('\0', StringComparison.Ordinal) || value.Contains('\0', StringComparison.Ordinal))
                throw LambdaErrors.InvalidParameter("A tag key must have 1 to 128 characters and must not begin with aws:, a tag value at most 256 characters.");
        }
    }

    private static void CheckVariables(IReadOnlyDictionary<string, string>? variables)
    {
        if (variables is null)
            return;
        var reserved = variables.Keys.Where(Reserved.Contains).ToList();
        if (reserved.Count > 0)
            throw LambdaErrors.ReservedVariables(reserved);
        if (variables.Values.Any(value => value.Contains('\0', StringComparison.Ordinal)))
            throw LambdaErrors.InvalidParameter("An environment variable can't hold the character U+0000.");
        if (variables.Sum(pair => Encoding.UTF8.GetByteCount(pair.Key) + Encoding.UTF8.GetByteCount(pair.Value)) > LambdaLimits.MaxEnvironmentBytes)
            throw LambdaErrors.EnvironmentTooLarge();
    }
}
