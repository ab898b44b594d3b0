using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Observability;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>Source: API fact sheet 3.9.</summary>
internal sealed class GetSecretValueRequest : IConditionKeys
{
    public string? SecretId { get; private set; }
    public string? VersionId { get; private set; }
    public string? VersionStage { get; private set; }

    public static Shape<GetSecretValueRequest> Shape { get; } = new(
        Member.String<GetSecretValueRequest>("SecretId", r => r.SecretId, (r, v) => r.SecretId = v, Limits.SecretId, required: true),
        Member.String<GetSecretValueRequest>("VersionId", r => r.VersionId, (r, v) => r.VersionId = v, Limits.VersionId),
        Member.String<GetSecretValueRequest>("VersionStage", r => r.VersionStage, (r, v) => r.VersionStage = v, Limits.Label));

    /// <summary>The request that BatchGetSecretValue makes for each of its secrets.</summary>
    public static GetSecretValueRequest ForCurrent(string secretId) => new() { SecretId = secretId };

    /// <remarks>Source: IAM fact sheet 4.1.</remarks>
    public ConditionValues Find(ConditionKey key) => key.Name switch
    {
        "secretsmanager:versionid" => VersionId,
        "secretsmanager:versionstage" => VersionStage,
        _ => default,
    };
}

internal sealed record GetSecretValueResponse(
    string Arn, string Name, string VersionId, IReadOnlyList<string> VersionStages, DateTimeOffset CreatedDate, SecretValue Value) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteString("ARN"u8, Arn);
        writer.WriteDate("CreatedDate"u8, CreatedDate);
        writer.WriteString("Name"u8, Name);
        Value.Write(writer);
        writer.WriteString("VersionId"u8, VersionId);
        writer.WriteStrings("VersionStages"u8, VersionStages);
    }

    public void Dispose() => Value.Dispose();
}

internal sealed class GetSecretValue(SecretTargets targets, ISecretStore store, SecretVault vault, SecretReads? reads)
    : IOperation<GetSecretValueRequest, SecretTarget, GetSecretValueResponse>
{
    public ValueTask<SecretTarget> ResolveAsync(CallContext call, GetSecretValueRequest request, CancellationToken ct) =>
        targets.ResolveAsync(call, request.SecretId!, request, tags: null, ct);

    public async ValueTask<Plan<GetSecretValueResponse>> PlanAsync(
        CallContext call, Authorized<GetSecretValueRequest, SecretTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var secret = target.Usable;
        var versionId = VersionSelector.Select(secret.Document.Versions, request.VersionId, request.VersionStage);
        var version = await store.FindVersionAsync(secret.Id, versionId, ct);

        // A rotation's placeholder has no value yet; rotation functions rely on this very error.
        if (version?.Value is null)
            throw request.VersionId is null
                ? SecretsManagerErrors.NoValueForLabel(request.VersionStage ?? StagingLabels.Current)
                : SecretsManagerErrors.NoValueForVersion(versionId);

        var value = await vault.OpenAsync(call, target, version, ct);

        // AWS keeps the day of the last read only, so this writes once a day and version, not once a read.
        var today = DateOnly.FromDateTime(call.Now.UtcDateTime);
        if (!(version.AccessedOn >= today && secret.AccessedOn >= today))
            await store.TouchAsync(secret.Id, versionId, today, ct);

        reads?.Count(secret);
        return new GetSecretValueResponse(
            target.ResourceArn, secret.Name, versionId, secret.Document.Versions.Of(versionId), version.CreatedAt, value);
    }
}
