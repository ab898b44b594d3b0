using System.Text.Json;
using Strongroom.Crypto;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Kms;

/// <summary>Source: KMS model, GenerateRandom; IAM fact sheet 7.5.</summary>
internal sealed class GenerateRandomRequest
{
    public long? NumberOfBytes { get; private set; }
    public string? CustomKeyStoreId { get; private set; }
    public RecipientParameter? Recipient { get; private set; }

    public static Shape<GenerateRandomRequest> Shape { get; } = new(
        Member.Long<GenerateRandomRequest>("NumberOfBytes", r => r.NumberOfBytes, (r, v) => r.NumberOfBytes = v, 1, 1024),
        Member.String<GenerateRandomRequest>("CustomKeyStoreId", r => r.CustomKeyStoreId, (r, v) => r.CustomKeyStoreId = v, KmsLimits.CustomKeyStoreId),
        Member.Struct<GenerateRandomRequest, RecipientParameter>("Recipient", RecipientParameter.Shape, r => r.Recipient, (r, v) => r.Recipient = v));
}

internal sealed record GenerateRandomResponse(SecretBytes Plaintext) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer) => writer.WriteBase64String("Plaintext"u8, Plaintext.Reveal());

    public void Dispose() => Plaintext.Dispose();
}

internal sealed class GenerateRandom(KmsTargets targets, Entropy entropy) : IOperation<GenerateRandomRequest, KmsTarget, GenerateRandomResponse>
{
    public ValueTask<KmsTarget> ResolveAsync(CallContext call, GenerateRandomRequest request, CancellationToken ct) => targets.AccountAsync(call, null, ct);

    public ValueTask<Plan<GenerateRandomResponse>> PlanAsync(
        CallContext call, Authorized<GenerateRandomRequest, KmsTarget> authorized, CancellationToken ct)
    {
        var request = authorized.Request;
        RecipientParameter.Refuse(request.Recipient);
        if (request.CustomKeyStoreId is not null)
            throw KmsErrors.Unsupported("Custom key stores are not supported.");
        if (request.NumberOfBytes is not { } count)
            throw KmsErrors.Validation("NumberOfBytes is required.");
        return new(new GenerateRandomResponse(SecretBytes.Create((int)count, entropy, static (bytes, entropy) => entropy.Fill(bytes))));
    }
}
