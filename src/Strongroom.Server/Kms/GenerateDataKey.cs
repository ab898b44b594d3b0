using System.Text.Json;
using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Kms;

/// <summary>Source: KMS model, GenerateDataKey; IAM fact sheet 7.1.</summary>
internal sealed class GenerateDataKeyRequest
{
    public string? KeyId { get; private set; }
    public IReadOnlyDictionary<string, string>? EncryptionContext { get; private set; }
    public long? NumberOfBytes { get; private set; }
    public string? KeySpec { get; private set; }
    public IReadOnlyList<string>? GrantTokens { get; private set; }
    public RecipientParameter? Recipient { get; private set; }
    public bool? DryRun { get; private set; }

    public static Shape<GenerateDataKeyRequest> Shape { get; } = new(
    [
        .. Common,
        Member.Struct<GenerateDataKeyRequest, RecipientParameter>("Recipient", RecipientParameter.Shape, r => r.Recipient, (r, v) => r.Recipient = v),
    ]);

    /// <summary>GenerateDataKeyWithoutPlaintext takes no recipient, because it has nothing to give.</summary>
    public static Shape<GenerateDataKeyRequest> ShapeWithoutPlaintext { get; } = new(Common);

    private static Member<GenerateDataKeyRequest>[] Common =>
    [
        Member.String<GenerateDataKeyRequest>("KeyId", r => r.KeyId, (r, v) => r.KeyId = v, KmsLimits.KeyId, required: true),
        Member.Map<GenerateDataKeyRequest>("EncryptionContext", r => r.EncryptionContext, (r, v) => r.EncryptionContext = v),
        Member.Long<GenerateDataKeyRequest>("NumberOfBytes", r => r.NumberOfBytes, (r, v) => r.NumberOfBytes = v, 1, 1024),
        Member.String<GenerateDataKeyRequest>("KeySpec", r => r.KeySpec, (r, v) => r.KeySpec = v, KmsLimits.DataKeySpec),
        Member.Strings<GenerateDataKeyRequest>("GrantTokens", r => r.GrantTokens, (r, v) => r.GrantTokens = v, KmsLimits.GrantToken, 0, 10),
        Member.Bool<GenerateDataKeyRequest>("DryRun", r => r.DryRun, (r, v) => r.DryRun = v),
    ];

    /// <summary>The data key's length in bytes.</summary>
    /// <exception cref="Protocol.ServiceException">ValidationException: neither or both of KeySpec and NumberOfBytes.</exception>
    public int Length => (KeySpec, NumberOfBytes) switch
    {
        ("AES_256", null) => 32,
        ("AES_128", null) => 16,
        (null, { } bytes) => (int)bytes,
        _ => throw KmsErrors.Validation("Please specify either number of bytes or key spec."),
    };
}

/// <param name="Plaintext">Null for GenerateDataKeyWithoutPlaintext.</param>
internal sealed record DataKeyResponse(string KeyArn, string MaterialId, byte[] CiphertextBlob, SecretBytes? Plaintext) : IResponse
{
    public IReadOnlyList<string> DisclosedArns => [KeyArn];

    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteBase64String("CiphertextBlob"u8, CiphertextBlob);
        writer.WriteString("KeyId"u8, KeyArn);
        writer.WriteString("KeyMaterialId"u8, MaterialId);
        if (Plaintext is not null)
            writer.WriteBase64String("Plaintext"u8, Plaintext.Reveal());
    }

    public void Dispose() => Plaintext?.Dispose();
}

/// <summary>GenerateDataKey, and GenerateDataKeyWithoutPlaintext, which is the same but for what it shows.</summary>
internal sealed class GenerateDataKey(KmsTargets targets, KeyCipher cipher, GrantTokens tokens, Entropy entropy, bool withPlaintext)
    : IOperation<GenerateDataKeyRequest, KmsTarget, DataKeyResponse>
{
    public ValueTask<KmsTarget> ResolveAsync(CallContext call, GenerateDataKeyRequest request, CancellationToken ct)
    {
        tokens.Check(request.GrantTokens);
        return targets.ResolveAsync(call, request.KeyId!, new KmsRequestKeys
        {
            EncryptionContext = request.EncryptionContext,
            Algorithm = KmsLimits.SymmetricDefault,
        }, ct);
    }

    public async ValueTask<Plan<DataKeyResponse>> PlanAsync(CallContext call, Authorized<GenerateDataKeyRequest, KmsTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        RecipientParameter.Refuse(request.Recipient);
        var key = target.Usable;
        var dataKey = SecretBytes.Create(request.Length, entropy, static (bytes, entropy) => entropy.Fill(bytes));
        try
        {
            var blob = await cipher.EncryptAsync(target, request.EncryptionContext, dataKey, ct);
            if (request.DryRun == true)
                throw KmsErrors.DryRun();
            if (withPlaintext)
                return new DataKeyResponse(key.Arn, key.MaterialId(key.LatestVersion), blob, dataKey);
            dataKey.Dispose();
            return new DataKeyResponse(key.Arn, key.MaterialId(key.LatestVersion), blob, null);
        }
        catch
        {
            dataKey.Dispose();
            throw;
        }
    }
}
