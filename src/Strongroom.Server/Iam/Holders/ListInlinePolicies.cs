using System.Xml;
using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Holders;

internal sealed record InlinePolicyNames(Page<string> Page) : IXmlResponse
{
    public void WriteXml(XmlWriter writer)
    {
        writer.WriteStrings("PolicyNames", Page.Items);
        Page.WriteEnd(writer);
    }
}

/// <summary>ListUserPolicies, ListGroupPolicies, ListRolePolicies. Source: IAM model.</summary>
internal sealed class ListInlinePolicies(IamDirectories directories, HolderKind kind, Paging paging)
    : IOperation<ListInlinePoliciesRequest, IamTarget, InlinePolicyNames>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, ListInlinePoliciesRequest request, CancellationToken ct) =>
        kind.ResolveAsync(directories, call, request.Name!, ct);

    public ValueTask<Plan<InlinePolicyNames>> PlanAsync(CallContext call, Authorized<ListInlinePoliciesRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var names = kind.Existing(target, request.Name!).InlinePolicies.Keys.Order(StringComparer.Ordinal);
        return new(new InlinePolicyNames(paging.Cut(names, name => name, request)));
    }
}
