using System.Xml;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Users;

/// <summary>A user in answers. Source: IAM fact sheet 6.2.</summary>
internal static class UserParts
{
    /// <summary>What lists show too.</summary>
    public static void Write(XmlWriter writer, string account, IamUser user)
    {
        writer.WriteElementString("Path", user.Path);
        writer.WriteElementString("UserName", user.Name);
        writer.WriteElementString("UserId", user.Id);
        writer.WriteElementString("Arn", user.Arn(account));
        writer.WriteTime("CreateDate", user.CreatedAt);
    }

    /// <summary>What only single users show.</summary>
    public static void WriteDetails(XmlWriter writer, IamUser user)
    {
        Boundaries.Write(writer, user.Boundary);
        IamTags.Write(writer, user.Tags);
    }
}
