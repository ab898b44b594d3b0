using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Policies;

/// <summary>Source: IAM model, DeletePolicy; IAM fact sheet 6.5, DeleteConflict.</summary>
internal sealed class DeletePolicy(IamDirectories directories) : IOperation<PolicyRequest, IamTarget, Done>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, PolicyRequest request, CancellationToken ct) =>
        PolicyTargets.ResolveAsync(directories, call, request.PolicyArn!, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<PolicyRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (_, target) = authorized;
        var policy = PolicyTargets.Changeable(call, target, "DeletePolicy");
        if (PolicyUse.Of(target.Directory, target.ResourceArn).IsUsed)
            throw IamErrors.DeleteConflict("Cannot delete a policy attached to entities.");
        if (policy.Versions.Count > 1)
        {
            throw IamErrors.DeleteConflict(
                "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.");
        }

        return new(new Plan<Done>(Done.Instance, target.Directory.Change([], [policy])));
    }
}
