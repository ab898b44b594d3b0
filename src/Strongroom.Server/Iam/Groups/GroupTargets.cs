using System.Xml;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Groups;

/// <summary>Finds the group that an operation names.</summary>
internal static class GroupTargets
{
    public static async ValueTask<IamTarget> ResolveAsync(IamDirectories directories, CallContext call, string name, CancellationToken ct)
    {
        var directory = await directories.GetAsync(call.Caller.Account, ct);
        var group = directory.FindGroup(name);
        return new IamTarget(directory, group?.Arn(directory.Account) ?? $"arn:aws:iam::{directory.Account}:group/{name}", group);
    }

    /// <exception cref="Protocol.ServiceException">NoSuchEntity.</exception>
    public static IamGroup Existing(IamTarget target, string name) => target.Entity as IamGroup ?? throw IamErrors.NoSuchGroup(name);

    /// <summary>The users in a group, in order of their names.</summary>
    public static IEnumerable<IamUser> Members(IamDirectory directory, IamGroup group) => directory.All<IamUser>().Where(user => IsMember(user, group));

    public static bool IsMember(IamUser user, IamGroup group) => user.Groups.Contains(group.Name, StringComparer.OrdinalIgnoreCase);
}

/// <summary>A group in answers. Source: IAM fact sheet 6.2.</summary>
internal static class GroupParts
{
    public static void Write(XmlWriter writer, string account, IamGroup group)
    {
        writer.WriteElementString("Path", group.Path);
        writer.WriteElementString("GroupName", group.Name);
        writer.WriteElementString("GroupId", group.Id);
        writer.WriteElementString("Arn", group.Arn(account));
        writer.WriteTime("CreateDate", group.CreatedAt);
    }

    public static void WriteElement(XmlWriter writer, string account, IamGroup group)
    {
        writer.WriteStartElement("Group");
        Write(writer, account, group);
        writer.WriteEndElement();
    }
}

/// <summary>A page of groups.</summary>
internal sealed record GroupListResponse(string Account, Page<IamGroup> Page) : IXmlResponse
{
    public void WriteXml(XmlWriter writer)
    {
        writer.WriteList("Groups", Page.Items, (inner, group) => GroupParts.Write(inner, Account, group));
        Page.WriteEnd(writer);
    }
}
