using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Kms;

/// <summary>An answer that names a key and nothing more.</summary>
internal sealed record KeyIdResponse(string KeyId, string KeyArn) : IResponse
{
    public bool HasAuditElements => true;

    public IReadOnlyList<string> DisclosedArns => [KeyArn];

    public void WriteMembers(Utf8JsonWriter writer) => writer.WriteString("KeyId"u8, KeyId);

    public void WriteAuditElements(Utf8JsonWriter writer) => writer.WriteString("keyId"u8, KeyId);
}

/// <summary>The key is disabled afterwards, not enabled. Source: KMS model, CancelKeyDeletion; IAM fact sheet 7.1.</summary>
internal sealed class CancelKeyDeletion(KmsTargets targets) : IOperation<KeyIdRequest, KmsTarget, KeyIdResponse>
{
    public ValueTask<KmsTarget> ResolveAsync(CallContext call, KeyIdRequest request, CancellationToken ct) =>
        targets.ResolveKeyAsync(call, request.KeyId!, null, ct);

    public ValueTask<Plan<KeyIdResponse>> PlanAsync(CallContext call, Authorized<KeyIdRequest, KmsTarget> authorized, CancellationToken ct)
    {
        var target = authorized.Target;
        if (target.Existing.State != KeyStates.PendingDeletion)
            throw KmsErrors.InvalidState(target.ResourceArn, "not pending deletion");
        var key = target.Existing with { State = KeyStates.Disabled, DeletionAtMs = null, PendingWindowInDays = null };
        return new(new Plan<KeyIdResponse>(new KeyIdResponse(key.Arn, key.Arn), target.Directory.Change([key])));
    }
}
