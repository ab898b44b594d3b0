using System.Globalization;
using System.Xml;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Policies;

/// <summary>What names one policy and pages: ListPolicyVersions. Source: IAM model.</summary>
internal sealed class PagedPolicyRequest : PagedRequest
{
    public string? PolicyArn { get; private set; }

    public static Shape<PagedPolicyRequest> Shape { get; } = new(Members(
        Member.String<PagedPolicyRequest>("PolicyArn", r => r.PolicyArn, (r, v) => r.PolicyArn = v, IamLimits.Arn, required: true)));
}

internal sealed record ListPolicyVersionsResponse(Page<PolicyVersionResponse> Page) : IXmlResponse
{
    public void WriteXml(XmlWriter writer)
    {
        writer.WriteList("Versions", Page.Items, static (inner, version) => version.WriteMembers(inner));
        Page.WriteEnd(writer);
    }
}

/// <summary>Newest first. Source: IAM model, ListPolicyVersions.</summary>
internal sealed class ListPolicyVersions(IamDirectories directories, Paging paging) : IOperation<PagedPolicyRequest, IamTarget, ListPolicyVersionsResponse>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, PagedPolicyRequest request, CancellationToken ct) =>
        PolicyTargets.ResolveAsync(directories, call, request.PolicyArn!, ct);

    public ValueTask<Plan<ListPolicyVersionsResponse>> PlanAsync(CallContext call, Authorized<PagedPolicyRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var policy = PolicyTargets.Existing(target);
        var versions = policy.Versions.OrderByDescending(version => version.Number)
            .Select(version => new PolicyVersionResponse(version, version.Number == policy.DefaultVersion, HasDocument: false));
        return new(new ListPolicyVersionsResponse(paging.Cut(versions, Key, request)));
    }

    // Pages go up, versions go down.
    private static string Key(PolicyVersionResponse version) => (int.MaxValue - version.Version.Number).ToString("D10", CultureInfo.InvariantCulture);
}
