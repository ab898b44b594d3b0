using System.Xml;
using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Holders;

internal sealed record InlinePolicyResponse(HolderKind Kind, string Name, string PolicyName, string Document) : IXmlResponse
{
    public void WriteXml(XmlWriter writer)
    {
        writer.WriteElementString(Kind.NameMember, Name);
        writer.WriteElementString("PolicyName", PolicyName);
        writer.WriteDocument("PolicyDocument", Document);
    }
}

/// <summary>GetUserPolicy, GetGroupPolicy, GetRolePolicy. Source: IAM model.</summary>
internal sealed class GetInlinePolicy(IamDirectories directories, HolderKind kind) : IOperation<InlinePolicyRequest, IamTarget, InlinePolicyResponse>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, InlinePolicyRequest request, CancellationToken ct) =>
        kind.ResolveAsync(directories, call, request.Name!, ct);

    public ValueTask<Plan<InlinePolicyResponse>> PlanAsync(CallContext call, Authorized<InlinePolicyRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var holder = kind.Existing(target, request.Name!);
        return new(holder.InlinePolicies.TryGetValue(request.PolicyName!, out var document)
            ? new InlinePolicyResponse(kind, holder.Name, request.PolicyName!, document)
            : throw kind.NoSuchInline(request.PolicyName!));
    }
}
