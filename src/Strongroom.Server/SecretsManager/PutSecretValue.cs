using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Rotation;

namespace Strongroom.Server.SecretsManager;

/// <summary>Source: API fact sheet 3.13.</summary>
internal sealed class PutSecretValueRequest : IDisposable
{
    public string? SecretId { get; private set; }
    public string? ClientRequestToken { get; private set; }
    public SecretValue? SecretBinary { get; private set; }
    public SecretValue? SecretString { get; private set; }
    public IReadOnlyList<string>? VersionStages { get; private set; }
    public string? RotationToken { get; private set; }

    public static Shape<PutSecretValueRequest> Shape { get; } = new(
        Member.String<PutSecretValueRequest>("SecretId", r => r.SecretId, (r, v) => r.SecretId = v, Limits.SecretId, required: true),
        Member.String<PutSecretValueRequest>("ClientRequestToken", r => r.ClientRequestToken, (r, v) => r.ClientRequestToken = v, Limits.VersionId),
        Member.Secret<PutSecretValueRequest>("SecretBinary", true, r => r.SecretBinary?.Bytes.Length, (r, v) => r.SecretBinary = SecretValue.Blob(v)),
        Member.Secret<PutSecretValueRequest>("SecretString", false, r => r.SecretString?.Bytes.Length, (r, v) => r.SecretString = SecretValue.Text(v)),
        Member.Strings<PutSecretValueRequest>("VersionStages", r => r.VersionStages, (r, v) => r.VersionStages = v, Limits.Label, min: 1, max: 20),
        Member.String<PutSecretValueRequest>(
            "RotationToken", r => r.RotationToken, (r, v) => r.RotationToken = v, Constraint.Matching(36, 256, @"^[a-zA-Z0-9\-]+$"), sensitive: true));

    public void Dispose()
    {
        SecretBinary?.Dispose();
        SecretString?.Dispose();
    }
}

internal sealed record PutSecretValueResponse(string Arn, string Name, string VersionId, IReadOnlyList<string> VersionStages) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteString("ARN"u8, Arn);
        writer.WriteString("Name"u8, Name);
        writer.WriteString("VersionId"u8, VersionId);
        writer.WriteStrings("VersionStages"u8, VersionStages);
    }

    public bool HasAuditElements => true;

    public void WriteAuditElements(Utf8JsonWriter writer) => writer.WriteString("arn"u8, Arn);
}

internal sealed class PutSecretValue(SecretTargets targets, SecretVault vault)
    : IOperation<PutSecretValueRequest, SecretTarget, PutSecretValueResponse>
{
    public ValueTask<SecretTarget> ResolveAsync(CallContext call, PutSecretValueRequest request, CancellationToken ct) =>
        request.ClientRequestToken is null
            ? throw SecretsManagerErrors.NoToken()
            : targets.ResolveAsync(call, request.SecretId!, ct);

    public async ValueTask<Plan<PutSecretValueResponse>> PlanAsync(
        CallContext call, Authorized<PutSecretValueRequest, SecretTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var secret = target.Changeable;
        if (request.SecretString is not null && request.SecretBinary is not null)
            throw SecretsManagerErrors.BothValues();
        var value = request.SecretString ?? request.SecretBinary ?? throw SecretsManagerErrors.NoValue();
        var token = request.ClientRequestToken!;

        if (request.RotationToken is { } proof && !(secret.Document.Rotation?.Run?.Token == token && vault.IsProof(secret, token, proof)))
            throw SecretsManagerErrors.InvalidRotationToken();
        if (await vault.IsRepeatAsync(call, secret, token, value, ct))
            return new PutSecretValueResponse(secret.Arn(), secret.Name, token, secret.Document.Versions.Of(token));

        var versions = StagingLabels.AttachNew(secret.Document.Versions, token, request.VersionStages);
        var after = secret with
        {
            ChangedAt = call.Now,
            Document = RotationState.AfterNewVersion(secret, secret.Document with { Versions = versions }, token, call.Now),
        };
        return (await vault.ChangeAllAsync(call, secret, after, [new NewVersion(token, call.Now, value)], call.Now, ct)).ToPlan(
            new PutSecretValueResponse(secret.Arn(), secret.Name, token, versions.Of(token)), RotationState.Abandoned(secret, after));
    }
}
