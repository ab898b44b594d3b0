using Strongroom.Policy;
using Strongroom.Protocol.AwsJson;
using Strongroom.Server.Audit;
using Strongroom.Server.Endpoint;
using Strongroom.Server.Rotation;
using Strongroom.Storage;

namespace Strongroom.Server.SecretsManager;

internal sealed class RotationRulesParameter
{
    public long? AutomaticallyAfterDays { get; private set; }
    public string? Duration { get; private set; }
    public string? ScheduleExpression { get; private set; }

    public static Shape<RotationRulesParameter> Shape { get; } = new(
        Member.Long<RotationRulesParameter>("AutomaticallyAfterDays", r => r.AutomaticallyAfterDays, (r, v) => r.AutomaticallyAfterDays = v, 1, 1000),
        Member.String<RotationRulesParameter>("Duration", r => r.Duration, (r, v) => r.Duration = v, Constraint.Matching(2, 3, "[0-9]+h")),
        Member.String<RotationRulesParameter>("ScheduleExpression", r => r.ScheduleExpression, (r, v) => r.ScheduleExpression = v,
            Constraint.Matching(1, 256, @"[0-9A-Za-z\(\)#\?\*\-\/, ]+")));

    /// <summary>A Duration alone changes the window of the schedule that is there.</summary>
    public RotationRulesParameter WithRulesOf(SecretRotation rotation) => new()
    {
        AutomaticallyAfterDays = rotation.ScheduleExpression is null ? rotation.AutomaticallyAfterDays : null,
        ScheduleExpression = rotation.ScheduleExpression,
        Duration = Duration,
    };
}

internal sealed class MetadataParameter
{
    public string? Key { get; private set; }
    public string? Value { get; private set; }

    public static Shape<MetadataParameter> Shape { get; } = new(
        Member.String<MetadataParameter>("Key", r => r.Key, (r, v) => r.Key = v, Constraint.Length(1, 256)),
        Member.String<MetadataParameter>("Value", r => r.Value, (r, v) => r.Value = v, Constraint.Length(1, 2048)));
}

/// <summary>Source: API fact sheet 3.17.</summary>
internal sealed class RotateSecretRequest : IConditionKeys
{
    public string? SecretId { get; private set; }
    public string? ClientRequestToken { get; private set; }
    public string? RotationLambdaARN { get; private set; }
    public RotationRulesParameter? RotationRules { get; private set; }
    public IReadOnlyList<MetadataParameter>? ExternalSecretRotationMetadata { get; private set; }
    public string? ExternalSecretRotationRoleArn { get; private set; }
    public bool? RotateImmediately { get; private set; }

    public static Shape<RotateSecretRequest> Shape { get; } = new(
        Member.String<RotateSecretRequest>("SecretId", r => r.SecretId, (r, v) => r.SecretId = v, Limits.SecretId, required: true),
        Member.String<RotateSecretRequest>("ClientRequestToken", r => r.ClientRequestToken, (r, v) => r.ClientRequestToken = v, Limits.VersionId),
        Member.String<RotateSecretRequest>("RotationLambdaARN", r => r.RotationLambdaARN, (r, v) => r.RotationLambdaARN = v, Constraint.Length(0, 2048)),
        Member.Struct<RotateSecretRequest, RotationRulesParameter>(
            "RotationRules", RotationRulesParameter.Shape, r => r.RotationRules, (r, v) => r.RotationRules = v),
        Member.Structs<RotateSecretRequest, MetadataParameter>(
            "ExternalSecretRotationMetadata", MetadataParameter.Shape, r => r.ExternalSecretRotationMetadata, (r, v) => r.ExternalSecretRotationMetadata = v),
        Member.String<RotateSecretRequest>(
            "ExternalSecretRotationRoleArn", r => r.ExternalSecretRotationRoleArn, (r, v) => r.ExternalSecretRotationRoleArn = v, Constraint.Length(20, 2048)),
        Member.Bool<RotateSecretRequest>("RotateImmediately", r => r.RotateImmediately, (r, v) => r.RotateImmediately = v));

    /// <remarks>Source: IAM fact sheet 4.1.</remarks>
    public ConditionValues Find(ConditionKey key) => key.Name switch
    {
        "secretsmanager:rotationlambdaarn" => RotationLambdaARN,
        "secretsmanager:rotateimmediately" => Parameters.Bool(RotateImmediately),
        "secretsmanager:modifyrotationrules" => RotationRules is null ? null : "true",
        "secretsmanager:externalsecretrotationrolearn" => ExternalSecretRotationRoleArn,
        _ => default,
    };
}

