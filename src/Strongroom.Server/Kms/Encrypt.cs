using System.Text.Json;
using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Kms;

/// <summary>Source: KMS model, Encrypt; IAM fact sheet 7.1, 7.6.</summary>
internal sealed class EncryptRequest : IDisposable
{
    public string? KeyId { get; private set; }
    public SecretBytes? Plaintext { get; private set; }
    public IReadOnlyDictionary<string, string>? EncryptionContext { get; private set; }
    public IReadOnlyList<string>? GrantTokens { get; private set; }
    public string? EncryptionAlgorithm { get; private set; }
    public bool? DryRun { get; private set; }

    public static Shape<EncryptRequest> Shape { get; } = new(
        Member.String<EncryptRequest>("KeyId", r => r.KeyId, (r, v) => r.KeyId = v, KmsLimits.KeyId, required: true),
        Member.Secret<EncryptRequest>("Plaintext", true, r => r.Plaintext?.Length, (r, v) => r.SetPlaintext(v), 1, 4096, required: true),
        Member.Map<EncryptRequest>("EncryptionContext", r => r.EncryptionContext, (r, v) => r.EncryptionContext = v),
        Member.Strings<EncryptRequest>("GrantTokens", r => r.GrantTokens, (r, v) => r.GrantTokens = v, KmsLimits.GrantToken, 0, 10),
        Member.String<EncryptRequest>("EncryptionAlgorithm", r => r.EncryptionAlgorithm, (r, v) => r.EncryptionAlgorithm = v, KmsLimits.Algorithm),
        Member.Bool<EncryptRequest>("DryRun", r => r.DryRun, (r, v) => r.DryRun = v));

    public void Dispose() => Plaintext?.Dispose();

    private void SetPlaintext(ReadOnlySpan<byte> value)
    {
        Plaintext?.Dispose();
        Plaintext = SecretBytes.CopyFrom(value);
    }
}

internal sealed record EncryptResponse(string KeyArn, byte[] CiphertextBlob) : IResponse
{
    public IReadOnlyList<string> DisclosedArns => [KeyArn];

    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteBase64String("CiphertextBlob"u8, CiphertextBlob);
        writer.WriteString("EncryptionAlgorithm"u8, KmsLimits.SymmetricDefault);
        writer.WriteString("KeyId"u8, KeyArn);
    }
}

internal sealed class Encrypt(KmsTargets targets, KeyCipher cipher, GrantTokens tokens) : IOperation<EncryptRequest, KmsTarget, EncryptResponse>
{
    public ValueTask<KmsTarget> ResolveAsync(CallContext call, EncryptRequest request, CancellationToken ct)
    {
        tokens.Check(request.GrantTokens);
        return targets.ResolveAsync(call, request.KeyId!, new KmsRequestKeys
        {
            EncryptionContext = request.EncryptionContext,
            Algorithm = request.EncryptionAlgorithm ?? KmsLimits.SymmetricDefault,
        }, ct);
    }

    public async ValueTask<Plan<EncryptResponse>> PlanAsync(CallContext call, Authorized<EncryptRequest, KmsTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        KeyCipher.CheckAlgorithm(target, request.EncryptionAlgorithm);
        var blob = await cipher.EncryptAsync(target, request.EncryptionContext, request.Plaintext!, ct);
        return request.DryRun == true ? throw KmsErrors.DryRun() : new EncryptResponse(target.ResourceArn, blob);
    }
}
