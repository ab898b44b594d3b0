using Strongroom.Protocol.AwsJson;

namespace Strongroom.Server.Iam;

/// <summary>Constraints of the IAM model. Source: botocore <c>iam/2010-05-08</c>.</summary>
internal static class IamLimits
{
    public static Constraint UserName { get; } = Constraint.Matching(1, 64, @"[\w+=,.@-]+");

    /// <summary>A name of something that exists, which the model lets be longer.</summary>
    public static Constraint ExistingUserName { get; } = Constraint.Matching(1, 128, @"[\w+=,.@-]+");

    public static Constraint GroupName { get; } = Constraint.Matching(1, 128, @"[\w+=,.@-]+");

    public static Constraint RoleName { get; } = Constraint.Matching(1, 64, @"[\w+=,.@-]+");

    public static Constraint RoleDescription { get; } = Constraint.Matching(0, 1000, @"[\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*");

    public static Constraint PolicyName { get; } = Constraint.Matching(1, 128, @"[\w+=,.@-]+");

    public static Constraint PolicyPath { get; } = Constraint.Matching(1, 512, @"((/[A-Za-z0-9\.,\+@=_-]+)*)/");

    public static Constraint PolicyDocument { get; } = Constraint.Matching(1, 131_072, @"[\u0009\u000A\u000D\u0020-\u00FF]+");

    public static Constraint PolicyDescription { get; } = Constraint.Length(0, 1000);

    public static Constraint PolicyVersionId { get; } = Constraint.Matching(0, int.MaxValue, @"v[1-9][0-9]*(\.[A-Za-z0-9-]*)?");

    public static Constraint PolicyUsage { get; } = Constraint.Enum("PermissionsPolicy", "PermissionsBoundary");

    public static Constraint ClientId { get; } = Constraint.Length(1, 255);

    public static Constraint Thumbprint { get; } = Constraint.Length(40, 40);

    public static Constraint ProviderUrl { get; } = Constraint.Length(1, 255);

    /// <summary>Seconds; also the default.</summary>
    public const int MinRoleSession = 3600;

    public const int MaxRoleSession = 43_200;

    /// <summary>Of tags on one entity.</summary>
    public const int MaxTags = 50;

    public static Constraint AccessKeyId { get; } = Constraint.Matching(16, 128, @"[\w]+");

    public static Constraint Status { get; } = Constraint.Enum("Active", "Inactive", "Expired");

    public static Constraint AccountAlias { get; } = Constraint.Matching(3, 63, "^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$", linear: "[a-z0-9]+(?:-[a-z0-9]+)*");

    /// <remarks>Source: IAM fact sheet 6.5, bad path.</remarks>
    public static Constraint Path { get; } = Constraint.Matching(1, 512, @"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)") with
    {
        PatternFault = "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.",
    };

    public static Constraint PathPrefix { get; } = Constraint.Matching(1, 512, @"\u002F[\u0021-\u007F]*");

    public static Constraint Arn { get; } = Constraint.Length(20, 2048);

    public static Constraint TagKey { get; } = Constraint.Matching(1, 128, @"[\p{L}\p{Z}\p{N}_.:/=+\-@]+");

    public static Constraint TagValue { get; } = Constraint.Matching(0, 256, @"[\p{L}\p{Z}\p{N}_.:/=+\-@]*");
}

/// <summary>A tag in a request. Both members are required. Source: IAM model.</summary>
internal sealed class TagRequest
{
    public string? Key { get; private set; }
    public string? Value { get; private set; }

    public static Shape<TagRequest> Shape { get; } = new(
        Member.String<TagRequest>("Key", r => r.Key, (r, v) => r.Key = v, IamLimits.TagKey, required: true),
        Member.String<TagRequest>("Value", r => r.Value, (r, v) => r.Value = v, IamLimits.TagValue, required: true));

    public static IReadOnlyList<IamTag> ToTags(IReadOnlyList<TagRequest>? tags)
    {
        List<IamTag> made = [.. (tags ?? []).Select(tag => new IamTag(tag.Key!, tag.Value!))];
        return made.DistinctBy(tag => tag.Key.ToUpperInvariant()).Count() == made.Count
            ? made
            : throw IamErrors.InvalidInput("Duplicate tag keys found. Please note that Tag keys are case insensitive.");
    }
}
