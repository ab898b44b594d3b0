using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Roles;

/// <summary>Source: IAM model, UntagRole.</summary>
internal sealed class UntagRoleRequest
{
    public string? RoleName { get; private set; }
    public IReadOnlyList<string>? TagKeys { get; private set; }

    public static Shape<UntagRoleRequest> Shape { get; } = new(
        Member.String<UntagRoleRequest>("RoleName", r => r.RoleName, (r, v) => r.RoleName = v, IamLimits.RoleName, required: true),
        Member.Strings<UntagRoleRequest>("TagKeys", r => r.TagKeys, (r, v) => r.TagKeys = v, IamLimits.TagKey, max: 50, required: true));
}

internal sealed class UntagRole(IamDirectories directories) : IOperation<UntagRoleRequest, IamTarget, Done>
{
    public async ValueTask<IamTarget> ResolveAsync(CallContext call, UntagRoleRequest request, CancellationToken ct) =>
        await RoleTargets.ResolveAsync(directories, call, request.RoleName!, ct) with { ServiceKeys = new RemovedTagKeys(request.TagKeys!) };

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<UntagRoleRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var role = RoleTargets.Existing(target, request.RoleName!);
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([role with { Tags = IamTags.Remove(role.Tags, request.TagKeys!) }])));
    }
}
