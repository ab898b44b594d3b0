using System.Xml;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam.Users;

namespace Strongroom.Server.Iam.AccessKeys;

/// <summary>Source: IAM model, ListAccessKeys; IAM fact sheet 6.2.</summary>
internal sealed class ListAccessKeysRequest : PagedRequest
{
    public string? UserName { get; private set; }

    public static Shape<ListAccessKeysRequest> Shape { get; } = new(Members(
        Member.String<ListAccessKeysRequest>("UserName", r => r.UserName, (r, v) => r.UserName = v, IamLimits.ExistingUserName)));
}

internal sealed record ListAccessKeysResponse(Page<IamAccessKey> Page) : IXmlResponse
{
    public void WriteXml(XmlWriter writer)
    {
        writer.WriteList("AccessKeyMetadata", Page.Items, static (inner, key) =>
        {
            inner.WriteOptional("UserName", key.UserName);
            inner.WriteElementString("AccessKeyId", key.AccessKeyId);
            inner.WriteElementString("Status", key.Active ? "Active" : "Inactive");
            inner.WriteTime("CreateDate", key.CreatedAt);
        });
        Page.WriteEnd(writer);
    }
}

internal sealed class ListAccessKeys(IamDirectories directories, Paging paging) : IOperation<ListAccessKeysRequest, IamTarget, ListAccessKeysResponse>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, ListAccessKeysRequest request, CancellationToken ct) =>
        UserTargets.ResolveAsync(directories, call, request.UserName, ct);

    public ValueTask<Plan<ListAccessKeysResponse>> PlanAsync(
        CallContext call, Authorized<ListAccessKeysRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var keys = KeyOwner.Of(target, request.UserName).Keys.OrderBy(key => key.AccessKeyId, StringComparer.Ordinal);
        return new(new ListAccessKeysResponse(paging.Cut(keys, key => key.AccessKeyId, request)));
    }
}
