using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Lambda;

/// <summary>Source: Lambda model, UpdateFunctionConfiguration.</summary>
internal sealed class UpdateFunctionConfigurationRequest : FunctionSettings
{
    public string? FunctionName { get; private set; }
    public string? RevisionId { get; private set; }

    public static Shape<UpdateFunctionConfigurationRequest> Shape { get; } = new(Members<UpdateFunctionConfigurationRequest>(
        false,
        Member.String<UpdateFunctionConfigurationRequest>("FunctionName", r => r.FunctionName, (r, v) => r.FunctionName = v, LambdaLimits.FunctionName, required: true).InPath(),
        Member.String<UpdateFunctionConfigurationRequest>("RevisionId", r => r.RevisionId, (r, v) => r.RevisionId = v)));
}

internal sealed class UpdateFunctionConfiguration(FunctionRegistry registry, LambdaTargets targets, Entropy entropy)
    : IOperation<UpdateFunctionConfigurationRequest, LambdaTarget, FunctionConfiguration>
{
    public ValueTask<LambdaTarget> ResolveAsync(CallContext call, UpdateFunctionConfigurationRequest request, CancellationToken ct) =>
        targets.ResolveAsync(call, request.FunctionName!, null, ct);

    public async ValueTask<Plan<FunctionConfiguration>> PlanAsync(
        CallContext call, Authorized<UpdateFunctionConfigurationRequest, LambdaTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var function = target.ExistingAt(request.RevisionId);
        FunctionChecks.Check(request);
        if (request.Role is { } role)
            await ExecutionRoles.DemandAsync(call, registry.Accounts, function.Account, function.Arn, role, ct);
        var changed = FunctionChecks.Apply(function, request) with
        {
            ModifiedAtMs = call.Now.ToUnixTimeMilliseconds(),
            RevisionId = entropy.NewGuid().ToString(),
        };
        // The variables are replaced as a whole, by nothing too.
        if (request.Environment is { } environment)
        {
            var variables = environment.Variables ?? new Dictionary<string, string>();
            changed = changed with { Environment = await registry.Vault.SealEnvironmentAsync(function.Account, function.Region, function.Arn, variables, ct) };
        }

        return new Plan<FunctionConfiguration>(await FunctionConfiguration.OfAsync(registry, changed, ct), target.Directory!.Change(changed));
    }
}
