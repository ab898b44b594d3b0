using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Users;

/// <summary>Source: IAM model, GetUser; IAM fact sheet 6.2.</summary>
internal sealed class GetUserRequest
{
    public string? UserName { get; private set; }

    public static Shape<GetUserRequest> Shape { get; } = new(
        Member.String<GetUserRequest>("UserName", r => r.UserName, (r, v) => r.UserName = v, IamLimits.ExistingUserName));
}

internal sealed class GetUser(IamDirectories directories) : IOperation<GetUserRequest, IamTarget, UserResponse>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, GetUserRequest request, CancellationToken ct) =>
        UserTargets.ResolveAsync(directories, call, request.UserName, ct);

    public ValueTask<Plan<UserResponse>> PlanAsync(CallContext call, Authorized<GetUserRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        return new(new UserResponse(target.Account, UserTargets.Existing(target, request.UserName)));
    }
}
