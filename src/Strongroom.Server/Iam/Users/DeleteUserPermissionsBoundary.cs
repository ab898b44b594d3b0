using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Users;

/// <summary>Source: IAM model, DeleteUserPermissionsBoundary.</summary>
internal sealed class DeleteUserPermissionsBoundaryRequest
{
    public string? UserName { get; private set; }

    public static Shape<DeleteUserPermissionsBoundaryRequest> Shape { get; } = new(
        Member.String<DeleteUserPermissionsBoundaryRequest>("UserName", r => r.UserName, (r, v) => r.UserName = v, IamLimits.UserName, required: true));
}

internal sealed class DeleteUserPermissionsBoundary(IamDirectories directories) : IOperation<DeleteUserPermissionsBoundaryRequest, IamTarget, Done>
{
    public async ValueTask<IamTarget> ResolveAsync(CallContext call, DeleteUserPermissionsBoundaryRequest request, CancellationToken ct)
    {
        // The boundary that is about to go: who bounds others lets delegates touch no other.
        var target = await UserTargets.ResolveAsync(directories, call, request.UserName, ct);
        return target with { ServiceKeys = new BoundaryKey((target.Entity as IamUser)?.Boundary) };
    }

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<DeleteUserPermissionsBoundaryRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var user = UserTargets.Existing(target, request.UserName);
        if (user.Boundary is null)
            throw IamErrors.NoSuchEntity($"The user with name {user.Name} has no permissions boundary.");
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([user with { Boundary = null }])));
    }
}
