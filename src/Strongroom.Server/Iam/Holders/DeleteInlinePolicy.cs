using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Holders;

/// <summary>DeleteUserPolicy, DeleteGroupPolicy, DeleteRolePolicy. Source: IAM model.</summary>
internal sealed class DeleteInlinePolicy(IamDirectories directories, HolderKind kind) : IOperation<InlinePolicyRequest, IamTarget, Done>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, InlinePolicyRequest request, CancellationToken ct) =>
        InlinePolicies.ResolveAsync(directories, call, kind, request.Name!, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<InlinePolicyRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var holder = kind.Existing(target, request.Name!);
        var policies = InlinePolicies.Copy(holder);
        if (!policies.Remove(request.PolicyName!))
            throw kind.NoSuchInline(request.PolicyName!);
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([holder with { InlinePolicies = policies }])));
    }
}
