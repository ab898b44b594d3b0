using System.Text.Json;
using System.Xml;
using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Users;

/// <summary>Source: IAM model, CreateUser; IAM fact sheet 6.2, 6.5.</summary>
internal sealed class CreateUserRequest
{
    public string? Path { get; private set; }
    public string? UserName { get; private set; }
    public string? PermissionsBoundary { get; private set; }
    public IReadOnlyList<TagRequest>? Tags { get; private set; }

    public static Shape<CreateUserRequest> Shape { get; } = new(
        Member.String<CreateUserRequest>("Path", r => r.Path, (r, v) => r.Path = v, IamLimits.Path),
        Member.String<CreateUserRequest>("UserName", r => r.UserName, (r, v) => r.UserName = v, IamLimits.UserName, required: true),
        Member.String<CreateUserRequest>("PermissionsBoundary", r => r.PermissionsBoundary, (r, v) => r.PermissionsBoundary = v, IamLimits.Arn),
        Member.Structs<CreateUserRequest, TagRequest>("Tags", TagRequest.Shape, r => r.Tags, (r, v) => r.Tags = v, max: 50));
}

/// <summary>A user as CreateUser and GetUser show it.</summary>
internal sealed record UserResponse(string Account, IamUser User) : IXmlResponse
{
    public bool HasAuditElements { get; init; }

    public void WriteXml(XmlWriter writer)
    {
        writer.WriteStartElement("User");
        UserParts.Write(writer, Account, User);
        UserParts.WriteDetails(writer, User);
        writer.WriteEndElement();
    }

    public void WriteAuditElements(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("user"u8);
        writer.WriteString("path"u8, User.Path);
        writer.WriteString("userName"u8, User.Name);
        writer.WriteString("userId"u8, User.Id);
        writer.WriteString("arn"u8, User.Arn(Account));
        writer.WriteEndObject();
    }
}

internal sealed class CreateUser(IamDirectories directories, Entropy entropy) : IOperation<CreateUserRequest, IamTarget, UserResponse>
{
    // Source: IAM fact sheet 6.5, LimitExceeded.
    public const int MaxUsers = 5000;

    public async ValueTask<IamTarget> ResolveAsync(CallContext call, CreateUserRequest request, CancellationToken ct)
    {
        var directory = await directories.GetAsync(call.Caller.Account, ct);
        var arn = $"arn:aws:iam::{directory.Account}:user{request.Path ?? "/"}{request.UserName}";
        return new IamTarget(directory, arn, null)
        {
            RequestTags = IamTarget.ToTagSet(TagRequest.ToTags(request.Tags)),
            ServiceKeys = new BoundaryKey(request.PermissionsBoundary),
        };
    }

    public ValueTask<Plan<UserResponse>> PlanAsync(CallContext call, Authorized<CreateUserRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var directory = target.Directory;
        if (directory.FindUser(request.UserName!) is { } taken)
            throw IamErrors.UserExists(taken.Name);
        if (directory.All<IamUser>().Count() >= MaxUsers)
            throw IamErrors.QuotaExceeded("UsersPerAccount", MaxUsers);

        var user = new IamUser
        {
            Name = request.UserName!,
            Path = request.Path ?? "/",
            Id = IamIds.New("AIDA", entropy),
            CreatedAtMs = call.Now.ToUnixTimeMilliseconds(),
            Tags = TagRequest.ToTags(request.Tags),
            Boundary = Boundaries.Check(directory, request.PermissionsBoundary),
        };
        return new(new Plan<UserResponse>(new UserResponse(directory.Account, user) { HasAuditElements = true }, directory.Change([user])));
    }
}
