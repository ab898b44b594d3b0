using Strongroom.Protocol.AwsJson;

namespace Strongroom.Server.Iam.Holders;

/// <summary>Names an inline policy: Get…Policy, Delete…Policy; with a document, Put…Policy. The holder's member is <c>UserName</c>, <c>GroupName</c> or <c>RoleName</c>.</summary>
internal sealed class InlinePolicyRequest
{
    public string? Name { get; private set; }
    public string? PolicyName { get; private set; }
    public string? PolicyDocument { get; private set; }

    public static Shape<InlinePolicyRequest> Shape(HolderKind kind) => new(Holder(kind), Policy);

    public static Shape<InlinePolicyRequest> PutShape(HolderKind kind) => new(
        Holder(kind),
        Policy,
        Member.String<InlinePolicyRequest>("PolicyDocument", r => r.PolicyDocument, (r, v) => r.PolicyDocument = v, IamLimits.PolicyDocument, required: true));

    private static Member<InlinePolicyRequest> Policy { get; } =
        Member.String<InlinePolicyRequest>("PolicyName", r => r.PolicyName, (r, v) => r.PolicyName = v, IamLimits.PolicyName, required: true);

    private static Member<InlinePolicyRequest> Holder(HolderKind kind) =>
        Member.String<InlinePolicyRequest>(kind.NameMember, r => r.Name, (r, v) => r.Name = v, kind.ExistingName, required: true);
}

/// <summary>List…Policies.</summary>
internal sealed class ListInlinePoliciesRequest : PagedRequest
{
    public string? Name { get; private set; }

    public static Shape<ListInlinePoliciesRequest> Shape(HolderKind kind) => new(Members(
        Member.String<ListInlinePoliciesRequest>(kind.NameMember, r => r.Name, (r, v) => r.Name = v, kind.ExistingName, required: true)));
}
