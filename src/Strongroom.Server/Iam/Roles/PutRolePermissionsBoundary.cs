using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Roles;

/// <summary>Source: IAM model, PutRolePermissionsBoundary.</summary>
internal sealed class PutRolePermissionsBoundaryRequest
{
    public string? RoleName { get; private set; }
    public string? PermissionsBoundary { get; private set; }

    public static Shape<PutRolePermissionsBoundaryRequest> Shape { get; } = new(
        Member.String<PutRolePermissionsBoundaryRequest>("RoleName", r => r.RoleName, (r, v) => r.RoleName = v, IamLimits.RoleName, required: true),
        Member.String<PutRolePermissionsBoundaryRequest>(
            "PermissionsBoundary", r => r.PermissionsBoundary, (r, v) => r.PermissionsBoundary = v, IamLimits.Arn, required: true));
}

internal sealed class PutRolePermissionsBoundary(IamDirectories directories) : IOperation<PutRolePermissionsBoundaryRequest, IamTarget, Done>
{
    public async ValueTask<IamTarget> ResolveAsync(CallContext call, PutRolePermissionsBoundaryRequest request, CancellationToken ct) =>
        await RoleTargets.ResolveAsync(directories, call, request.RoleName!, ct) with { ServiceKeys = new BoundaryKey(request.PermissionsBoundary) };

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<PutRolePermissionsBoundaryRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var role = RoleTargets.Existing(target, request.RoleName!);
        var boundary = Boundaries.Check(target.Directory, request.PermissionsBoundary);
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([role with { Boundary = boundary }])));
    }
}
