using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Users;

/// <summary>Source: IAM model, PutUserPermissionsBoundary.</summary>
internal sealed class PutUserPermissionsBoundaryRequest
{
    public string? UserName { get; private set; }
    public string? PermissionsBoundary { get; private set; }

    public static Shape<PutUserPermissionsBoundaryRequest> Shape { get; } = new(
        Member.String<PutUserPermissionsBoundaryRequest>("UserName", r => r.UserName, (r, v) => r.UserName = v, IamLimits.UserName, required: true),
        Member.String<PutUserPermissionsBoundaryRequest>(
            "PermissionsBoundary", r => r.PermissionsBoundary, (r, v) => r.PermissionsBoundary = v, IamLimits.Arn, required: true));
}

internal sealed class PutUserPermissionsBoundary(IamDirectories directories) : IOperation<PutUserPermissionsBoundaryRequest, IamTarget, Done>
{
    public async ValueTask<IamTarget> ResolveAsync(CallContext call, PutUserPermissionsBoundaryRequest request, CancellationToken ct) =>
        await UserTargets.ResolveAsync(directories, call, request.UserName, ct) with { ServiceKeys = new BoundaryKey(request.PermissionsBoundary) };

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<PutUserPermissionsBoundaryRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var user = UserTargets.Existing(target, request.UserName);
        var bounded = user with { Boundary = Boundaries.Check(target.Directory, request.PermissionsBoundary) };
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([bounded])));
    }
}
