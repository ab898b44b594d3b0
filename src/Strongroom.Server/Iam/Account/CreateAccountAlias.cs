using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Storage;

namespace Strongroom.Server.Iam.Account;

/// <summary>Source: IAM model, CreateAccountAlias and DeleteAccountAlias.</summary>
internal sealed class AccountAliasRequest
{
    public string? AccountAlias { get; private set; }

    public static Shape<AccountAliasRequest> Shape { get; } = new(
        Member.String<AccountAliasRequest>("AccountAlias", r => r.AccountAlias, (r, v) => r.AccountAlias = v, IamLimits.AccountAlias, required: true));
}

/// <summary>An account has one alias: a new one takes the place of the old. No two accounts of the installation have the same.</summary>
internal sealed class CreateAccountAlias(IamDirectories directories, IDirectoryStore store) : IOperation<AccountAliasRequest, IamTarget, Done>
{
    public ValueTask<IamTarget> ResolveAsync(CallContext call, AccountAliasRequest request, CancellationToken ct) =>
        WholeAccount.ResolveAsync(directories, call, ct);

    public async ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<AccountAliasRequest, IamTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        foreach (var account in await store.ListAccountsAsync(ct))
        {
            if (account.Account != target.Account && (await directories.GetAsync(account.Account, ct)).Alias?.Alias == request.AccountAlias)
                throw IamErrors.Exists($"The account alias {request.AccountAlias} already exists.");
        }

        var alias = new IamAccountAlias { Alias = request.AccountAlias!, CreatedAtMs = call.Now.ToUnixTimeMilliseconds() };
        return new Plan<Done>(Done.Instance, target.Directory.Change([alias]));
    }
}
