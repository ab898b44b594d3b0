using System.Xml;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Roles;

/// <summary>Source: IAM model, UpdateRole.</summary>
internal sealed class UpdateRoleRequest
{
    public string? RoleName { get; private set; }
    public string? Description { get; private set; }
    public long? MaxSessionDuration { get; private set; }

    public static Shape<UpdateRoleRequest> Shape { get; } = new(
        Member.String<UpdateRoleRequest>("RoleName", r => r.RoleName, (r, v) => r.RoleName = v, IamLimits.RoleName, required: true),
        Member.String<UpdateRoleRequest>("Description", r => r.Description, (r, v) => r.Description = v, IamLimits.RoleDescription),
        Member.Long<UpdateRoleRequest>(
            "MaxSessionDuration", r => r.MaxSessionDuration, (r, v) => r.MaxSessionDuration = v, IamLimits.MinRoleSession, IamLimits.MaxRoleSession));
}

/// <summary>A result element that is there and empty. Source: IAM fact sheet 6.2.</summary>
internal sealed class UpdateRoleResponse : IXmlResponse
{
    public void WriteXml(XmlWriter writer)
    {
    }
}

internal sealed class UpdateRole(IamDirectories directories) : IOperation<UpdateRoleRequest, IamTarget, UpdateRoleResponse>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, UpdateRoleRequest request, CancellationToken ct) =>
        RoleTargets.ResolveAsync(directories, call, request.RoleName!, ct);

    public ValueTask<Plan<UpdateRoleResponse>> PlanAsync(CallContext call, Authorized<UpdateRoleRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var role = RoleTargets.Existing(target, request.RoleName!);
        var updated = role with
        {
            Description = request.Description ?? role.Description,
            MaxSessionDuration = (int)(request.MaxSessionDuration ?? role.MaxSessionDuration),
        };
        return new(new Plan<UpdateRoleResponse>(new UpdateRoleResponse(), target.Directory.Change([updated])));
    }
}
