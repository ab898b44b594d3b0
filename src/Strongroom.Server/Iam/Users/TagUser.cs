using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Users;

/// <summary>Source: IAM model, TagUser.</summary>
internal sealed class TagUserRequest
{
    public string? UserName { get; private set; }
    public IReadOnlyList<TagRequest>? Tags { get; private set; }

    public static Shape<TagUserRequest> Shape { get; } = new(
        Member.String<TagUserRequest>("UserName", r => r.UserName, (r, v) => r.UserName = v, IamLimits.ExistingUserName, required: true),
        Member.Structs<TagUserRequest, TagRequest>("Tags", TagRequest.Shape, r => r.Tags, (r, v) => r.Tags = v, max: 50, required: true));
}

internal sealed class TagUser(IamDirectories directories) : IOperation<TagUserRequest, IamTarget, Done>
{
    public async ValueTask<IamTarget> ResolveAsync(CallContext call, TagUserRequest request, CancellationToken ct) =>
        await UserTargets.ResolveAsync(directories, call, request.UserName, ct) with { RequestTags = IamTarget.ToTagSet(TagRequest.ToTags(request.Tags)) };

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<TagUserRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var user = UserTargets.Existing(target, request.UserName);
        var tagged = user with { Tags = IamTags.Merge(user.Tags, TagRequest.ToTags(request.Tags), "TagsPerUser") };
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([tagged])));
    }
}
