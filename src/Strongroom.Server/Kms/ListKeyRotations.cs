using System.Globalization;
using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.SecretsManager;

namespace Strongroom.Server.Kms;

/// <summary>Source: KMS model, ListKeyRotations.</summary>
internal sealed class ListKeyRotationsRequest : KmsPagedRequest
{
    public string? KeyId { get; private set; }
    public string? IncludeKeyMaterial { get; private set; }

    public static Shape<ListKeyRotationsRequest> Shape { get; } = new(Members(
        Member.String<ListKeyRotationsRequest>("KeyId", r => r.KeyId, (r, v) => r.KeyId = v, KmsLimits.KeyId, required: true),
        Member.String<ListKeyRotationsRequest>(
            "IncludeKeyMaterial", r => r.IncludeKeyMaterial, (r, v) => r.IncludeKeyMaterial = v, Constraint.Enum("ALL_KEY_MATERIAL", "ROTATIONS_ONLY"))));
}

internal sealed record ListKeyRotationsResponse(KmsKey Key, KmsPage<KmsKeyVersion> Page) : IResponse
{
    public IReadOnlyList<string> DisclosedArns => [Key.Arn];

    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteStartArray("Rotations"u8);
        foreach (var version in Page.Items)
        {
            writer.WriteStartObject();
            writer.WriteString("KeyId"u8, Key.EntryName);
            writer.WriteString("KeyMaterialId"u8, Key.MaterialId(version.Number));
            writer.WriteString("KeyMaterialState"u8, version.Number == Key.LatestVersion ? "CURRENT"u8 : "NON_CURRENT"u8);
            if (version.Type is { } type)
            {
                writer.WriteDate("RotationDate"u8, version.CreatedAt);
                writer.WriteString("RotationType"u8, type);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        Page.WriteEnd(writer);
    }
}

internal sealed class ListKeyRotations(KmsTargets targets, KmsPaging paging) : IOperation<ListKeyRotationsRequest, KmsTarget, ListKeyRotationsResponse>
{
    private const int UsualPage = 100;

    public ValueTask<KmsTarget> ResolveAsync(CallContext call, ListKeyRotationsRequest request, CancellationToken ct) =>
        targets.ResolveKeyAsync(call, request.KeyId!, null, ct);

    public ValueTask<Plan<ListKeyRotationsResponse>> PlanAsync(
        CallContext call, Authorized<ListKeyRotationsRequest, KmsTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var key = target.Existing;
        var versions = request.IncludeKeyMaterial == "ALL_KEY_MATERIAL" ? key.Versions : key.Versions.Where(version => version.Type is not null);
        return new(new ListKeyRotationsResponse(
            key, paging.Cut(versions, version => version.Number.ToString("D10", CultureInfo.InvariantCulture), request, UsualPage)));
    }
}
