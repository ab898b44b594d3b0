using System.Xml;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Roles;

/// <summary>Source: IAM model, ListRoles.</summary>
internal sealed class ListRolesRequest : PagedRequest
{
    public string? PathPrefix { get; private set; }

    public static Shape<ListRolesRequest> Shape { get; } = new(Members(
        Member.String<ListRolesRequest>("PathPrefix", r => r.PathPrefix, (r, v) => r.PathPrefix = v, IamLimits.PathPrefix)));
}

internal sealed record ListRolesResponse(Page<IamRole> Page, IReadOnlyList<ShownRole> Roles) : IXmlResponse
{
    public void WriteXml(XmlWriter writer)
    {
        writer.WriteList("Roles", Roles, static (inner, role) => role.Write(inner));
        Page.WriteEnd(writer);
    }
}

internal sealed class ListRoles(IamDirectories directories, TrustPolicies trust, Paging paging) : IOperation<ListRolesRequest, IamTarget, ListRolesResponse>
{
    public async ValueTask<IamTarget> ResolveAsync(CallContext call, ListRolesRequest request, CancellationToken ct)
    {
        var directory = await directories.GetAsync(call.Caller.Account, ct);
        return new IamTarget(directory, $"arn:aws:iam::{directory.Account}:role{request.PathPrefix ?? "/"}");
    }

    public async ValueTask<Plan<ListRolesResponse>> PlanAsync(CallContext call, Authorized<ListRolesRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var roles = target.Directory.All<IamRole>().Where(role => role.Path.StartsWith(request.PathPrefix ?? "/", StringComparison.Ordinal));
        var page = paging.Cut(roles, role => role.Key, request);
        var shown = new List<ShownRole>(page.Items.Count);
        foreach (var role in page.Items)
            shown.Add(new ShownRole(target.Account, role, await trust.ShowAsync(role, ct), ShownRole.AsListed));
        return new ListRolesResponse(page, shown);
    }
}
