using System.Text.Json;
using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Audit;
using Strongroom.Server.Endpoint;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

/// <summary>Source: API fact sheet 3.5.</summary>
internal sealed class DeleteSecretRequest : IConditionKeys
{
    public string? SecretId { get; private set; }
    public long? RecoveryWindowInDays { get; private set; }
    public bool? ForceDeleteWithoutRecovery { get; private set; }

    public static Shape<DeleteSecretRequest> Shape { get; } = new(
        Member.String<DeleteSecretRequest>("SecretId", r => r.SecretId, (r, v) => r.SecretId = v, Limits.SecretId, required: true),
        Member.Long<DeleteSecretRequest>("RecoveryWindowInDays", r => r.RecoveryWindowInDays, (r, v) => r.RecoveryWindowInDays = v),
        Member.Bool<DeleteSecretRequest>("ForceDeleteWithoutRecovery", r => r.ForceDeleteWithoutRecovery, (r, v) => r.ForceDeleteWithoutRecovery = v));

    /// <remarks>Source: IAM fact sheet 4.1.</remarks>
    public ConditionValues Find(ConditionKey key) => key.Name switch
    {
        "secretsmanager:recoverywindowindays" => Parameters.Number(RecoveryWindowInDays),
        "secretsmanager:forcedeletewithoutrecovery" => Parameters.Bool(ForceDeleteWithoutRecovery),
        _ => default,
    };
}

internal sealed record DeleteSecretResponse(string Arn, string Name, DateTimeOffset DeletionDate) : IResponse
{
    public void WriteMembers(Utf8JsonWriter writer)
    {
        writer.WriteString("ARN"u8, Arn);
        writer.WriteDate("DeletionDate"u8, DeletionDate);
        writer.WriteString("Name"u8, Name);
    }

    public bool HasAuditElements => true;

    public void WriteAuditElements(Utf8JsonWriter writer)
    {
        writer.WriteString("arn"u8, Arn);
        writer.WriteString("deletionDate"u8, DeletionDate.UtcDateTime.ToString("MMM d, yyyy h:mm:ss tt", System.Globalization.CultureInfo.InvariantCulture));
        writer.WriteString("name"u8, Name);
    }
}

internal sealed class DeleteSecret(SecretTargets targets, SecretVault vault)
    : IOperation<DeleteSecretRequest, SecretTarget, DeleteSecretResponse>
{
    private const long DefaultWindowDays = 30;

    public ValueTask<SecretTarget> ResolveAsync(CallContext call, DeleteSecretRequest request, CancellationToken ct) =>
        targets.ResolveAsync(call, request.SecretId!, request, tags: null, ct);

    public async ValueTask<Plan<DeleteSecretResponse>> PlanAsync(
        CallContext call, Authorized<DeleteSecretRequest, SecretTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var force = request.ForceDeleteWithoutRecovery ?? false;

        // Forcing the deletion of what is not there succeeds, so that clean-up can be repeated. Source: API fact sheet 2.9.
        if (force && target.Secret is null && request.RecoveryWindowInDays is null)
            return new DeleteSecretResponse(target.ResourceArn, NameOf(request.SecretId!), call.Now);

        var secret = target.Primary;
        if (force && request.RecoveryWindowInDays is not null)
            throw SecretsManagerErrors.ForceWithWindow();
        if (request.RecoveryWindowInDays is < 7 or > 30)
            throw SecretsManagerErrors.RecoveryWindow();
        if (secret.Document.OwningService is not null)
            throw SecretsManagerErrors.ManagedByService();
        if (secret.Document.Replicas is { Count: > 0 } replicas)
            throw SecretsManagerErrors.HasReplicas(secret.Arn(), replicas.Select(r => r.Region));
        if (!force && secret.PurgeAt is not null)
            throw SecretsManagerErrors.MarkedForDeletion();

        if (force)
        {
            return new Plan<DeleteSecretResponse>(
                new DeleteSecretResponse(secret.Arn(), secret.Name, call.Now), [new SecretChange { Before = secret }])
            {
                Events = [Event("EndSecretVersionDelete", secret)],
            };
        }

        var purgeAt = call.Now.AddDays(request.RecoveryWindowInDays ?? DefaultWindowDays);
        var after = secret with { ChangedAt = call.Now, PurgeAt = purgeAt };
        return (await vault.ChangeAllAsync(call, secret, after, [], call.Now, ct)).ToPlan(
            new DeleteSecretResponse(secret.Arn(), secret.Name, purgeAt), [Event("StartSecretVersionDelete", secret)]);
    }

    private static ServiceEvent Event(string name, StoredSecret secret) => new(name, secret.Account, secret.Region, secret.Arn());

    private static string NameOf(string secretId) => secretId.StartsWith("arn:", StringComparison.Ordinal) ? SecretArn.NameOf(secretId) : secretId;
}
