using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.SecretsManager;

namespace Strongroom.Server.Kms;

/// <summary>Source: KMS model, ScheduleKeyDeletion; IAM fact sheet 7.1.</summary>
internal sealed class ScheduleKeyDeletionRequest
{
    public string? KeyId { get; private set; }
    public long? PendingWindowInDays { get; private set; }

    public static Shape<ScheduleKeyDeletionRequest> Shape { get; } = new(
        Member.String<ScheduleKeyDeletionRequest>("KeyId", r => r.KeyId, (r, v) => r.KeyId = v, KmsLimits.KeyId, required: true),
        Member.Long<ScheduleKeyDeletionRequest>("PendingWindowInDays", r => r.PendingWindowInDays, (r, v) => r.PendingWindowInDays = v, 1, 365));
}

internal sealed record ScheduleKeyDeletionResponse(string KeyArn, DateTimeOffset DeletionDate, int PendingWindowInDays) : IResponse
{
    public bool HasAuditElements => true;

    public IReadOnlyList<string> DisclosedArns => [KeyArn];

    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteDate("DeletionDate"u8, DeletionDate);
        writer.WriteString("KeyId"u8, KeyArn);
        writer.WriteString("KeyState"u8, KeyStates.PendingDeletion);
        writer.WriteNumber("PendingWindowInDays"u8, PendingWindowInDays);
    }

    public void WriteAuditElements(Utf8JsonWriter writer)
    {
        writer.WriteString("keyId"u8, KeyArn);
        writer.WriteString("keyState"u8, KeyStates.PendingDeletion);
        writer.WriteNumber("pendingWindowInDays"u8, PendingWindowInDays);
    }
}

internal sealed class ScheduleKeyDeletion(KmsTargets targets) : IOperation<ScheduleKeyDeletionRequest, KmsTarget, ScheduleKeyDeletionResponse>
{
    public const int UsualWindow = 30;

    public ValueTask<KmsTarget> ResolveAsync(CallContext call, ScheduleKeyDeletionRequest request, CancellationToken ct) =>
        targets.ResolveKeyAsync(call, request.KeyId!, new KmsRequestKeys { PendingWindowInDays = request.PendingWindowInDays }, ct);

    public ValueTask<Plan<ScheduleKeyDeletionResponse>> PlanAsync(
        CallContext call, Authorized<ScheduleKeyDeletionRequest, KmsTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var days = (int)(request.PendingWindowInDays ?? UsualWindow);
        // The model bounds it less tightly than the service. Source: KMS API Reference, ScheduleKeyDeletion, PendingWindowInDays.
        if (days is < 7 or > 30)
            throw KmsErrors.Validation($"{days} is not a valid value for PendingWindowInDays. It must be between 7 and 30 days.");
        var deletion = call.Now.AddDays(days);
        var key = target.Changeable with
        {
            State = KeyStates.PendingDeletion,
            DeletionAtMs = deletion.ToUnixTimeMilliseconds(),
            PendingWindowInDays = days,
        };
        return new(new Plan<ScheduleKeyDeletionResponse>(new ScheduleKeyDeletionResponse(key.Arn, deletion, days), target.Directory.Change([key])));
    }
}
