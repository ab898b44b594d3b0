using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.SecretsManager;

/// <summary>Source: API fact sheet 3.19.</summary>
internal sealed class TagResourceRequest
{
    public string? SecretId { get; private set; }
    public IReadOnlyList<TagParameter>? Tags { get; private set; }

    public static Shape<TagResourceRequest> Shape { get; } = new(
        Member.String<TagResourceRequest>("SecretId", r => r.SecretId, (r, v) => r.SecretId = v, Limits.SecretId, required: true),
        Member.Structs<TagResourceRequest, TagParameter>("Tags", TagParameter.Shape, r => r.Tags, (r, v) => r.Tags = v, required: true));
}

internal sealed class TagResource(SecretTargets targets, SecretVault vault) : IOperation<TagResourceRequest, SecretTarget, Nothing>
{
    public ValueTask<SecretTarget> ResolveAsync(CallContext call, TagResourceRequest request, CancellationToken ct) =>
        targets.ResolveAsync(call, request.SecretId!, keys: null, TagParameter.ToTagSet(request.Tags), ct);

    public async ValueTask<Plan<Nothing>> PlanAsync(
        CallContext call, Authorized<TagResourceRequest, SecretTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var secret = target.Changeable;
        var tags = SecretTags.Merge(secret.Document.Tags ?? [], request.Tags!);
        var after = secret with { ChangedAt = call.Now, Document = secret.Document with { Tags = tags } };
        target.CheckLockOut(call, "secretsmanager:TagResource", after);
        return (await vault.ChangeAllAsync(call, secret, after, [], call.Now, ct)).ToPlan(new Nothing());
    }
}
