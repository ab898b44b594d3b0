using Strongroom.Protocol.AwsJson;

namespace Strongroom.Server.Lambda;

/// <summary>Constraints of Lambda's service model that several requests share, and quotas. Source: Lambda model; Lambda Developer Guide, "Lambda quotas".</summary>
internal static class LambdaLimits
{
    public const int MaxTimeoutSeconds = 900;
    public const int MaxMemoryMegabytes = 10_240;
    public const int MaxEnvironmentBytes = 4096;
    public const int MaxPolicyBytes = 20_480;
    public const int MaxNameChars = 64;
    public const int MaxTags = 50;

    /// <summary>Of one account in one region. AWS has no such quota, but the functions of a region are read together here.</summary>
    public const int MaxFunctions = 500;

    /// <summary>Of all code of one account in one region. AWS: 75 GB.</summary>
    public const long MaxCodeBytes = 2L << 30;

    public static Constraint FunctionName { get; } = Constraint.Matching(1, 140,
        @"(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?");

    public static Constraint NamespacedFunctionName { get; } = Constraint.Matching(1, 256,
        @"(arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?");

    public static Constraint Qualifier { get; } = Constraint.Matching(1, 128, @"\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+");

    public static Constraint Taggable { get; } = Constraint.Matching(1, 256,
        @"arn:(aws[a-zA-Z-]*):lambda:[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)");

    public static Constraint Runtime { get; } = Constraint.Enum(
        "nodejs", "nodejs4.3", "nodejs6.10", "nodejs8.10", "nodejs10.x", "nodejs12.x", "nodejs14.x", "nodejs16.x", "java8", "java8.al2", "java11", "python2.7",
        "python3.6", "python3.7", "python3.8", "python3.9", "dotnetcore1.0", "dotnetcore2.0", "dotnetcore2.1", "dotnetcore3.1", "dotnet6", "dotnet8",
        "nodejs4.3-edge", "go1.x", "ruby2.5", "ruby2.7", "provided", "provided.al2", "nodejs18.x", "python3.10", "java17", "ruby3.2", "ruby3.3", "ruby3.4",
        "python3.11", "nodejs20.x", "provided.al2023", "python3.12", "java21", "python3.13", "nodejs22.x", "nodejs24.x", "python3.14", "java25", "dotnet10", "ruby4.0");

    public static Constraint Role { get; } = Constraint.Matching(0, int.MaxValue, @"arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+");

    public static Constraint Handler { get; } = Constraint.Matching(0, 128, @"[^\s]+");

    public static Constraint Architecture { get; } = Constraint.Enum("x86_64", "arm64");

    public static Constraint Resource { get; } = Constraint.Matching(0, int.MaxValue, @"(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()");

    public static Constraint S3Bucket { get; } = Constraint.Matching(3, 63, @"[0-9A-Za-z\.\-_]*(?<!\.)", linear: @"([0-9A-Za-z\.\-_]*[0-9A-Za-z\-_])?");

    public static Constraint S3Text { get; } = Constraint.Length(1, 1024);

    public static Constraint PublishTo { get; } = Constraint.Enum("LATEST_PUBLISHED");

    public static Constraint VariableName { get; } = Constraint.Matching(0, int.MaxValue, "[a-zA-Z]([a-zA-Z0-9_])+");
}
