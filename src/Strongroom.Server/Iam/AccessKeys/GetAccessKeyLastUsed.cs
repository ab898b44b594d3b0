using System.Xml;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Authentication;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam.Users;
using Strongroom.Storage;

namespace Strongroom.Server.Iam.AccessKeys;

/// <summary>Source: IAM model, GetAccessKeyLastUsed; IAM fact sheet 6.2.</summary>
internal sealed class GetAccessKeyLastUsedRequest
{
    public string? AccessKeyId { get; private set; }

    public static Shape<GetAccessKeyLastUsedRequest> Shape { get; } = new(
        Member.String<GetAccessKeyLastUsedRequest>("AccessKeyId", r => r.AccessKeyId, (r, v) => r.AccessKeyId = v, IamLimits.AccessKeyId, required: true));
}

/// <param name="UserName">Null for a key of the root.</param>
internal sealed record GetAccessKeyLastUsedResponse(string? UserName, AccessKeyUse? Use) : IXmlResponse
{
    private const string Never = "N/A";

    public void WriteXml(XmlWriter writer)
    {
        writer.WriteOptional("UserName", UserName);
        writer.WriteStartElement("AccessKeyLastUsed");
        if (Use is not null)
            writer.WriteTime("LastUsedDate", Use.UsedAt);
        writer.WriteElementString("ServiceName", Use?.Service ?? Never);
        writer.WriteElementString("Region", Use?.Region ?? Never);
        writer.WriteEndElement();
    }
}

internal sealed class GetAccessKeyLastUsed(IamDirectories directories, CredentialUses uses)
    : IOperation<GetAccessKeyLastUsedRequest, IamTarget, GetAccessKeyLastUsedResponse>
{
    /// <remarks>Permission is asked on the key's user. For a key that the account does not have only a permission on everything will do, so that nobody else learns of it.</remarks>
    public async ValueTask<IamTarget> ResolveAsync(CallContext call, GetAccessKeyLastUsedRequest request, CancellationToken ct)
    {
        var directory = await directories.GetAsync(call.Caller.Account, ct);
        return directory.FindAccessKey(request.AccessKeyId!) is { UserName: { } owner } ? UserTargets.Of(directory, owner) : new IamTarget(directory, "*");
    }

    public async ValueTask<Plan<GetAccessKeyLastUsedResponse>> PlanAsync(
        CallContext call, Authorized<GetAccessKeyLastUsedRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var key = target.Directory.FindAccessKey(request.AccessKeyId!) ?? throw IamErrors.NoSuchAccessKey(request.AccessKeyId!);
        return new GetAccessKeyLastUsedResponse(key.UserName, await uses.FindAsync(key.AccessKeyId, ct));
    }
}
