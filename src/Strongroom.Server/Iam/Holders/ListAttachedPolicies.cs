using System.Xml;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam.Policies;

namespace Strongroom.Server.Iam.Holders;

/// <summary>Source: IAM model, ListAttachedUserPolicies and its like.</summary>
internal sealed class ListAttachedPoliciesRequest : PagedRequest
{
    public string? Name { get; private set; }
    public string? PathPrefix { get; private set; }

    public static Shape<ListAttachedPoliciesRequest> Shape(HolderKind kind) => new(Members(
        Member.String<ListAttachedPoliciesRequest>(kind.NameMember, r => r.Name, (r, v) => r.Name = v, kind.Name, required: true),
        Member.String<ListAttachedPoliciesRequest>("PathPrefix", r => r.PathPrefix, (r, v) => r.PathPrefix = v, IamLimits.PolicyPath)));
}

internal sealed record AttachedPoliciesResponse(Page<ManagedPolicy> Page) : IXmlResponse
{
    public void WriteXml(XmlWriter writer)
    {
        writer.WriteList("AttachedPolicies", Page.Items, static (inner, policy) =>
        {
            inner.WriteElementString("PolicyName", policy.Name);
            inner.WriteElementString("PolicyArn", policy.Arn);
        });
        Page.WriteEnd(writer);
    }
}

/// <summary>ListAttachedUserPolicies, ListAttachedGroupPolicies, ListAttachedRolePolicies.</summary>
internal sealed class ListAttachedPolicies(IamDirectories directories, HolderKind kind, Paging paging)
    : IOperation<ListAttachedPoliciesRequest, IamTarget, AttachedPoliciesResponse>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, ListAttachedPoliciesRequest request, CancellationToken ct) =>
        kind.ResolveAsync(directories, call, request.Name!, ct);

    public ValueTask<Plan<AttachedPoliciesResponse>> PlanAsync(
        CallContext call, Authorized<ListAttachedPoliciesRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var policies = kind.Existing(target, request.Name!).AttachedPolicies
            .Select(arn => ManagedPolicy.Find(target.Directory, arn))
            .OfType<ManagedPolicy>()
            .Where(policy => policy.Path.StartsWith(request.PathPrefix ?? "/", StringComparison.Ordinal))
            .OrderBy(policy => policy.Key, StringComparer.Ordinal);
        return new(new AttachedPoliciesResponse(paging.Cut(policies, policy => policy.Key, request)));
    }
}
