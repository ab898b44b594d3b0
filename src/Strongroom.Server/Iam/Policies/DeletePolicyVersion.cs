using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Policies;

/// <summary>Source: IAM model, DeletePolicyVersion.</summary>
internal sealed class DeletePolicyVersion(IamDirectories directories) : IOperation<PolicyVersionRequest, IamTarget, Done>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, PolicyVersionRequest request, CancellationToken ct) =>
        PolicyTargets.ResolveAsync(directories, call, request.PolicyArn!, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<PolicyVersionRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var policy = PolicyTargets.Changeable(call, target, "DeletePolicyVersion");
        var version = policy.Versions.FirstOrDefault(version => version.VersionId == request.VersionId)
            ?? throw IamErrors.NoSuchVersion(request.PolicyArn!, request.VersionId!);
        if (version.Number == policy.DefaultVersion)
            throw IamErrors.DeleteConflict("Cannot delete the default version of a policy.");
        IReadOnlyList<IamPolicyVersion> left = [.. policy.Versions.Where(other => other.Number != version.Number)];
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([policy with { Versions = left }])));
    }
}
