using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.SecretsManager;

namespace Strongroom.Server.Kms;

/// <summary>Source: KMS model, DescribeKey.</summary>
internal sealed class DescribeKeyRequest
{
    public string? KeyId { get; private set; }
    public IReadOnlyList<string>? GrantTokens { get; private set; }

    public static Shape<DescribeKeyRequest> Shape { get; } = new(
        Member.String<DescribeKeyRequest>("KeyId", r => r.KeyId, (r, v) => r.KeyId = v, KmsLimits.KeyId, required: true),
        Member.Strings<DescribeKeyRequest>("GrantTokens", r => r.GrantTokens, (r, v) => r.GrantTokens = v, KmsLimits.GrantToken, 0, 10));
}

/// <summary>A key as CreateKey and DescribeKey show it. Source: IAM fact sheet 7.2.</summary>
internal sealed record KeyMetadataResponse(string Account, KmsKey Key) : IResponse
{
    public bool HasAuditElements { get; init; }

    public IReadOnlyList<string> DisclosedArns => [Key.Arn];

    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("KeyMetadata"u8);
        writer.WriteString("AWSAccountId"u8, Account);
        writer.WriteString("Arn"u8, Key.Arn);
        writer.WriteDate("CreationDate"u8, Key.CreatedAt);
        writer.WriteString("CurrentKeyMaterialId"u8, Key.MaterialId(Key.LatestVersion));
        writer.WriteString("CustomerMasterKeySpec"u8, KmsLimits.SymmetricDefault);
        if (Key.DeletionAtMs is { } deletion)
            writer.WriteDate("DeletionDate"u8, DateTimeOffset.FromUnixTimeMilliseconds(deletion));
        writer.WriteString("Description"u8, Key.Description);
        writer.WriteBoolean("Enabled"u8, Key.IsEnabled);
        writer.WriteStrings("EncryptionAlgorithms"u8, [KmsLimits.SymmetricDefault]);
        writer.WriteString("KeyId"u8, Key.EntryName);
        writer.WriteString("KeyManager"u8, Key.Manager);
        writer.WriteString("KeySpec"u8, KmsLimits.SymmetricDefault);
        writer.WriteString("KeyState"u8, Key.State);
        writer.WriteString("KeyUsage"u8, "ENCRYPT_DECRYPT"u8);
        writer.WriteBoolean("MultiRegion"u8, false);
        writer.WriteString("Origin"u8, "AWS_KMS"u8);
        writer.WriteEndObject();
    }

    public void WriteAuditElements(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("keyMetadata"u8);
        writer.WriteString("aWSAccountId"u8, Account);
        writer.WriteString("keyId"u8, Key.EntryName);
        writer.WriteString("arn"u8, Key.Arn);
        writer.WriteString("description"u8, Key.Description);
        writer.WriteString("keyState"u8, Key.State);
        writer.WriteString("keyManager"u8, Key.Manager);
        writer.WriteEndObject();
    }
}

internal sealed class DescribeKey(KmsTargets targets, GrantTokens tokens) : IOperation<DescribeKeyRequest, KmsTarget, KeyMetadataResponse>
{
    public ValueTask<KmsTarget> ResolveAsync(CallContext call, DescribeKeyRequest request, CancellationToken ct)
    {
        tokens.Check(request.GrantTokens);
        return targets.ResolveAsync(call, request.KeyId!, null, ct);
    }

    public ValueTask<Plan<KeyMetadataResponse>> PlanAsync(
        CallContext call, Authorized<DescribeKeyRequest, KmsTarget> authorized, CancellationToken ct) =>
        new(new KeyMetadataResponse(authorized.Target.Account, authorized.Target.Existing));
}
