using System.Xml;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Users;

/// <summary>Source: IAM model, ListUsers.</summary>
internal sealed class ListUsersRequest : PagedRequest
{
    public string? PathPrefix { get; private set; }

    public static Shape<ListUsersRequest> Shape { get; } = new(Members(
        Member.String<ListUsersRequest>("PathPrefix", r => r.PathPrefix, (r, v) => r.PathPrefix = v, IamLimits.PathPrefix)));
}

internal sealed record ListUsersResponse(string Account, Page<IamUser> Page) : IXmlResponse
{
    public void WriteXml(XmlWriter writer)
    {
        writer.WriteList("Users", Page.Items, (inner, user) => UserParts.Write(inner, Account, user));
        Page.WriteEnd(writer);
    }
}

internal sealed class ListUsers(IamDirectories directories, Paging paging) : IOperation<ListUsersRequest, IamTarget, ListUsersResponse>
{
    public async ValueTask<IamTarget> ResolveAsync(CallContext call, ListUsersRequest request, CancellationToken ct)
    {
        var directory = await directories.GetAsync(call.Caller.Account, ct);
        return new IamTarget(directory, $"arn:aws:iam::{directory.Account}:user{request.PathPrefix ?? "/"}");
    }

    public ValueTask<Plan<ListUsersResponse>> PlanAsync(CallContext call, Authorized<ListUsersRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var users = target.Directory.All<IamUser>().Where(user => user.Path.StartsWith(request.PathPrefix ?? "/", StringComparison.Ordinal));
        return new(new ListUsersResponse(target.Account, paging.Cut(users, user => user.Key, request)));
    }
}
