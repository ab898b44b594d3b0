using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Kms;

/// <summary>Needs its permission on the alias, the key it leaves and the key it goes to. Source: IAM fact sheet 3.3, 7.4; KMS model, UpdateAlias.</summary>
internal sealed class UpdateAlias(KmsTargets targets) : IOperation<AliasRequest, KmsTarget, Done>
{
    public ValueTask<KmsTarget> ResolveAsync(CallContext call, AliasRequest request, CancellationToken ct) => targets.AliasAsync(call, request.AliasName!, ct);

    public async ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<AliasRequest, KmsTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var name = request.AliasName!;
        Aliases.RefuseReserved(name);
        if (target.Directory.FindAlias(name) is not { } alias)
            throw KmsErrors.NoSuchAlias(target.ResourceArn);
        if (target.Directory.FindKeyByAlias(name) is { } old)
            AccessDenied.Demand(call, "kms:UpdateAlias", target with { ResourceArn = old.Arn, Key = old });
        var key = await Aliases.DemandKeyAsync(targets, call, "kms:UpdateAlias", request.TargetKeyId!, target.Directory, ct);
        if (alias.KeyId != key.Changeable.EntryName)
            Aliases.DemandRoom(key);
        var moved = alias with { KeyId = key.Changeable.EntryName, UpdatedAtMs = call.Now.ToUnixTimeMilliseconds() };
        return new Plan<Done>(Done.Instance, target.Directory.Change([moved]));
    }
}
