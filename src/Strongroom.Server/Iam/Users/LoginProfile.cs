using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Users;

/// <summary>Source: IAM model, GetLoginProfile and DeleteLoginProfile.</summary>
internal sealed class LoginProfileRequest
{
    public string? UserName { get; private set; }

    public static Shape<LoginProfileRequest> Shape { get; } = new(
        Member.String<LoginProfileRequest>("UserName", r => r.UserName, (r, v) => r.UserName = v, IamLimits.UserName));
}

/// <summary>GetLoginProfile and DeleteLoginProfile: nobody has a password here, which tools ask for before they delete a user. Source: IAM fact sheet 6.1.</summary>
internal sealed class LoginProfile(IamDirectories directories) : IOperation<LoginProfileRequest, IamTarget, Done>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, LoginProfileRequest request, CancellationToken ct) =>
        UserTargets.ResolveAsync(directories, call, request.UserName, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<LoginProfileRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        throw IamErrors.NoLoginProfile(UserTargets.IsRoot(target) ? target.Account : UserTargets.Existing(target, request.UserName).Name);
    }
}
