using System.Text.Json;
using System.Xml;
using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Groups;

/// <summary>Source: IAM model, CreateGroup.</summary>
internal sealed class CreateGroupRequest
{
    public string? Path { get; private set; }
    public string? GroupName { get; private set; }

    public static Shape<CreateGroupRequest> Shape { get; } = new(
        Member.String<CreateGroupRequest>("Path", r => r.Path, (r, v) => r.Path = v, IamLimits.Path),
        Member.String<CreateGroupRequest>("GroupName", r => r.GroupName, (r, v) => r.GroupName = v, IamLimits.GroupName, required: true));
}

internal sealed record CreateGroupResponse(string Account, IamGroup Group) : IXmlResponse
{
    public bool HasAuditElements => true;

    public void WriteXml(XmlWriter writer) => GroupParts.WriteElement(writer, Account, Group);

    public void WriteAuditElements(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("group"u8);
        writer.WriteString("path"u8, Group.Path);
        writer.WriteString("groupName"u8, Group.Name);
        writer.WriteString("groupId"u8, Group.Id);
        writer.WriteString("arn"u8, Group.Arn(Account));
        writer.WriteEndObject();
    }
}

internal sealed class CreateGroup(IamDirectories directories, Entropy entropy) : IOperation<CreateGroupRequest, IamTarget, CreateGroupResponse>
{
    // Source: IAM fact sheet 6.5, LimitExceeded.
    public const int MaxGroups = 300;

    public async ValueTask<IamTarget> ResolveAsync(CallContext call, CreateGroupRequest request, CancellationToken ct)
    {
        var directory = await directories.GetAsync(call.Caller.Account, ct);
        return new IamTarget(directory, $"arn:aws:iam::{directory.Account}:group{request.Path ?? "/"}{request.GroupName}");
    }

    public ValueTask<Plan<CreateGroupResponse>> PlanAsync(CallContext call, Authorized<CreateGroupRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var directory = target.Directory;
        if (directory.FindGroup(request.GroupName!) is { } taken)
            throw IamErrors.GroupExists(taken.Name);
        if (directory.All<IamGroup>().Count() >= MaxGroups)
            throw IamErrors.QuotaExceeded("GroupsPerAccount", MaxGroups);

        var group = new IamGroup
        {
            Name = request.GroupName!,
            Path = request.Path ?? "/",
            Id = IamIds.New("AGPA", entropy),
            CreatedAtMs = call.Now.ToUnixTimeMilliseconds(),
        };
        return new(new Plan<CreateGroupResponse>(new CreateGroupResponse(directory.Account, group), directory.Change([group])));
    }
}
