using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Roles;

/// <summary>Source: IAM model, TagRole.</summary>
internal sealed class TagRoleRequest
{
    public string? RoleName { get; private set; }
    public IReadOnlyList<TagRequest>? Tags { get; private set; }

    public static Shape<TagRoleRequest> Shape { get; } = new(
        Member.String<TagRoleRequest>("RoleName", r => r.RoleName, (r, v) => r.RoleName = v, IamLimits.RoleName, required: true),
        Member.Structs<TagRoleRequest, TagRequest>("Tags", TagRequest.Shape, r => r.Tags, (r, v) => r.Tags = v, max: 50, required: true));
}

internal sealed class TagRole(IamDirectories directories) : IOperation<TagRoleRequest, IamTarget, Done>
{
    public async ValueTask<IamTarget> ResolveAsync(CallContext call, TagRoleRequest request, CancellationToken ct) =>
        await RoleTargets.ResolveAsync(directories, call, request.RoleName!, ct) with { RequestTags = IamTarget.ToTagSet(TagRequest.ToTags(request.Tags)) };

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<TagRoleRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var role = RoleTargets.Existing(target, request.RoleName!);
        var tags = IamTags.Merge(role.Tags, TagRequest.ToTags(request.Tags), "TagsPerRole");
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([role with { Tags = tags }])));
    }
}
