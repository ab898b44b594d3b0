using System.Text.Json;
using System.Xml;
using Strongroom.Server.Endpoint;
using Strongroom.Storage;

namespace Strongroom.Server.Iam.Roles;

/// <summary>Which of a role's members an answer shows, beside those that all show. Source: IAM fact sheet 6.2.</summary>
[Flags]
internal enum RoleMembers
{
    None = 0,
    MaxSessionDuration = 1,
    Boundary = 2,
    Tags = 4,
    LastUsed = 8,
}

/// <summary>A role as answers show it.</summary>
/// <param name="TrustPolicy">As it reads today.</param>
internal sealed record ShownRole(string Account, IamRole Role, string TrustPolicy, RoleMembers Members)
{
    public const RoleMembers AsCreated = RoleMembers.Boundary | RoleMembers.Tags;
    public const RoleMembers AsListed = RoleMembers.MaxSessionDuration;
    public const RoleMembers AsUpdated = RoleMembers.MaxSessionDuration | RoleMembers.Boundary | RoleMembers.Tags;
    public const RoleMembers Whole = AsUpdated | RoleMembers.LastUsed;

    public AccessKeyUse? LastUsed { get; init; }

    public void Write(XmlWriter writer)
    {
        writer.WriteElementString("Path", Role.Path);
        writer.WriteElementString("RoleName", Role.Name);
        writer.WriteElementString("RoleId", Role.Id);
        writer.WriteElementString("Arn", Role.Arn(Account));
        writer.WriteTime("CreateDate", Role.CreatedAt);
        writer.WriteDocument("AssumeRolePolicyDocument", TrustPolicy);
        writer.WriteOptional("Description", Role.Description);
        if (Members.HasFlag(RoleMembers.MaxSessionDuration))
            writer.WriteNumber("MaxSessionDuration", Role.MaxSessionDuration);
        if (Members.HasFlag(RoleMembers.Boundary))
            Boundaries.Write(writer, Role.Boundary);
        if (Members.HasFlag(RoleMembers.Tags))
            IamTags.Write(writer, Role.Tags);
        if (Members.HasFlag(RoleMembers.LastUsed))
            WriteLastUsed(writer);
    }

    /// <summary>Source: IAM fact sheet 8.3.</summary>
    public void WriteAudit(Utf8JsonWriter writer)
    {
        writer.WriteString("path"u8, Role.Path);
        writer.WriteString("roleName"u8, Role.Name);
        writer.WriteString("roleId"u8, Role.Id);
        writer.WriteString("arn"u8, Role.Arn(Account));
        writer.WriteString("createDate"u8, AuditTime.Format(Role.CreatedAt));
        writer.WriteString("assumeRolePolicyDocument"u8, XmlParts.PercentEncode(TrustPolicy));
        if (Role.Description is { } description)
            writer.WriteString("description"u8, description);
    }

    private void WriteLastUsed(XmlWriter writer)
    {
        writer.WriteStartElement("RoleLastUsed");
        if (LastUsed is { } use)
        {
            writer.WriteTime("LastUsedDate", use.UsedAt);
            writer.WriteElementString("Region", use.Region);
        }

        writer.WriteEndElement();
    }
}

/// <summary>An answer that is one role.</summary>
internal sealed record RoleResponse(ShownRole Role) : IXmlResponse
{
    public bool HasAuditElements { get; init; }

    public void WriteXml(XmlWriter writer)
    {
        writer.WriteStartElement("Role");
        Role.Write(writer);
        writer.WriteEndElement();
    }

    public void WriteAuditElements(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("role"u8);
        Role.WriteAudit(writer);
        writer.WriteEndObject();
    }
}

/// <summary>Finds the role that an operation names.</summary>
internal static class RoleTargets
{
    public static ValueTask<IamTarget> ResolveAsync(IamDirectories directories, CallContext call, string name, CancellationToken ct) =>
        HolderKind.Role.ResolveAsync(directories, call, name, ct);

    /// <exception cref="Protocol.ServiceException">NoSuchEntity.</exception>
    public static IamRole Existing(IamTarget target, string name) => (IamRole)HolderKind.Role.Existing(target, name);
}