internal sealed class RotateSecret(SecretTargets targets, ISecretStore store, SecretVault vault, IRotationFunctions functions)
    : IOperation<RotateSecretRequest, SecretTarget, UpdateSecretResponse>
{
    public ValueTask<SecretTarget> ResolveAsync(CallContext call, RotateSecretRequest request, CancellationToken ct) =>
        request.ClientRequestToken is null
            ? throw SecretsManagerErrors.NoToken(rotating: true)
            : targets.ResolveAsync(call, request.SecretId!, request, tags: null, ct);

    public async ValueTask<Plan<UpdateSecretResponse>> PlanAsync(
        CallContext call, Authorized<RotateSecretRequest, SecretTarget> authorized, CancellationToken ct)
    {
        var (request, target) = authorized;
        var secret = target.Changeable;
        var token = request.ClientRequestToken!;
        var rotation = Configure(secret.Document, request);
        var function = await FindFunctionAsync(call, secret, rotation, request, ct);

        var isRepeat = rotation.Run?.Token == token;
        if (!isRepeat && RotationState.IsPending(secret.Document) && secret.Document.Versions.HolderOf(StagingLabels.Pending) != token)
            throw SecretsManagerErrors.RotationPending();

        var document = secret.Document with { Rotation = rotation with { Enabled = true } };
        if (isRepeat)
        {
            // The rotation of this token is under way. One that waits for its next attempt gets it now.
            var waits = (rotation.Run!.IsWaiting || rotation.Run.AwaitedReaders is not null) && rotation.DueAt > call.Now;
            return await PlanAsync(call, secret, waits ? RotationState.Hurried(document, call.Now) : document, [], [], token, ct);
        }

        document = document with { Rotation = RotationState.Scheduled(secret, document.Rotation, call.Now) };

        // Without a function there is nobody to fill a placeholder: the configuration stands, and the rotation itself fails.
        if (function is null)
            return await PlanAsync(call, secret, document, [], Failed(request, secret, token), token, ct);
        if (request.RotateImmediately == false)
            return await PlanAsync(call, secret, RotationState.TestBegun(document, token, call.Now), [], [RotationState.Event("TestRotationStarted", secret, token)], token, ct);

        // A token that already has its value is a rotation that was finished, not a new one; unless it was left over half done.
        var existing = await store.FindVersionAsync(secret.Id, token, ct);
        if (existing is not null && secret.Document.Versions.HolderOf(StagingLabels.Pending) != token)
            return await PlanAsync(call, secret, document, [], [], token, ct);
        return await PlanAsync(
            call, secret, RotationState.Begun(document, token, call.Now), existing is null ? [new NewVersion(token, call.Now, null)] : [],
            [RotationState.Event("RotationStarted", secret, token)], token, ct);
    }

    private async ValueTask<Plan<UpdateSecretResponse>> PlanAsync(
        CallContext call, StoredSecret secret, SecretDocument after, IReadOnlyList<NewVersion> versions, IReadOnlyList<ServiceEvent> events, string token, CancellationToken ct) =>
        (await vault.ChangeAllAsync(call, secret, secret with { ChangedAt = call.Now, Document = after }, versions, call.Now, ct))
            .ToPlan(new UpdateSecretResponse(secret.Arn(), secret.Name, token), events);

    private static IReadOnlyList<ServiceEvent> Failed(RotateSecretRequest request, StoredSecret secret, string token) =>
        request.RotateImmediately == false
            ? []
            : [RotationState.Event("RotationStarted", secret, token), RotationState.Event("RotationFailed", secret, token, "No function rotates secrets of this type.")];

    /// <returns>Null for a managed secret of a type that nothing here rotates.</returns>
    private async ValueTask<IRotationFunction?> FindFunctionAsync(
        CallContext call, StoredSecret secret, SecretRotation rotation, RotateSecretRequest request, CancellationToken ct)
    {
        if (secret.Document.OwningService is not null && !string.IsNullOrEmpty(request.RotationLambdaARN))
            throw SecretsManagerErrors.ServiceManagedRotation();
        if (rotation.LambdaArn is null)
        {
            // A managed external secret is rotated by the service in a role of the owner's, a service's secret by that service.
            if (secret.Document.OwningService is null && (secret.Document.Type is null || rotation.ExternalRoleArn is null))
                throw SecretsManagerErrors.NoRotationFunction();
            return secret.Document.Type is { } type ? await functions.FindForTypeAsync(secret.Account, secret.Region, secret.Arn(), type, ct) : null;
        }

        if (request.RotationLambdaARN is { Length: > 0 } function)
            AccessDenied.Demand(call, "lambda:InvokeFunction", new FunctionTarget(call.Caller.Account, function));

        // Nothing is stored when the function can't be invoked. Source: API fact sheet 3.17.
        return await functions.FindAsync(secret.Account, secret.Region, secret.Arn(), rotation.LambdaArn, ct) ?? throw SecretsManagerErrors.FunctionNotInvocable();
    }

    private static SecretRotation Configure(SecretDocument document, RotateSecretRequest request)
    {
        var rotation = document.Rotation ?? new SecretRotation();
        if (!string.IsNullOrEmpty(request.RotationLambdaARN))
            rotation = rotation with { LambdaArn = request.RotationLambdaARN };
        if (request.ExternalSecretRotationRoleArn is not null)
            rotation = rotation with { ExternalRoleArn = request.ExternalSecretRotationRoleArn };
        if (request.ExternalSecretRotationMetadata is { } metadata)
            rotation = rotation with { ExternalMetadata = [.. metadata.Select(m => new SecretTag(m.Key ?? "", m.Value ?? ""))] };
        if (request.RotationRules is not { } rules || rules is { AutomaticallyAfterDays: null, ScheduleExpression: null, Duration: null })
            return rotation;

        if (rules is { AutomaticallyAfterDays: null, ScheduleExpression: null })
            rules = rules.WithRulesOf(rotation);
        if (!RotationSchedule.TryParse(rules.AutomaticallyAfterDays, rules.ScheduleExpression, rules.Duration, out var schedule, out var error))
            throw SecretsManagerErrors.InvalidParameter(error.Message);
        return rotation with
        {
            AutomaticallyAfterDays = schedule.AutomaticallyAfterDays,
            ScheduleExpression = rules.ScheduleExpression,
            Duration = rules.Duration,
        };
    }
}

/// <summary>A function that is to be invoked for the caller. Source: IAM fact sheet 4.3.</summary>
/// <param name="Account">The caller's: whether the function's own policy lets the service in is for <see cref="IRotationFunctions"/> to say.</param>
internal sealed record FunctionTarget(string Account, string ResourceArn) : INamedResource
{
    public string? RequestedId => ResourceArn;
}
