using System.Globalization;
using System.Text.Json;
using System.Xml;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Policies;

/// <summary>A managed policy, the account's own or AWS's, as answers show it.</summary>
/// <param name="Own">Null for AWS's.</param>
internal sealed record ManagedPolicy(
    string Name, string Id, string Arn, string Path, string? Description, IReadOnlyList<IamPolicyVersion> Versions, int DefaultVersion, IamPolicy? Own)
{
    /// <summary>What lists are ordered by: two policies can share a name when one is AWS's.</summary>
    public string Key => $"{IamEntity.KeyOf(Name)} {Arn}";

    public DateTimeOffset CreatedAt => Own?.CreatedAt ?? AwsManagedPolicy.CreatedAt;

    public DateTimeOffset UpdatedAt => Own?.UpdatedAt ?? AwsManagedPolicy.CreatedAt;

    /// <summary>Null when there is no such policy.</summary>
    public static ManagedPolicy? Find(IamDirectory directory, string arn) =>
        AwsManagedPolicies.Find(arn) is { } shipped ? Of(shipped)
        : directory.FindPolicyByArn(arn) is { } own ? Of(directory.Account, own)
        : null;

    public static ManagedPolicy Of(string account, IamPolicy own) =>
        new(own.Name, own.Id, own.Arn(account), own.Path, own.Description, own.Versions, own.DefaultVersion, own);

    public static ManagedPolicy Of(AwsManagedPolicy shipped)
    {
        // Only the version in force is shipped, under AWS's number.
        var version = new IamPolicyVersion(
            int.Parse(shipped.VersionId.AsSpan(1), CultureInfo.InvariantCulture), shipped.Document, AwsManagedPolicy.CreatedAt.ToUnixTimeMilliseconds());
        return new(shipped.Name, shipped.Id, shipped.Arn, shipped.Path, shipped.Description, [version], version.Number, null);
    }

    public IamPolicyVersion? FindVersion(string versionId) => Versions.FirstOrDefault(version => version.VersionId == versionId);

    /// <param name="isListed">Lists leave description and tags out. Source: IAM fact sheet 6.2.</param>
    public void Write(XmlWriter writer, PolicyUse use, bool isListed)
    {
        writer.WriteElementString("PolicyName", Name);
        writer.WriteElementString("PolicyId", Id);
        writer.WriteElementString("Arn", Arn);
        writer.WriteElementString("Path", Path);
        writer.WriteElementString("DefaultVersionId", $"v{DefaultVersion}");
        writer.WriteNumber("AttachmentCount", use.Attachments);
        writer.WriteNumber("PermissionsBoundaryUsageCount", use.Boundaries);
        writer.WriteBool("IsAttachable", true);
        if (!isListed)
            writer.WriteOptional("Description", Description);
        writer.WriteTime("CreateDate", CreatedAt);
        writer.WriteTime("UpdateDate", UpdatedAt);
        if (!isListed)
            IamTags.Write(writer, Own?.Tags ?? []);
    }

    public void WriteAudit(Utf8JsonWriter writer, PolicyUse use)
    {
        writer.WriteString("policyName"u8, Name);
        writer.WriteString("policyId"u8, Id);
        writer.WriteString("arn"u8, Arn);
        writer.WriteString("path"u8, Path);
        writer.WriteString("defaultVersionId"u8, $"v{DefaultVersion}");
        writer.WriteNumber("attachmentCount"u8, use.Attachments);
        writer.WriteNumber("permissionsBoundaryUsageCount"u8, use.Boundaries);
        writer.WriteBoolean("isAttachable"u8, true);
        writer.WriteString("createDate"u8, AuditTime.Format(CreatedAt));
        writer.WriteString("updateDate"u8, AuditTime.Format(UpdatedAt));
    }
}

/// <summary>How many users, groups and roles a policy is attached to, and whose boundary it is.</summary>
internal readonly record struct PolicyUse(int Attachments, int Boundaries)
{
    public bool IsUsed => Attachments > 0 || Boundaries > 0;

    public static PolicyUse Of(IamDirectory directory, string arn) => CountAll(directory).GetValueOrDefault(arn);

    /// <summary>By ARN; without those that nobody uses.</summary>
    public static Dictionary<string, PolicyUse> CountAll(IamDirectory directory)
    {
        var uses = new Dictionary<string, PolicyUse>(StringComparer.Ordinal);
        foreach (var holder in directory.All<PolicyHolder>())
        {
            foreach (var arn in holder.AttachedPolicies)
                uses[arn] = uses.GetValueOrDefault(arn) with { Attachments = uses.GetValueOrDefault(arn).Attachments + 1 };
            if (HolderKind.BoundaryOf(holder) is { } boundary)
                uses[boundary] = uses.GetValueOrDefault(boundary) with { Boundaries = uses.GetValueOrDefault(boundary).Boundaries + 1 };
        }

        return uses;
    }
}
