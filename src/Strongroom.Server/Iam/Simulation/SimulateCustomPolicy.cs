using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Iam.Account;

namespace Strongroom.Server.Iam.Simulation;

/// <summary>Source: IAM model, SimulateCustomPolicy.</summary>
internal sealed class SimulateCustomPolicyRequest : SimulationRequest
{
    public static Shape<SimulateCustomPolicyRequest> Shape { get; } = new(SimulationMembers<SimulateCustomPolicyRequest>(needsPolicies: true));
}

internal sealed class SimulateCustomPolicy(IamDirectories directories, Paging paging) : IOperation<SimulateCustomPolicyRequest, IamTarget, SimulationResponse>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, SimulateCustomPolicyRequest request, CancellationToken ct) =>
        WholeAccount.ResolveAsync(directories, call, ct);

    public ValueTask<Plan<SimulationResponse>> PlanAsync(
        CallContext call, Authorized<SimulateCustomPolicyRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var caller = request.CallerArn is { } arn ? SimulatedCaller.Named(target.Directory, arn) : SimulatedCaller.Anyone(target.Account);
        var simulator = new Simulator(request, caller, SimulatedPolicies.Of(request, PrincipalPolicies.None));
        return new(new SimulationResponse(simulator.Run(request, paging)));
    }
}
