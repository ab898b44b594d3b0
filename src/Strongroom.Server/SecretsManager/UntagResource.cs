using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.SecretsManager;

/// <summary>Source: API fact sheet 3.20.</summary>
internal sealed class UntagResourceRequest : IConditionKeys
{
    public string? SecretId { get; private set; }
    public IReadOnlyList<string>? TagKeys { get; private set; }

    public static Shape<UntagResourceRequest> Shape { get; } = new(
        Member.String<UntagResourceRequest>("SecretId", r => r.SecretId, (r, v) => r.SecretId = v, Limits.SecretId, required: true),
        Member.Strings<UntagResourceRequest>("TagKeys", r => r.TagKeys, (r, v) => r.TagKeys = v, Constraint.Length(1, 128), required: true));

    /// <remarks>Source: IAM fact sheet 4.1.</remarks>
    public ConditionValues Find(ConditionKey key) => key.Name == "aws:tagkeys" ? new ConditionValues(TagKeys) : default;
}

internal sealed class UntagResource(SecretTargets targets, SecretVault vault) : IOperation<UntagResourceRequest, SecretTarget, Nothing>
{
    public ValueTask<SecretTarget> ResolveAsync(CallContext call, UntagResourceRequest request, CancellationToken ct) =>
        targets.ResolveAsync(call, request.SecretId!, request, tags: null, ct);

    public async ValueTask<Plan<Nothing>> PlanAsync(
        CallContext call, Authorized<UntagResourceRequest, SecretTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var secret = target.Changeable;
        var tags = SecretTags.Remove(secret.Document.Tags, request.TagKeys!);
        var after = secret with { ChangedAt = call.Now, Document = secret.Document with { Tags = tags } };
        target.CheckLockOut(call, "secretsmanager:UntagResource", after);
        return (await vault.ChangeAllAsync(call, secret, after, [], call.Now, ct)).ToPlan(new Nothing());
    }
}
