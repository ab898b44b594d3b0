using System.Xml;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Policies;

/// <summary>Source: IAM model, ListPolicies.</summary>
internal sealed class ListPoliciesRequest : PagedRequest
{
    public string? Scope { get; private set; }
    public bool? OnlyAttached { get; private set; }
    public string? PathPrefix { get; private set; }
    public string? PolicyUsageFilter { get; private set; }

    public static Shape<ListPoliciesRequest> Shape { get; } = new(Members(
        Member.String<ListPoliciesRequest>("Scope", r => r.Scope, (r, v) => r.Scope = v, Constraint.Enum("All", "AWS", "Local")),
        Member.Bool<ListPoliciesRequest>("OnlyAttached", r => r.OnlyAttached, (r, v) => r.OnlyAttached = v),
        Member.String<ListPoliciesRequest>("PathPrefix", r => r.PathPrefix, (r, v) => r.PathPrefix = v, IamLimits.PolicyPath),
        Member.String<ListPoliciesRequest>("PolicyUsageFilter", r => r.PolicyUsageFilter, (r, v) => r.PolicyUsageFilter = v, IamLimits.PolicyUsage)));
}

internal sealed record ListPoliciesResponse(Page<ManagedPolicy> Page, IReadOnlyDictionary<string, PolicyUse> Uses) : IXmlResponse
{
    public void WriteXml(XmlWriter writer)
    {
        writer.WriteList("Policies", Page.Items, (inner, policy) => policy.Write(inner, Uses.GetValueOrDefault(policy.Arn), isListed: true));
        Page.WriteEnd(writer);
    }
}

internal sealed class ListPolicies(IamDirectories directories, Paging paging) : IOperation<ListPoliciesRequest, IamTarget, ListPoliciesResponse>
{
    public async ValueTask<IamTarget> ResolveAsync(CallContext call, ListPoliciesRequest request, CancellationToken ct)
    {
        var directory = await directories.GetAsync(call.Caller.Account, ct);
        var path = request.PathPrefix ?? "/";
        return new IamTarget(directory, $"arn:aws:iam::{directory.Account}:policy{path}") { Printed = $"policy path {path}" };
    }

    public ValueTask<Plan<ListPoliciesResponse>> PlanAsync(CallContext call, Authorized<ListPoliciesRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var directory = target.Directory;
        var uses = PolicyUse.CountAll(directory);
        var own = request.Scope == "AWS" ? [] : directory.All<IamPolicy>().Select(policy => ManagedPolicy.Of(directory.Account, policy));
        var shipped = request.Scope == "Local" ? [] : AwsManagedPolicies.All.Select(ManagedPolicy.Of);
        var policies = own.Concat(shipped)
            .Where(policy => policy.Path.StartsWith(request.PathPrefix ?? "/", StringComparison.Ordinal) && IsAskedFor(uses.GetValueOrDefault(policy.Arn), request))
            .OrderBy(policy => policy.Key, StringComparer.Ordinal);
        return new(new ListPoliciesResponse(paging.Cut(policies, policy => policy.Key, request), uses));
    }

    // Every policy can be one of permissions; a boundary is one only by its use.
    private static bool IsAskedFor(PolicyUse use, ListPoliciesRequest request) => request.PolicyUsageFilter == "PermissionsBoundary"
        ? use.Boundaries > 0
        : request.OnlyAttached != true || use.Attachments > 0;
}
