using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Policies;

/// <summary>Source: IAM model, TagPolicy.</summary>
internal sealed class TagPolicyRequest
{
    public string? PolicyArn { get; private set; }
    public IReadOnlyList<TagRequest>? Tags { get; private set; }

    public static Shape<TagPolicyRequest> Shape { get; } = new(
        Member.String<TagPolicyRequest>("PolicyArn", r => r.PolicyArn, (r, v) => r.PolicyArn = v, IamLimits.Arn, required: true),
        Member.Structs<TagPolicyRequest, TagRequest>("Tags", TagRequest.Shape, r => r.Tags, (r, v) => r.Tags = v, max: 50, required: true));
}

internal sealed class TagPolicy(IamDirectories directories) : IOperation<TagPolicyRequest, IamTarget, Done>
{
    public async ValueTask<IamTarget> ResolveAsync(CallContext call, TagPolicyRequest request, CancellationToken ct) =>
        await PolicyTargets.ResolveAsync(directories, call, request.PolicyArn!, ct) with { RequestTags = IamTarget.ToTagSet(TagRequest.ToTags(request.Tags)) };

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<TagPolicyRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var policy = PolicyTargets.Changeable(call, target, "TagPolicy");
        var tags = IamTags.Merge(policy.Tags, TagRequest.ToTags(request.Tags), "TagsPerPolicy");
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([policy with { Tags = tags }])));
    }
}
