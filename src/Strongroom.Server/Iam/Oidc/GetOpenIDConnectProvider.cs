using System.Xml;
using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Oidc;

internal sealed record GetOpenIDConnectProviderResponse(IamOidcProvider Provider) : IXmlResponse
{
    public void WriteXml(XmlWriter writer)
    {
        writer.WriteElementString("Url", ProviderParts.Show(Provider.Url));
        writer.WriteStrings("ClientIDList", Provider.ClientIds);
        writer.WriteStrings("ThumbprintList", Provider.Thumbprints);
        writer.WriteTime("CreateDate", Provider.CreatedAt);
        IamTags.Write(writer, Provider.Tags);
    }
}

/// <summary>Source: IAM model, GetOpenIDConnectProvider.</summary>
internal sealed class GetOpenIDConnectProvider(IamDirectories directories) : IOperation<ProviderRequest, IamTarget, GetOpenIDConnectProviderResponse>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, ProviderRequest request, CancellationToken ct) =>
        ProviderTargets.ResolveAsync(directories, call, request.Arn!, ct);

    public ValueTask<Plan<GetOpenIDConnectProviderResponse>> PlanAsync(
        CallContext call, Authorized<ProviderRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (_, target) = authorized;
        return new(new GetOpenIDConnectProviderResponse(ProviderTargets.Existing(target)));
    }
}
