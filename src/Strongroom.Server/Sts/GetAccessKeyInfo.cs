using System.Xml;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Authentication;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam;

namespace Strongroom.Server.Sts;

/// <summary>Source: STS model, GetAccessKeyInfo.</summary>
internal sealed class GetAccessKeyInfoRequest
{
    public string? AccessKeyId { get; private set; }

    public static Shape<GetAccessKeyInfoRequest> Shape { get; } = new(
        Member.String<GetAccessKeyInfoRequest>("AccessKeyId", r => r.AccessKeyId, (r, v) => r.AccessKeyId = v, StsLimits.AccessKeyId, required: true));
}

internal sealed record GetAccessKeyInfoResponse(string Account) : IXmlResponse
{
    public void WriteXml(XmlWriter writer) => writer.WriteElementString("Account", Account);
}

/// <summary>Tells the account of an access key: of one that exists, or that its id encodes, whether or not there is such a key. Source: IAM fact sheet 5.4.</summary>
internal sealed class GetAccessKeyInfo(IamDirectories directories) : IOperation<GetAccessKeyInfoRequest, AccountTarget, GetAccessKeyInfoResponse>
{
    public ValueTask<AccountTarget> ResolveAsync(CallContext call, GetAccessKeyInfoRequest request, CancellationToken ct) => AccountTarget.Of(call);

    public async ValueTask<Plan<GetAccessKeyInfoResponse>> PlanAsync(
        CallContext call, Authorized<GetAccessKeyInfoRequest, AccountTarget> authorized, CancellationToken ct)
    {
        var id = authorized.Request.AccessKeyId!;
        // The first key of an installation may have been preset, and then its id encodes nothing.
        var account = (await directories.FindByAccessKeyAsync(id, ct))?.Account ?? AccessKeys.AccountOf(id);
        // Not recorded how AWS words it.
        return new GetAccessKeyInfoResponse(account ?? throw StsErrors.Validation($"{id} is not a valid access key ID"));
    }
}
