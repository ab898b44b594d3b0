using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;

namespace Strongroom.Server.Kms;

/// <summary>Source: KMS model, ReEncrypt; IAM fact sheet 7.1, 7.6.</summary>
internal sealed class ReEncryptRequest
{
    public ReadOnlyMemory<byte>? CiphertextBlob { get; private set; }
    public IReadOnlyDictionary<string, string>? SourceEncryptionContext { get; private set; }
    public string? SourceKeyId { get; private set; }
    public string? DestinationKeyId { get; private set; }
    public IReadOnlyDictionary<string, string>? DestinationEncryptionContext { get; private set; }
    public string? SourceEncryptionAlgorithm { get; private set; }
    public string? DestinationEncryptionAlgorithm { get; private set; }
    public IReadOnlyList<string>? GrantTokens { get; private set; }
    public bool? DryRun { get; private set; }
    public IReadOnlyList<string>? DryRunModifiers { get; private set; }

    public static Shape<ReEncryptRequest> Shape { get; } = new(
        Member.Blob<ReEncryptRequest>("CiphertextBlob", r => r.CiphertextBlob, (r, v) => r.CiphertextBlob = v, 1, KmsLimits.MaxCiphertextBytes),
        Member.Map<ReEncryptRequest>("SourceEncryptionContext", r => r.SourceEncryptionContext, (r, v) => r.SourceEncryptionContext = v),
        Member.String<ReEncryptRequest>("SourceKeyId", r => r.SourceKeyId, (r, v) => r.SourceKeyId = v, KmsLimits.KeyId),
        Member.String<ReEncryptRequest>("DestinationKeyId", r => r.DestinationKeyId, (r, v) => r.DestinationKeyId = v, KmsLimits.KeyId, required: true),
        Member.Map<ReEncryptRequest>("DestinationEncryptionContext", r => r.DestinationEncryptionContext, (r, v) => r.DestinationEncryptionContext = v),
        Member.String<ReEncryptRequest>(
            "SourceEncryptionAlgorithm", r => r.SourceEncryptionAlgorithm, (r, v) => r.SourceEncryptionAlgorithm = v, KmsLimits.Algorithm),
        Member.String<ReEncryptRequest>(
            "DestinationEncryptionAlgorithm", r => r.DestinationEncryptionAlgorithm, (r, v) => r.DestinationEncryptionAlgorithm = v, KmsLimits.Algorithm),
        Member.Strings<ReEncryptRequest>("GrantTokens", r => r.GrantTokens, (r, v) => r.GrantTokens = v, KmsLimits.GrantToken, 0, 10),
        Member.Bool<ReEncryptRequest>("DryRun", r => r.DryRun, (r, v) => r.DryRun = v),
        Member.Strings<ReEncryptRequest>(
            "DryRunModifiers", r => r.DryRunModifiers, (r, v) => r.DryRunModifiers = v, Constraint.Enum("IGNORE_CIPHERTEXT")));
}

internal sealed record ReEncryptResponse(KmsKey Source, int SourceVersion, KmsKey Destination, byte[] CiphertextBlob) : IResponse
{
    public IReadOnlyList<string> DisclosedArns => Source.Arn == Destination.Arn ? [Source.Arn] : [Source.Arn, Destination.Arn];

    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteBase64String("CiphertextBlob"u8, CiphertextBlob);
        writer.WriteString("DestinationEncryptionAlgorithm"u8, KmsLimits.SymmetricDefault);
        writer.WriteString("DestinationKeyMaterialId"u8, Destination.MaterialId(Destination.LatestVersion));
        writer.WriteString("KeyId"u8, Destination.Arn);
        writer.WriteString("SourceEncryptionAlgorithm"u8, KmsLimits.SymmetricDefault);
        writer.WriteString("SourceKeyId"u8, Source.Arn);
        writer.WriteString("SourceKeyMaterialId"u8, Source.MaterialId(SourceVersion));
    }
}

/// <summary>Permitted as <c>kms:ReEncryptFrom</c> on the source and <c>kms:ReEncryptTo</c> on the destination.</summary>
internal sealed class ReEncrypt(KmsTargets targets, KeyCipher cipher, GrantTokens tokens) : IOperation<ReEncryptRequest, KmsTarget, ReEncryptResponse>
{
    public const string SourceAction = "kms:ReEncryptFrom";
    private const string DestinationAction = "kms:ReEncryptTo";

    public async ValueTask<KmsTarget> ResolveAsync(CallContext call, ReEncryptRequest request, CancellationToken ct)
    {
        tokens.Check(request.GrantTokens);
        var source = await cipher.FindForAsync(call, Blob(request), request.SourceKeyId, new KmsRequestKeys
        {
            EncryptionContext = request.SourceEncryptionContext,
            Algorithm = request.SourceEncryptionAlgorithm ?? KmsLimits.SymmetricDefault,
        }, ct);
        var destination = await DestinationAsync(call, request, ct);
        return source with { Request = source.Request with { ReEncryptOnSameKey = source.ResourceArn == destination.ResourceArn } };
    }

    public async ValueTask<Plan<ReEncryptResponse>> PlanAsync(CallContext call, Authorized<ReEncryptRequest, KmsTarget> authorized, CancellationToken ct)
    {
        var (request, source) = authorized;
        var destination = await DestinationAsync(call, request, ct);
        destination = destination with { Request = destination.Request with { ReEncryptOnSameKey = source.Request.ReEncryptOnSameKey } };
        AccessDenied.Demand(call, DestinationAction, destination);
        KeyCipher.CheckAlgorithm(source, request.SourceEncryptionAlgorithm);
        KeyCipher.CheckAlgorithm(destination, request.DestinationEncryptionAlgorithm);

        var (plaintext, version) = await cipher.DecryptAsync(source, Blob(request), request.SourceEncryptionContext, ct);
        using (plaintext)
        {
            var blob = await cipher.EncryptAsync(destination, request.DestinationEncryptionContext, plaintext, ct);
            return request.DryRun == true ? throw KmsErrors.DryRun() : new ReEncryptResponse(source.Existing, version, destination.Existing, blob);
        }
    }

    private ValueTask<KmsTarget> DestinationAsync(CallContext call, ReEncryptRequest request, CancellationToken ct) =>
        targets.ResolveAsync(call, request.DestinationKeyId!, new KmsRequestKeys
        {
            EncryptionContext = request.DestinationEncryptionContext,
            Algorithm = request.DestinationEncryptionAlgorithm ?? KmsLimits.SymmetricDefault,
        }, ct);

    private static ReadOnlyMemory<byte> Blob(ReEncryptRequest request) => request.CiphertextBlob ?? ReadOnlyMemory<byte>.Empty;
}
