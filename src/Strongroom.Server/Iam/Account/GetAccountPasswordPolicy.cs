using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Account;

/// <summary>Nobody signs in with a password that IAM keeps, so there is never a policy.</summary>
internal sealed class GetAccountPasswordPolicy(IamDirectories directories) : IOperation<NoParameters, IamTarget, Done>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, NoParameters request, CancellationToken ct) => WholeAccount.ResolveAsync(directories, call, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<NoParameters, IamTarget> authorized, CancellationToken ct) =>
        throw IamErrors.NoSuchEntity($"The Password Policy with domain name {authorized.Target.Account} cannot be found.");
}
