using Strongroom.Policy;
using Strongroom.Server.Endpoint;
using Strongroom.Storage;

namespace Strongroom.Server.Lambda;

/// <summary>Source: Lambda model, DeleteFunction. Works while functions are off, too.</summary>
internal sealed class DeleteFunction(LambdaTargets targets) : IOperation<FunctionRequest, LambdaTarget, Done>
{
    public ValueTask<LambdaTarget> ResolveAsync(CallContext call, FunctionRequest request, CancellationToken ct) =>
        targets.ResolveAsync(call, request.FunctionName!, request.Qualifier, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<FunctionRequest, LambdaTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var function = target.Existing;
        if (request.Qualifier is not null || FunctionName.Parse(request.FunctionName!).Qualifier is not null)
            throw LambdaErrors.InvalidParameter("$LATEST version cannot be deleted without deleting the function.");
        return new(new Plan<Done>(Done.Instance, target.Directory!.Removal(function))
        {
            FunctionCode = [new FunctionCodeChange(function.Account, function.Region, function.Name, null)],
        });
    }
}
