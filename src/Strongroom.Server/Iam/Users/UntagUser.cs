using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Users;

/// <summary>Source: IAM model, UntagUser.</summary>
internal sealed class UntagUserRequest
{
    public string? UserName { get; private set; }
    public IReadOnlyList<string>? TagKeys { get; private set; }

    public static Shape<UntagUserRequest> Shape { get; } = new(
        Member.String<UntagUserRequest>("UserName", r => r.UserName, (r, v) => r.UserName = v, IamLimits.ExistingUserName, required: true),
        Member.Strings<UntagUserRequest>("TagKeys", r => r.TagKeys, (r, v) => r.TagKeys = v, IamLimits.TagKey, max: 50, required: true));
}

internal sealed class UntagUser(IamDirectories directories) : IOperation<UntagUserRequest, IamTarget, Done>
{
    public async ValueTask<IamTarget> ResolveAsync(CallContext call, UntagUserRequest request, CancellationToken ct) =>
        await UserTargets.ResolveAsync(directories, call, request.UserName, ct) with { ServiceKeys = new RemovedTagKeys(request.TagKeys!) };

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<UntagUserRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var user = UserTargets.Existing(target, request.UserName);
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([user with { Tags = IamTags.Remove(user.Tags, request.TagKeys!) }])));
    }
}
