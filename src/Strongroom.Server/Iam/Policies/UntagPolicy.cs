using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Policies;

/// <summary>Source: IAM model, UntagPolicy.</summary>
internal sealed class UntagPolicyRequest
{
    public string? PolicyArn { get; private set; }
    public IReadOnlyList<string>? TagKeys { get; private set; }

    public static Shape<UntagPolicyRequest> Shape { get; } = new(
        Member.String<UntagPolicyRequest>("PolicyArn", r => r.PolicyArn, (r, v) => r.PolicyArn = v, IamLimits.Arn, required: true),
        Member.Strings<UntagPolicyRequest>("TagKeys", r => r.TagKeys, (r, v) => r.TagKeys = v, IamLimits.TagKey, max: 50, required: true));
}

internal sealed class UntagPolicy(IamDirectories directories) : IOperation<UntagPolicyRequest, IamTarget, Done>
{
    public async ValueTask<IamTarget> ResolveAsync(CallContext call, UntagPolicyRequest request, CancellationToken ct) =>
        await PolicyTargets.ResolveAsync(directories, call, request.PolicyArn!, ct) with { ServiceKeys = new RemovedTagKeys(request.TagKeys!) };

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<UntagPolicyRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var policy = PolicyTargets.Changeable(call, target, "UntagPolicy");
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([policy with { Tags = IamTags.Remove(policy.Tags, request.TagKeys!) }])));
    }
}
