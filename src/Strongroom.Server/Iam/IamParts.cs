using System.Xml;
using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam;

/// <summary>Unique ids: a prefix that tells the kind, and chance. Source: IAM fact sheet 5.4.</summary>
internal static class IamIds
{
    private const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    /// <param name="prefix">Such as <c>AIDA</c>.</param>
    public static string New(string prefix, Entropy entropy) => prefix + entropy.NewAlphanumeric(17, Alphabet);
}

/// <summary>Permissions boundaries of users and roles.</summary>
internal static class Boundaries
{
    /// <returns>The ARN; null when there is none.</returns>
    /// <exception cref="Protocol.ServiceException">ValidationError: no ARN. NoSuchEntity: no such policy.</exception>
    public static string? Check(IamDirectory directory, string? arn)
    {
        if (arn is not null && Protocol.Arn.TryParse(arn) is not { Service: "iam" })
            throw IamErrors.Validation($"Value ({arn}) for parameter PermissionsBoundary is invalid.");
        return arn is null || CallerPolicies.FindManaged(directory, arn) is not null
            ? arn
            : throw IamErrors.NoSuchEntity($"Scope ARN: {arn} does not exist or is not attachable.");
    }

    /// <remarks>The model's enum says <c>PermissionsBoundaryPolicy</c>; AWS answers <c>Policy</c>. Source: IAM fact sheet 6.2.</remarks>
    public static void Write(XmlWriter writer, string? arn)
    {
        if (arn is null)
            return;
        writer.WriteStartElement("PermissionsBoundary");
        writer.WriteElementString("PermissionsBoundaryType", "Policy");
        writer.WriteElementString("PermissionsBoundaryArn", arn);
        writer.WriteEndElement();
    }
}

/// <summary><c>iam:PermissionsBoundary</c>: with it a delegate can be made to bound whom it creates.</summary>
internal sealed class BoundaryKey(string? arn) : IConditionKeys
{
    public ConditionValues Find(ConditionKey key) => key.Name == "iam:permissionsboundary" ? new ConditionValues(arn) : default;
}

internal static class IamTags
{
    /// <summary>Adds tags; one whose key is there already, in whatever case, replaces it.</summary>
    /// <param name="quota">As the error names it: <c>TagsPerRole</c>.</param>
    /// <exception cref="Protocol.ServiceException">LimitExceeded.</exception>
    public static IReadOnlyList<IamTag> Merge(IReadOnlyList<IamTag> tags, IReadOnlyList<IamTag> added, string quota)
    {
        IReadOnlyList<IamTag> merged = [.. tags.Where(tag => !added.Any(other => IsSame(tag.Key, other.Key))), .. added];
        return merged.Count <= IamLimits.MaxTags ? merged : throw IamErrors.QuotaExceeded(quota, IamLimits.MaxTags);
    }

    /// <summary>Keys that are not there are passed over.</summary>
    public static IReadOnlyList<IamTag> Remove(IReadOnlyList<IamTag> tags, IReadOnlyList<string> keys) =>
        [.. tags.Where(tag => !keys.Any(key => IsSame(tag.Key, key)))];

    private static bool IsSame(string key, string other) => string.Equals(key, other, StringComparison.OrdinalIgnoreCase);

    /// <summary>Left out when there are none.</summary>
    public static void Write(XmlWriter writer, IReadOnlyList<IamTag> tags)
    {
        if (tags.Count > 0)
            WriteAll(writer, tags);
    }

    public static void WriteAll(XmlWriter writer, IEnumerable<IamTag> tags) => writer.WriteList("Tags", tags, static (inner, tag) =>
    {
        inner.WriteElementString("Key", tag.Key);
        inner.WriteElementString("Value", tag.Value);
    });
}
