using System.Xml;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Storage;

namespace Strongroom.Server.Iam.Users;

/// <summary>Source: IAM model, GetUser; IAM fact sheet 6.2.</summary>
internal sealed class GetUserRequest
{
    public string? UserName { get; private set; }

    public static Shape<GetUserRequest> Shape { get; } = new(
        Member.String<GetUserRequest>("UserName", r => r.UserName, (r, v) => r.UserName = v, IamLimits.ExistingUserName));
}

/// <summary>A user, or the root: that one has neither name nor path, and the account's number for an id.</summary>
internal sealed record GetUserResponse(string Account, IamUser? User, DateTimeOffset AccountCreatedAt) : IXmlResponse
{
    public void WriteXml(XmlWriter writer)
    {
        if (User is not null)
        {
            new UserResponse(Account, User).WriteXml(writer);
            return;
        }

        writer.WriteStartElement("User");
        writer.WriteElementString("UserId", Account);
        writer.WriteElementString("Arn", Authentication.AccessKeys.RootArn(Account));
        writer.WriteTime("CreateDate", AccountCreatedAt);
        writer.WriteEndElement();
    }
}

internal sealed class GetUser(IamDirectories directories, IDirectoryStore store) : IOperation<GetUserRequest, IamTarget, GetUserResponse>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, GetUserRequest request, CancellationToken ct) =>
        UserTargets.ResolveAsync(directories, call, request.UserName, ct);

    public async ValueTask<Plan<GetUserResponse>> PlanAsync(CallContext call, Authorized<GetUserRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        if (!UserTargets.IsRoot(target))
            return new GetUserResponse(target.Account, UserTargets.Existing(target, request.UserName), default);
        var account = (await store.ListAccountsAsync(ct)).Single(a => a.Account == target.Account);
        return new GetUserResponse(target.Account, null, account.CreatedAt);
    }
}
