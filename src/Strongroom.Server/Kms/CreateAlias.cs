using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Kms;

/// <summary>Source: KMS model, CreateAlias and UpdateAlias.</summary>
internal sealed class AliasRequest
{
    public string? AliasName { get; private set; }
    public string? TargetKeyId { get; private set; }

    public static Shape<AliasRequest> Shape { get; } = new(
        Member.String<AliasRequest>("AliasName", r => r.AliasName, (r, v) => r.AliasName = v, KmsLimits.AliasName, required: true),
        Member.String<AliasRequest>("TargetKeyId", r => r.TargetKeyId, (r, v) => r.TargetKeyId = v, KmsLimits.KeyId, required: true));
}

/// <summary>Needs its permission on the alias, where only identity policies can give it, and on the key. Source: IAM fact sheet 3.3.</summary>
internal sealed class CreateAlias(KmsTargets targets) : IOperation<AliasRequest, KmsTarget, Done>
{
    public ValueTask<KmsTarget> ResolveAsync(CallContext call, AliasRequest request, CancellationToken ct) => targets.AliasAsync(call, request.AliasName!, ct);

    public async ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<AliasRequest, KmsTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var name = request.AliasName!;
        Aliases.RefuseReserved(name);
        var key = await Aliases.DemandKeyAsync(targets, call, "kms:CreateAlias", request.TargetKeyId!, target.Directory, ct);
        if (target.Directory.FindAlias(name) is not null)
            throw KmsErrors.AliasExists(target.ResourceArn);
        Aliases.DemandRoom(key);
        var now = call.Now.ToUnixTimeMilliseconds();
        var alias = new KmsAlias { EntryName = name, KeyId = key.Changeable.EntryName, CreatedAtMs = now, UpdatedAtMs = now };
        return new Plan<Done>(Done.Instance, target.Directory.Change([alias]));
    }
}

internal static class Aliases
{
    /// <summary>The target key of an alias, when the caller may give it the alias.</summary>
    /// <exception cref="Protocol.ServiceException">AccessDenied, NotFoundException.</exception>
    public static async ValueTask<KmsTarget> DemandKeyAsync(
        KmsTargets targets, CallContext call, string action, string keyId, KmsDirectory aliases, CancellationToken ct)
    {
        var key = await targets.ResolveKeyAsync(call, keyId, null, ct);
        AccessDenied.Demand(call, action, key);
        // An alias and its key belong to one account and region.
        return key.Existing is not null && key.Directory.Account == aliases.Account ? key : throw KmsErrors.InvalidArn(keyId);
    }

    /// <exception cref="Protocol.ServiceException">LimitExceededException. Source: KMS Developer Guide, "Resource quotas", aliases per KMS key.</exception>
    public static void DemandRoom(KmsTarget key)
    {
        const int Max = 50;
        if (key.Directory.AliasesOf(key.Existing!).Count() >= Max)
            throw KmsErrors.LimitExceeded($"The alias limit of {Max} for key {key.ResourceArn} has been reached.");
    }

    /// <exception cref="Protocol.ServiceException">NotAuthorizedException: names that AWS keeps for itself. Source: IAM fact sheet 7.3.</exception>
    public static void RefuseReserved(string name)
    {
        if (name.StartsWith("alias/aws/", StringComparison.Ordinal))
            throw KmsErrors.ReservedAlias();
    }
}
