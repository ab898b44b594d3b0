using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Policies;

/// <summary>Source: IAM model, SetDefaultPolicyVersion.</summary>
internal sealed class SetDefaultPolicyVersion(IamDirectories directories) : IOperation<PolicyVersionRequest, IamTarget, Done>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, PolicyVersionRequest request, CancellationToken ct) =>
        PolicyTargets.ResolveAsync(directories, call, request.PolicyArn!, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<PolicyVersionRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var policy = PolicyTargets.Changeable(call, target, "SetDefaultPolicyVersion");
        var version = policy.Versions.FirstOrDefault(version => version.VersionId == request.VersionId)
            ?? throw IamErrors.NoSuchVersion(request.PolicyArn!, request.VersionId!);
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([policy with { DefaultVersion = version.Number }])));
    }
}
