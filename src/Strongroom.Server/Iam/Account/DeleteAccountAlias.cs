using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Iam.Account;

internal sealed class DeleteAccountAlias(IamDirectories directories) : IOperation<AccountAliasRequest, IamTarget, Done>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, AccountAliasRequest request, CancellationToken ct) =>
        WholeAccount.ResolveAsync(directories, call, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<AccountAliasRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        return target.Directory.Alias is { } alias && alias.Alias == request.AccountAlias
            ? new(new Plan<Done>(Done.Instance, target.Directory.Change([], [alias])))
            : throw IamErrors.NoSuchEntity($"The account alias {request.AccountAlias} cannot be found.");
    }
}
