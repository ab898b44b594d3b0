using System.Xml;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam.Users;

namespace Strongroom.Server.Iam.Groups;

/// <summary>Source: IAM model, GetGroup.</summary>
internal sealed class GetGroupRequest : PagedRequest
{
    public string? GroupName { get; private set; }

    public static Shape<GetGroupRequest> Shape { get; } = new(Members(
        Member.String<GetGroupRequest>("GroupName", r => r.GroupName, (r, v) => r.GroupName = v, IamLimits.GroupName, required: true)));
}

/// <summary>The group, with a page of its users.</summary>
internal sealed record GetGroupResponse(string Account, IamGroup Group, Page<IamUser> Page) : IXmlResponse
{
    public void WriteXml(XmlWriter writer)
    {
        GroupParts.WriteElement(writer, Account, Group);
        writer.WriteList("Users", Page.Items, (inner, user) => UserParts.Write(inner, Account, user));
        Page.WriteEnd(writer);
    }
}

internal sealed class GetGroup(IamDirectories directories, Paging paging) : IOperation<GetGroupRequest, IamTarget, GetGroupResponse>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, GetGroupRequest request, CancellationToken ct) =>
        GroupTargets.ResolveAsync(directories, call, request.GroupName!, ct);

    public ValueTask<Plan<GetGroupResponse>> PlanAsync(CallContext call, Authorized<GetGroupRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var group = GroupTargets.Existing(target, request.GroupName!);
        var users = GroupTargets.Members(target.Directory, group);
        return new(new GetGroupResponse(target.Account, group, paging.Cut(users, user => user.Key, request)));
    }
}
