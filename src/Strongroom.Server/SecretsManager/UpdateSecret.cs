using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Rotation;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>Source: API fact sheet 3.21.</summary>
internal sealed class UpdateSecretRequest : IDisposable, IConditionKeys
{
    public string? SecretId { get; private set; }
    public string? ClientRequestToken { get; private set; }
    public string? Description { get; private set; }
    public string? KmsKeyId { get; private set; }
    public SecretValue? SecretBinary { get; private set; }
    public SecretValue? SecretString { get; private set; }
    public string? Type { get; private set; }

    public static Shape<UpdateSecretRequest> Shape { get; } = new(
        Member.String<UpdateSecretRequest>("SecretId", r => r.SecretId, (r, v) => r.SecretId = v, Limits.SecretId, required: true),
        Member.String<UpdateSecretRequest>("ClientRequestToken", r => r.ClientRequestToken, (r, v) => r.ClientRequestToken = v, Limits.VersionId),
        Member.String<UpdateSecretRequest>("Description", r => r.Description, (r, v) => r.Description = v, Limits.Description),
        Member.String<UpdateSecretRequest>("KmsKeyId", r => r.KmsKeyId, (r, v) => r.KmsKeyId = v, Limits.KmsKeyId),
        Member.Secret<UpdateSecretRequest>("SecretBinary", true, r => r.SecretBinary?.Bytes.Length, (r, v) => r.SecretBinary = SecretValue.Blob(v)),
        Member.Secret<UpdateSecretRequest>("SecretString", false, r => r.SecretString?.Bytes.Length, (r, v) => r.SecretString = SecretValue.Text(v)),
        Member.String<UpdateSecretRequest>("Type", r => r.Type, (r, v) => r.Type = v, Limits.Type));

    public void Dispose()
    {
        SecretBinary?.Dispose();
        SecretString?.Dispose();
    }

    /// <remarks>Source: IAM fact sheet 4.1.</remarks>
    public ConditionValues Find(ConditionKey key) => key.Name switch
    {
        "secretsmanager:description" => Description,
        "secretsmanager:kmskeyid" => KmsKeyId,
        "secretsmanager:type" => Type,
        _ => default,
    };
}

internal sealed record UpdateSecretResponse(string Arn, string Name, string? VersionId) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteString("ARN"u8, Arn);
        writer.WriteString("Name"u8, Name);
        writer.WriteOptional("VersionId"u8, VersionId);
    }

    public bool HasAuditElements => true;

    public void WriteAuditElements(Utf8JsonWriter writer) => writer.WriteString("arn"u8, Arn);
}

internal sealed class UpdateSecret(SecretTargets targets, SecretVault vault)
    : IOperation<UpdateSecretRequest, SecretTarget, UpdateSecretResponse>
{
    public async ValueTask<SecretTarget> ResolveAsync(CallContext call, UpdateSecretRequest request, CancellationToken ct)
    {
        var hasValue = request.SecretString is not null || request.SecretBinary is not null;
        if (hasValue && request.ClientRequestToken is null)
            throw SecretsManagerErrors.NoToken();
        var target = await targets.ResolveAsync(call, request.SecretId!, request, tags: null, ct);
        // As the secret will find it: a name without an account is one of the secret's account.
        return target with { KmsKeyArn = await vault.KeyArnAsync(target.Account, call.Region, request.KmsKeyId, ct) };
    }

    public async ValueTask<Plan<UpdateSecretResponse>> PlanAsync(
        CallContext call, Authorized<UpdateSecretRequest, SecretTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var secret = target.Changeable;
        if (request.SecretString is not null && request.SecretBinary is not null)
            throw SecretsManagerErrors.BothValues();
        var value = request.SecretString ?? request.SecretBinary;
        var token = value is null ? null : request.ClientRequestToken;
        var isNewValue = value is not null && !await vault.IsRepeatAsync(call, secret, token!, value, ct);

        var after = secret with { ChangedAt = call.Now, Document = Merge(secret.Document, request) };
        if (isNewValue)
        {
            var versions = StagingLabels.AttachNew(secret.Document.Versions, token!, null);
            after = after with { Document = RotationState.AfterNewVersion(secret, after.Document with { Versions = versions }, token!, call.Now) };
        }

        if (after.Document.KmsKeyId != secret.Document.KmsKeyId)
            await vault.CheckKeyAsync(call, after, ct);
        List<NewVersion> own = isNewValue ? [new NewVersion(token!, call.Now, value)] : [];

        // Another key: the versions in use are sealed anew under it. Replicas keep their own keys. Source: API fact sheet 2.11.
        var resealed = after.Document.KmsKeyId == secret.Document.KmsKeyId
            ? []
            : await vault.OpenVersionsAsync(call, secret, secret.Document.Versions.Where(IsInUse).Select(v => v.VersionId), ct);
        try
        {
            return (await vault.ChangeAllAsync(call, secret, after, own, call.Now, ct, resealed)).ToPlan(
                new UpdateSecretResponse(secret.Arn(), secret.Name, token), RotationState.Abandoned(secret, after));
        }
        finally
        {
            foreach (var version in resealed)
                version.Value?.Dispose();
        }
    }

    // Only members that are present change; an empty text clears.
    private static SecretDocument Merge(SecretDocument document, UpdateSecretRequest request) => document with
    {
        Description = request.Description is { } d ? NullIfEmpty(d) : document.Description,
        KmsKeyId = request.KmsKeyId is { } k ? NullIfEmpty(k) : document.KmsKeyId,
        Type = request.Type is { } t ? NullIfEmpty(t) : document.Type,
    };

    private static string? NullIfEmpty(string text) => text.Length == 0 ? null : text;

    private static bool IsInUse(LabelledVersion version) =>
        version.Labels.Any(l => l is StagingLabels.Current or StagingLabels.Pending or StagingLabels.Previous);
}
