using System.Xml;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Account;

/// <summary>Source: IAM model, ListAccountAliases.</summary>
internal sealed class ListAccountAliasesRequest : PagedRequest
{
    public static Shape<ListAccountAliasesRequest> Shape { get; } = new(Members<ListAccountAliasesRequest>());
}

internal sealed record ListAccountAliasesResponse(Page<string> Page) : IXmlResponse
{
    public void WriteXml(XmlWriter writer)
    {
        writer.WriteStrings("AccountAliases", Page.Items);
        Page.WriteEnd(writer);
    }
}

internal sealed class ListAccountAliases(IamDirectories directories, Paging paging)
    : IOperation<ListAccountAliasesRequest, IamTarget, ListAccountAliasesResponse>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, ListAccountAliasesRequest request, CancellationToken ct) =>
        WholeAccount.ResolveAsync(directories, call, ct);

    public ValueTask<Plan<ListAccountAliasesResponse>> PlanAsync(
        CallContext call, Authorized<ListAccountAliasesRequest, IamTarget> authorized, CancellationToken ct)
    {
        string[] aliases = authorized.Target.Directory.Alias is { } alias ? [alias.Alias] : [];
        return new(new ListAccountAliasesResponse(paging.Cut(aliases, name => name, authorized.Request)));
    }
}
