using Strongroom.Protocol.AwsJson;

namespace Strongroom.Server.Lambda;

// Structures of the service model that requests hold. Those that Strongroom has no use for are read all the same: what is in them decides whether the
// request can be carried out (see UnservedSettings).

internal sealed class VpcParameter
{
    public IReadOnlyList<string>? SubnetIds { get; private set; }
    public IReadOnlyList<string>? SecurityGroupIds { get; private set; }
    public bool? Ipv6AllowedForDualStack { get; private set; }

    public static Shape<VpcParameter> Shape { get; } = new(
        Member.Strings<VpcParameter>("SubnetIds", r => r.SubnetIds, (r, v) => r.SubnetIds = v, Constraint.None, 0, 16),
        Member.Strings<VpcParameter>("SecurityGroupIds", r => r.SecurityGroupIds, (r, v) => r.SecurityGroupIds = v, Constraint.None, 0, 5),
        Member.Bool<VpcParameter>("Ipv6AllowedForDualStack", r => r.Ipv6AllowedForDualStack, (r, v) => r.Ipv6AllowedForDualStack = v));
}

internal sealed class DeadLetterParameter
{
    public string? TargetArn { get; private set; }

    public static Shape<DeadLetterParameter> Shape { get; } = new(
        Member.String<DeadLetterParameter>("TargetArn", r => r.TargetArn, (r, v) => r.TargetArn = v, LambdaLimits.Resource));
}

internal sealed class EnvironmentParameter
{
    public IReadOnlyDictionary<string, string>? Variables { get; private set; }

    public static Shape<EnvironmentParameter> Shape { get; } = new(
        Member.Map<EnvironmentParameter>("Variables", r => r.Variables, (r, v) => r.Variables = v, LambdaLimits.VariableName, sensitive: true));
}

internal sealed class TracingParameter
{
    public string? Mode { get; private set; }

    public static Shape<TracingParameter> Shape { get; } = new(
        Member.String<TracingParameter>("Mode", r => r.Mode, (r, v) => r.Mode = v, Constraint.Enum("Active", "PassThrough")));
}

internal sealed class FileSystemParameter
{
    public string? Arn { get; private set; }
    public string? LocalMountPath { get; private set; }

    public static Shape<FileSystemParameter> Shape { get; } = new(
        Member.String<FileSystemParameter>("Arn", r => r.Arn, (r, v) => r.Arn = v, Constraint.Matching(0, 256,
            @"arn:aws[a-zA-Z-]*:elasticfilesystem:[a-z]{2}((-gov)|(-iso(b?)))?-[a-z]+-\d{1}:\d{12}:access-point/fsap-[a-f0-9]{17}$|^arn:aws[-a-z]*:s3files:[0-9a-z-:]+:file-system/fs-[0-9a-f]{17,40}/access-point/fsap-[0-9a-f]{17,40}"), required: true),
        Member.String<FileSystemParameter>("LocalMountPath", r => r.LocalMountPath, (r, v) => r.LocalMountPath = v, Constraint.Matching(0, 160, "/mnt/[a-zA-Z0-9-_.]+"), required: true));
}

internal sealed class ImageParameter
{
    public IReadOnlyList<string>? EntryPoint { get; private set; }
    public IReadOnlyList<string>? Command { get; private set; }
    public string? WorkingDirectory { get; private set; }

    public static Shape<ImageParameter> Shape { get; } = new(
        Member.Strings<ImageParameter>("EntryPoint", r => r.EntryPoint, (r, v) => r.EntryPoint = v, Constraint.None, 0, 1500),
        Member.Strings<ImageParameter>("Command", r => r.Command, (r, v) => r.Command = v, Constraint.None, 0, 1500),
        Member.String<ImageParameter>("WorkingDirectory", r => r.WorkingDirectory, (r, v) => r.WorkingDirectory = v, Constraint.Length(0, 1000)));
}

internal sealed class EphemeralStorageParameter
{
    public long? Size { get; private set; }

    public static Shape<EphemeralStorageParameter> Shape { get; } = new(
        Member.Long<EphemeralStorageParameter>("Size", r => r.Size, (r, v) => r.Size = v, 512, 10_240, required: true));
}

internal sealed class SnapStartParameter
{
    public string? ApplyOn { get; private set; }

    public static Shape<SnapStartParameter> Shape { get; } = new(
        Member.String<SnapStartParameter>("ApplyOn", r => r.ApplyOn, (r, v) => r.ApplyOn = v, Constraint.Enum("PublishedVersions", "None")));
}

internal sealed class LoggingParameter
{
    public string? LogFormat { get; private set; }
    public string? ApplicationLogLevel { get; private set; }
    public string? SystemLogLevel { get; private set; }
    public string? LogGroup { get; private set; }

