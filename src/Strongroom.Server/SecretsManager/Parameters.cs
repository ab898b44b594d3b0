using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>Constraints that many operations share, with the service model's values.</summary>
internal static class Limits
{
    public static Constraint SecretId { get; } = Constraint.Length(1, 2048);
    public static Constraint VersionId { get; } = Constraint.Key(32, 64);
    public static Constraint Label { get; } = Constraint.Length(1, 256);
    public static Constraint Description { get; } = Constraint.Length(0, 2048);
    public static Constraint KmsKeyId { get; } = Constraint.Length(0, 2048);
    public static Constraint Type { get; } = Constraint.Length(0, 256);
    public static Constraint NextToken { get; } = Constraint.Length(1, 4096);
    public static Constraint ResourcePolicy { get; } = Constraint.Length(1, 20_480);
    public static Constraint Region { get; } = Constraint.Matching(1, 128, @"^([a-z]+-)+\d+$");
    public static Constraint FilterValue { get; } = Constraint.Matching(0, 512, @"^\!?[a-zA-Z0-9 :_@\/\+\=\.\-\!]*$");
}

/// <summary>A request that names one secret and nothing more.</summary>
internal sealed class SecretIdRequest
{
    public string? SecretId { get; private set; }

    public static Shape<SecretIdRequest> Shape { get; } = new(
        Member.String<SecretIdRequest>("SecretId", r => r.SecretId, (r, v) => r.SecretId = v, Limits.SecretId, required: true));
}

internal sealed class TagParameter
{
    public string? Key { get; private set; }
    public string? Value { get; private set; }

    public static Shape<TagParameter> Shape { get; } = new(
        Member.String<TagParameter>("Key", r => r.Key, (r, v) => r.Key = v, Constraint.Length(1, 128)),
        Member.String<TagParameter>("Value", r => r.Value, (r, v) => r.Value = v, Constraint.Length(0, 256)));

    /// <summary>As conditions see them.</summary>
    public static TagSet ToTagSet(IReadOnlyList<TagParameter>? tags) =>
        tags is null ? TagSet.Empty : TagSet.Of(tags.Where(tag => tag.Key is not null).Select(tag => KeyValuePair.Create(tag.Key!, tag.Value ?? "")));
}

/// <summary>Parameters as condition keys show them. What the request does not carry is absent.</summary>
internal static class Parameters
{
    public static string? Bool(bool? value) => value switch { true => "true", false => "false", null => null };

    public static string? Number(long? value) => value?.ToString(System.Globalization.CultureInfo.InvariantCulture);

    public static ConditionValues Regions(IReadOnlyList<ReplicaRegionParameter>? regions) =>
        new(regions?.Select(replica => replica.Region).OfType<string>().ToList());
}

internal sealed class ReplicaRegionParameter
{
    public string? Region { get; private set; }
    public string? KmsKeyId { get; private set; }

    public static Shape<ReplicaRegionParameter> Shape { get; } = new(
        Member.String<ReplicaRegionParameter>("Region", r => r.Region, (r, v) => r.Region = v, Limits.Region),
        Member.String<ReplicaRegionParameter>("KmsKeyId", r => r.KmsKeyId, (r, v) => r.KmsKeyId = v, Limits.KmsKeyId));
}

internal sealed class FilterParameter
{
    public string? Key { get; private set; }
    public IReadOnlyList<string>? Values { get; private set; }

    public static Shape<FilterParameter> Shape { get; } = new(
        Member.String<FilterParameter>("Key", r => r.Key, (r, v) => r.Key = v,
            Constraint.Enum("description", "name", "tag-key", "tag-value", "primary-region", "owning-service", "all")),
        Member.Strings<FilterParameter>("Values", r => r.Values, (r, v) => r.Values = v, Limits.FilterValue, min: 1, max: 10));
}

/// <summary>An answer that names the secret and nothing more.</summary>
internal sealed record SecretNamed(string? Arn, string? Name) : Endpoint.IResponse
{
    public static SecretNamed Of(StoredSecret secret) => new(secret.Arn(), secret.Name);

    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteString("ARN"u8, Arn);
        writer.WriteString("Name"u8, Name);
    }

    public bool HasAuditElements => true;

    public void WriteAuditElements(Utf8JsonWriter writer) => writer.WriteString("arn"u8, Arn);
}

/// <summary>An answer without members.</summary>
internal sealed record Nothing : Endpoint.IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
    }
}
