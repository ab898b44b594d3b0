using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Simulation;

/// <summary>Source: IAM model, SimulatePrincipalPolicy.</summary>
internal sealed class SimulatePrincipalPolicyRequest : SimulationRequest
{
    public string? PolicySourceArn { get; private set; }

    public static Shape<SimulatePrincipalPolicyRequest> Shape { get; } = new(SimulationMembers(
        needsPolicies: false,
        Member.String<SimulatePrincipalPolicyRequest>("PolicySourceArn", r => r.PolicySourceArn, (r, v) => r.PolicySourceArn = v, IamLimits.Arn, required: true)));
}

internal sealed class SimulatePrincipalPolicy(IamDirectories directories, Paging paging)
    : IOperation<SimulatePrincipalPolicyRequest, IamTarget, SimulationResponse>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, SimulatePrincipalPolicyRequest request, CancellationToken ct) =>
        PolicySourceTargets.ResolveAsync(directories, call, request.PolicySourceArn!, ct);

    public ValueTask<Plan<SimulationResponse>> PlanAsync(
        CallContext call, Authorized<SimulatePrincipalPolicyRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var (principal, policies) = PolicySourceTargets.Existing(target);
        // With both, it is the caller who calls, as if it had the source's policies. Source: IAM API Reference, CallerArn.
        if (request.CallerArn is { } arn)
            principal = SimulatedCaller.Named(target.Directory, arn);
        var simulator = new Simulator(request, principal, SimulatedPolicies.Of(request, policies));
        return new(new SimulationResponse(simulator.Run(request, paging)));
    }
}