    public static Shape<LoggingParameter> Shape { get; } = new(
        Member.String<LoggingParameter>("LogFormat", r => r.LogFormat, (r, v) => r.LogFormat = v, Constraint.Enum("JSON", "Text")),
        Member.String<LoggingParameter>("ApplicationLogLevel", r => r.ApplicationLogLevel, (r, v) => r.ApplicationLogLevel = v,
            Constraint.Enum("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")),
        Member.String<LoggingParameter>("SystemLogLevel", r => r.SystemLogLevel, (r, v) => r.SystemLogLevel = v, Constraint.Enum("DEBUG", "INFO", "WARN")),
        Member.String<LoggingParameter>("LogGroup", r => r.LogGroup, (r, v) => r.LogGroup = v, Constraint.Matching(1, 512, @"[\.\-_/#A-Za-z0-9]+")));
}

internal sealed class ManagedInstancesParameter
{
    public string? CapacityProviderArn { get; private set; }
    public long? PerExecutionEnvironmentMaxConcurrency { get; private set; }
    public double? ExecutionEnvironmentMemoryGiBPerVCpu { get; private set; }

    public static Shape<ManagedInstancesParameter> Shape { get; } = new(
        Member.String<ManagedInstancesParameter>("CapacityProviderArn", r => r.CapacityProviderArn, (r, v) => r.CapacityProviderArn = v, Constraint.Matching(1, 140,
            @"arn:aws[a-zA-Z-]*:lambda:[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:capacity-provider:[a-zA-Z0-9-_]+"), required: true),
        Member.Long<ManagedInstancesParameter>(
            "PerExecutionEnvironmentMaxConcurrency", r => r.PerExecutionEnvironmentMaxConcurrency, (r, v) => r.PerExecutionEnvironmentMaxConcurrency = v, 1, 1600),
        Member.Double<ManagedInstancesParameter>(
            "ExecutionEnvironmentMemoryGiBPerVCpu", r => r.ExecutionEnvironmentMemoryGiBPerVCpu, (r, v) => r.ExecutionEnvironmentMemoryGiBPerVCpu = v, 2, 8));
}

internal sealed class CapacityProviderParameter
{
    public ManagedInstancesParameter? LambdaManagedInstancesCapacityProviderConfig { get; private set; }

    public static Shape<CapacityProviderParameter> Shape { get; } = new(
        Member.Struct<CapacityProviderParameter, ManagedInstancesParameter>(
            "LambdaManagedInstancesCapacityProviderConfig", ManagedInstancesParameter.Shape,
            r => r.LambdaManagedInstancesCapacityProviderConfig, (r, v) => r.LambdaManagedInstancesCapacityProviderConfig = v, required: true));
}

internal sealed class DurableParameter
{
    public long? RetentionPeriodInDays { get; private set; }
    public long? ExecutionTimeout { get; private set; }

    public static Shape<DurableParameter> Shape { get; } = new(
        Member.Long<DurableParameter>("RetentionPeriodInDays", r => r.RetentionPeriodInDays, (r, v) => r.RetentionPeriodInDays = v, 1, 90),
        Member.Long<DurableParameter>("ExecutionTimeout", r => r.ExecutionTimeout, (r, v) => r.ExecutionTimeout = v, 1, 31_622_400));
}

internal sealed class TenancyParameter
{
    public string? TenantIsolationMode { get; private set; }

    public static Shape<TenancyParameter> Shape { get; } = new(
        Member.String<TenancyParameter>("TenantIsolationMode", r => r.TenantIsolationMode, (r, v) => r.TenantIsolationMode = v, Constraint.Enum("PER_TENANT"), required: true));
}

internal sealed class CodeParameter
{
    public byte[]? ZipFile { get; private set; }
    public string? S3Bucket { get; private set; }
    public string? S3Key { get; private set; }
    public string? S3ObjectVersion { get; private set; }
    public string? ImageUri { get; private set; }
    public string? SourceKMSKeyArn { get; private set; }

    public static Shape<CodeParameter> Shape { get; } = new(
        Member.Secret<CodeParameter>("ZipFile", base64: true, r => r.ZipFile?.Length, (r, v) => r.ZipFile = v.ToArray(), 0, int.MaxValue),
        Member.String<CodeParameter>("S3Bucket", r => r.S3Bucket, (r, v) => r.S3Bucket = v, LambdaLimits.S3Bucket),
        Member.String<CodeParameter>("S3Key", r => r.S3Key, (r, v) => r.S3Key = v, LambdaLimits.S3Text),
        Member.String<CodeParameter>("S3ObjectVersion", r => r.S3ObjectVersion, (r, v) => r.S3ObjectVersion = v, LambdaLimits.S3Text),
        Member.String<CodeParameter>("ImageUri", r => r.ImageUri, (r, v) => r.ImageUri = v),
        Member.String<CodeParameter>("SourceKMSKeyArn", r => r.SourceKMSKeyArn, (r, v) => r.SourceKMSKeyArn = v, LambdaLimits.Resource));
}

