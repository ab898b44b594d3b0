using System.Text.Json;
using System.Xml;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Oidc;

/// <summary>Source: IAM model, CreateOpenIDConnectProvider; IAM fact sheet 6.2, 6.5.</summary>
internal sealed class CreateOpenIDConnectProviderRequest
{
    public string? Url { get; private set; }
    public IReadOnlyList<string>? ClientIds { get; private set; }
    public IReadOnlyList<string>? Thumbprints { get; private set; }
    public IReadOnlyList<TagRequest>? Tags { get; private set; }

    public static Shape<CreateOpenIDConnectProviderRequest> Shape { get; } = new(
        Member.String<CreateOpenIDConnectProviderRequest>("Url", r => r.Url, (r, v) => r.Url = v, IamLimits.ProviderUrl, required: true),
        Member.Strings<CreateOpenIDConnectProviderRequest>("ClientIDList", r => r.ClientIds, (r, v) => r.ClientIds = v, IamLimits.ClientId),
        Member.Strings<CreateOpenIDConnectProviderRequest>("ThumbprintList", r => r.Thumbprints, (r, v) => r.Thumbprints = v, IamLimits.Thumbprint),
        Member.Structs<CreateOpenIDConnectProviderRequest, TagRequest>("Tags", TagRequest.Shape, r => r.Tags, (r, v) => r.Tags = v, max: 50));
}

internal sealed record CreateOpenIDConnectProviderResponse(string Arn, IReadOnlyList<IamTag> Tags) : IXmlResponse
{
    public bool HasAuditElements => true;

    public void WriteXml(XmlWriter writer)
    {
        writer.WriteElementString("OpenIDConnectProviderArn", Arn);
        IamTags.Write(writer, Tags);
    }

    public void WriteAuditElements(Utf8JsonWriter writer) => writer.WriteString("openIDConnectProviderArn"u8, Arn);
}

internal sealed class CreateOpenIDConnectProvider(IamDirectories directories)
    : IOperation<CreateOpenIDConnectProviderRequest, IamTarget, CreateOpenIDConnectProviderResponse>
{
    // Source: IAM quotas, "OpenID connect providers per account".
    private const int MaxProviders = 100;

    public async ValueTask<IamTarget> ResolveAsync(CallContext call, CreateOpenIDConnectProviderRequest request, CancellationToken ct)
    {
        var directory = await directories.GetAsync(call.Caller.Account, ct);
        return new IamTarget(directory, $"arn:aws:iam::{directory.Account}:oidc-provider/{ProviderParts.CheckUrl(request.Url!)}")
        {
            RequestTags = IamTarget.ToTagSet(TagRequest.ToTags(request.Tags)),
        };
    }

    public ValueTask<Plan<CreateOpenIDConnectProviderResponse>> PlanAsync(
        CallContext call, Authorized<CreateOpenIDConnectProviderRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var directory = target.Directory;
        var provider = new IamOidcProvider
        {
            Url = ProviderParts.CheckUrl(request.Url!),
            ClientIds = ProviderParts.CheckClientIds(request.ClientIds ?? []),
            Thumbprints = ProviderParts.CheckThumbprints(request.Thumbprints ?? []),
            CreatedAtMs = call.Now.ToUnixTimeMilliseconds(),
            Tags = TagRequest.ToTags(request.Tags),
        };
        if (directory.FindOidcProvider(provider.Url) is not null)
            throw IamErrors.Exists($"Provider with url {request.Url} already exists.");
        if (directory.All<IamOidcProvider>().Count() >= MaxProviders)
            throw IamErrors.QuotaExceeded("OpenIdConnectProvidersPerAccount", MaxProviders);
        return new(new Plan<CreateOpenIDConnectProviderResponse>(
            new CreateOpenIDConnectProviderResponse(provider.Arn(directory.Account), provider.Tags), directory.Change([provider])));
    }
}
