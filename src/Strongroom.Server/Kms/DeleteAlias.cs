using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Kms;

/// <summary>Source: KMS model, DeleteAlias.</summary>
internal sealed class DeleteAliasRequest
{
    public string? AliasName { get; private set; }

    public static Shape<DeleteAliasRequest> Shape { get; } = new(
        Member.String<DeleteAliasRequest>("AliasName", r => r.AliasName, (r, v) => r.AliasName = v, KmsLimits.AliasName, required: true));
}

internal sealed class DeleteAlias(KmsTargets targets) : IOperation<DeleteAliasRequest, KmsTarget, Done>
{
    public ValueTask<KmsTarget> ResolveAsync(CallContext call, DeleteAliasRequest request, CancellationToken ct) => targets.AliasAsync(call, request.AliasName!, ct);

    public ValueTask<Plan<Done>> PlanAsync(CallContext call, Authorized<DeleteAliasRequest, KmsTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        Aliases.RefuseReserved(request.AliasName!);
        if (target.Directory.FindAlias(request.AliasName!) is not { } alias)
            throw KmsErrors.NoSuchAlias(target.ResourceArn);
        if (target.Directory.FindKeyByAlias(request.AliasName!) is { } key)
            AccessDenied.Demand(call, "kms:DeleteAlias", target with { ResourceArn = key.Arn, Key = key });
        return new(new Plan<Done>(Done.Instance, target.Directory.Change([], [alias])));
    }
}
