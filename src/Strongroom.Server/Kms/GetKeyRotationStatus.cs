using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Server.Endpoint;
using Strongroom.Server.SecretsManager;

namespace Strongroom.Server.Kms;

internal sealed record KeyRotationStatusResponse(KmsKey Key) : IResponse
{
    public IReadOnlyList<string> DisclosedArns => [Key.Arn];

    public void WriteMembers(Utf8JsonWriter writer)
    {
        // A key that is to be deleted does not rotate, but comes back as it was. Source: KMS API Reference, GetKeyRotationStatus.
        var rotates = Key.RotationEnabled && Key.State != KeyStates.PendingDeletion;
        writer.WriteString("KeyId"u8, Key.Arn);
        writer.WriteBoolean("KeyRotationEnabled"u8, rotates);
        if (!rotates)
            return;
        if (Key.NextRotationAtMs is { } next)
            writer.WriteDate("NextRotationDate"u8, DateTimeOffset.FromUnixTimeMilliseconds(next));
        writer.WriteNumber("RotationPeriodInDays"u8, Key.RotationPeriodInDays);
    }
}

/// <summary>Source: KMS model, GetKeyRotationStatus; IAM fact sheet 7.1.</summary>
internal sealed class GetKeyRotationStatus(KmsTargets targets) : IOperation<KeyIdRequest, KmsTarget, KeyRotationStatusResponse>
{
    public ValueTask<KmsTarget> ResolveAsync(CallContext call, KeyIdRequest request, CancellationToken ct) =>
        targets.ResolveKeyAsync(call, request.KeyId!, null, ct);

    public ValueTask<Plan<KeyRotationStatusResponse>> PlanAsync(CallContext call, Authorized<KeyIdRequest, KmsTarget> authorized, CancellationToken ct) =>
        new(new KeyRotationStatusResponse(authorized.Target.Existing));
}
