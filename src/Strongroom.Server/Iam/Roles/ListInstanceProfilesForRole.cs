using System.Xml;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Roles;

/// <summary>What names one role and pages: ListInstanceProfilesForRole. Source: IAM model.</summary>
internal sealed class PagedRoleRequest : PagedRequest
{
    public string? RoleName { get; private set; }

    public static Shape<PagedRoleRequest> Shape { get; } = new(Members(
        Member.String<PagedRoleRequest>("RoleName", r => r.RoleName, (r, v) => r.RoleName = v, IamLimits.RoleName, required: true)));
}

/// <summary>There are no instance profiles here; Terraform asks before it deletes a role. Source: IAM fact sheet 6.1.</summary>
internal sealed class ListInstanceProfilesForRole(IamDirectories directories) : IOperation<PagedRoleRequest, IamTarget, NoInstanceProfiles>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, PagedRoleRequest request, CancellationToken ct) =>
        RoleTargets.ResolveAsync(directories, call, request.RoleName!, ct);

    public ValueTask<Plan<NoInstanceProfiles>> PlanAsync(CallContext call, Authorized<PagedRoleRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        RoleTargets.Existing(target, request.RoleName!);
        return new(new NoInstanceProfiles());
    }
}

internal sealed class NoInstanceProfiles : IXmlResponse
{
    public void WriteXml(XmlWriter writer)
    {
        writer.WriteStrings("InstanceProfiles", []);
        new Page<string>([], null).WriteEnd(writer);
    }
}
