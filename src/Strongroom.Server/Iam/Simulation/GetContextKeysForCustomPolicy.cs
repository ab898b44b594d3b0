using System.Xml;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam.Account;

namespace Strongroom.Server.Iam.Simulation;

/// <summary>Source: IAM model, GetContextKeysForCustomPolicy.</summary>
internal sealed class GetContextKeysForCustomPolicyRequest
{
    public IReadOnlyList<string>? PolicyInputList { get; private set; }

    public static Shape<GetContextKeysForCustomPolicyRequest> Shape { get; } = new(
        Member.Strings<GetContextKeysForCustomPolicyRequest>(
            "PolicyInputList", r => r.PolicyInputList, (r, v) => r.PolicyInputList = v, IamLimits.PolicyDocument, required: true));
}

internal sealed record ContextKeysResponse(IEnumerable<PolicyDocument> Policies) : IXmlResponse
{
    public void WriteXml(XmlWriter writer) => writer.WriteStrings("ContextKeyNames", PolicyKeys.Of(Policies).Where(XmlParts.CanHold));
}

internal sealed class GetContextKeysForCustomPolicy(IamDirectories directories)
    : IOperation<GetContextKeysForCustomPolicyRequest, IamTarget, ContextKeysResponse>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, GetContextKeysForCustomPolicyRequest request, CancellationToken ct) =>
        WholeAccount.ResolveAsync(directories, call, ct);

    public ValueTask<Plan<ContextKeysResponse>> PlanAsync(
        CallContext call, Authorized<GetContextKeysForCustomPolicyRequest, IamTarget> authorized, CancellationToken ct) =>
        new(new ContextKeysResponse([.. authorized.Request.PolicyInputList!.Select(text => SimulatedPolicies.Document(text, PolicyKind.Identity))]));
}
