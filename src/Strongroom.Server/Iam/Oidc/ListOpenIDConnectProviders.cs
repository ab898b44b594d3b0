using System.Xml;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Oidc;

/// <summary>Has no parameters, pages neither. Source: IAM model, ListOpenIDConnectProviders.</summary>
internal sealed class ListOpenIDConnectProvidersRequest
{
    public static Shape<ListOpenIDConnectProvidersRequest> Shape { get; } = new();
}

internal sealed record ListOpenIDConnectProvidersResponse(IReadOnlyList<string> Arns) : IXmlResponse
{
    public void WriteXml(XmlWriter writer) =>
        writer.WriteList("OpenIDConnectProviderList", Arns, static (inner, arn) => inner.WriteElementString("Arn", arn));
}

internal sealed class ListOpenIDConnectProviders(IamDirectories directories)
    : IOperation<ListOpenIDConnectProvidersRequest, IamTarget, ListOpenIDConnectProvidersResponse>
{
    public async ValueTask<IamTarget> ResolveAsync(CallContext call, ListOpenIDConnectProvidersRequest request, CancellationToken ct)
    {
        var directory = await directories.GetAsync(call.Caller.Account, ct);
        return new IamTarget(directory, $"arn:aws:iam::{directory.Account}:oidc-provider/*");
    }

    public ValueTask<Plan<ListOpenIDConnectProvidersResponse>> PlanAsync(
        CallContext call, Authorized<ListOpenIDConnectProvidersRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (_, target) = authorized;
        return new(new ListOpenIDConnectProvidersResponse([.. target.Directory.All<IamOidcProvider>().Select(provider => provider.Arn(target.Account))]));
    }
}