/// <summary>The settings that CreateFunction and UpdateFunctionConfiguration have in common.</summary>
internal abstract class FunctionSettings
{
    public string? Runtime { get; private set; }
    public string? Role { get; private set; }
    public string? Handler { get; private set; }
    public string? Description { get; private set; }
    public long? Timeout { get; private set; }
    public long? MemorySize { get; private set; }
    public VpcParameter? VpcConfig { get; private set; }
    public DeadLetterParameter? DeadLetterConfig { get; private set; }
    public EnvironmentParameter? Environment { get; private set; }
    public string? KMSKeyArn { get; private set; }
    public TracingParameter? TracingConfig { get; private set; }
    public IReadOnlyList<string>? Layers { get; private set; }
    public IReadOnlyList<FileSystemParameter>? FileSystemConfigs { get; private set; }
    public ImageParameter? ImageConfig { get; private set; }
    public EphemeralStorageParameter? EphemeralStorage { get; private set; }
    public SnapStartParameter? SnapStart { get; private set; }
    public LoggingParameter? LoggingConfig { get; private set; }
    public CapacityProviderParameter? CapacityProviderConfig { get; private set; }
    public DurableParameter? DurableConfig { get; private set; }

    protected static Member<T>[] Members<T>(bool isCreation, params Member<T>[] members)
        where T : FunctionSettings =>
    [
        .. members,
        Member.String<T>("Runtime", r => r.Runtime, (r, v) => r.Runtime = v, LambdaLimits.Runtime),
        Member.String<T>("Role", r => r.Role, (r, v) => r.Role = v, LambdaLimits.Role, required: isCreation),
        Member.String<T>("Handler", r => r.Handler, (r, v) => r.Handler = v, LambdaLimits.Handler),
        Member.String<T>("Description", r => r.Description, (r, v) => r.Description = v, Constraint.Length(0, 256)),
        Member.Long<T>("Timeout", r => r.Timeout, (r, v) => r.Timeout = v, 1),
        Member.Long<T>("MemorySize", r => r.MemorySize, (r, v) => r.MemorySize = v, 128, 32_768),
        Member.Struct<T, VpcParameter>("VpcConfig", VpcParameter.Shape, r => r.VpcConfig, (r, v) => r.VpcConfig = v),
        Member.Struct<T, DeadLetterParameter>("DeadLetterConfig", DeadLetterParameter.Shape, r => r.DeadLetterConfig, (r, v) => r.DeadLetterConfig = v),
        Member.Struct<T, EnvironmentParameter>("Environment", EnvironmentParameter.Shape, r => r.Environment, (r, v) => r.Environment = v),
        Member.String<T>("KMSKeyArn", r => r.KMSKeyArn, (r, v) => r.KMSKeyArn = v, LambdaLimits.Resource),
        Member.Struct<T, TracingParameter>("TracingConfig", TracingParameter.Shape, r => r.TracingConfig, (r, v) => r.TracingConfig = v),
        Member.Strings<T>("Layers", r => r.Layers, (r, v) => r.Layers = v, Constraint.Matching(1, 140, @"arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+")),
        Member.Structs<T, FileSystemParameter>("FileSystemConfigs", FileSystemParameter.Shape, r => r.FileSystemConfigs, (r, v) => r.FileSystemConfigs = v, 0, 1),
        Member.Struct<T, ImageParameter>("ImageConfig", ImageParameter.Shape, r => r.ImageConfig, (r, v) => r.ImageConfig = v),
        Member.Struct<T, EphemeralStorageParameter>("EphemeralStorage", EphemeralStorageParameter.Shape, r => r.EphemeralStorage, (r, v) => r.EphemeralStorage = v),
        Member.Struct<T, SnapStartParameter>("SnapStart", SnapStartParameter.Shape, r => r.SnapStart, (r, v) => r.SnapStart = v),
        Member.Struct<T, LoggingParameter>("LoggingConfig", LoggingParameter.Shape, r => r.LoggingConfig, (r, v) => r.LoggingConfig = v),
        Member.Struct<T, CapacityProviderParameter>("CapacityProviderConfig", CapacityProviderParameter.Shape, r => r.CapacityProviderConfig, (r, v) => r.CapacityProviderConfig = v),
        Member.Struct<T, DurableParameter>("DurableConfig", DurableParameter.Shape, r => r.DurableConfig, (r, v) => r.DurableConfig = v),
    ];
}
