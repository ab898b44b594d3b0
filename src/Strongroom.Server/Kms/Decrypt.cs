using System.Text.Json;
using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Kms;

/// <summary>Source: KMS model, Decrypt; IAM fact sheet 7.1, 7.5.</summary>
internal sealed class DecryptRequest
{
    public ReadOnlyMemory<byte>? CiphertextBlob { get; private set; }
    public IReadOnlyDictionary<string, string>? EncryptionContext { get; private set; }
    public IReadOnlyList<string>? GrantTokens { get; private set; }
    public string? KeyId { get; private set; }
    public string? EncryptionAlgorithm { get; private set; }
    public RecipientParameter? Recipient { get; private set; }
    public bool? DryRun { get; private set; }
    public IReadOnlyList<string>? DryRunModifiers { get; private set; }

    public static Shape<DecryptRequest> Shape { get; } = new(
        Member.Blob<DecryptRequest>("CiphertextBlob", r => r.CiphertextBlob, (r, v) => r.CiphertextBlob = v, 1, KmsLimits.MaxCiphertextBytes),
        Member.Map<DecryptRequest>("EncryptionContext", r => r.EncryptionContext, (r, v) => r.EncryptionContext = v),
        Member.Strings<DecryptRequest>("GrantTokens", r => r.GrantTokens, (r, v) => r.GrantTokens = v, KmsLimits.GrantToken, 0, 10),
        Member.String<DecryptRequest>("KeyId", r => r.KeyId, (r, v) => r.KeyId = v, KmsLimits.KeyId),
        Member.String<DecryptRequest>("EncryptionAlgorithm", r => r.EncryptionAlgorithm, (r, v) => r.EncryptionAlgorithm = v, KmsLimits.Algorithm),
        Member.Struct<DecryptRequest, RecipientParameter>("Recipient", RecipientParameter.Shape, r => r.Recipient, (r, v) => r.Recipient = v),
        Member.Bool<DecryptRequest>("DryRun", r => r.DryRun, (r, v) => r.DryRun = v),
        Member.Strings<DecryptRequest>(
            "DryRunModifiers", r => r.DryRunModifiers, (r, v) => r.DryRunModifiers = v, Constraint.Enum("IGNORE_CIPHERTEXT")));
}

internal sealed record DecryptResponse(string KeyArn, string MaterialId, SecretBytes Plaintext) : IResponse
{
    public IReadOnlyList<string> DisclosedArns => [KeyArn];

    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteString("EncryptionAlgorithm"u8, KmsLimits.SymmetricDefault);
        writer.WriteString("KeyId"u8, KeyArn);
        writer.WriteString("KeyMaterialId"u8, MaterialId);
        writer.WriteBase64String("Plaintext"u8, Plaintext.Reveal());
    }

    public void Dispose() => Plaintext.Dispose();
}

internal sealed class Decrypt(KeyCipher cipher, GrantTokens tokens) : IOperation<DecryptRequest, KmsTarget, DecryptResponse>
{
    public ValueTask<KmsTarget> ResolveAsync(CallContext call, DecryptRequest request, CancellationToken ct)
    {
        tokens.Check(request.GrantTokens);
        return cipher.FindForAsync(call, request.CiphertextBlob ?? ReadOnlyMemory<byte>.Empty, request.KeyId, new KmsRequestKeys
        {
            EncryptionContext = request.EncryptionContext,
            Algorithm = request.EncryptionAlgorithm ?? KmsLimits.SymmetricDefault,
        }, ct);
    }

    public async ValueTask<Plan<DecryptResponse>> PlanAsync(CallContext call, Authorized<DecryptRequest, KmsTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        RecipientParameter.Refuse(request.Recipient);
        KeyCipher.CheckAlgorithm(target, request.EncryptionAlgorithm);
        var key = target.Usable;
        var (plaintext, version) = await cipher.DecryptAsync(
            target, request.CiphertextBlob ?? ReadOnlyMemory<byte>.Empty, request.EncryptionContext, ct);
        if (request.DryRun != true)
            return new DecryptResponse(target.ResourceArn, key.MaterialId(version), plaintext);
        plaintext.Dispose();
        throw KmsErrors.DryRun();
    }
}
